// Which subscriptions receive a topic. Filters without wildcards live in one flat hash table, those
// with wildcards in one table of edges (parent node, level) -> node, shared ones as groups beside
// the plain subscribers of the same filter. Knows no sessions beyond their number.
// Owned by State; used by the thread that owns State.
#pragma once

#include "topic/pool.hpp"
#include "topic/slot_table.hpp"
#include "topic/subscriber_list.hpp"
#include "topic/subscription.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

// The answer to one match. Keep one and use it again: a match then allocates nothing.
struct Matches {
  // Valid until the next change of the index.
  struct Group {
    std::uint64_t key;
    const std::vector<Subscription>* members;  // Never null or empty; in order of joining.
  };
  // The wildcard nodes still to be visited, each with the topic position it has reached.
  struct Step {
    std::uint32_t node;
    std::uint32_t position;
  };

  std::vector<Subscription> direct;  // A session appears once for each of its matching filters.
  std::vector<Group> groups;
  std::vector<Step> steps;  // Working memory of SubscriptionIndex::match; empty outside of it.

  void clear();
};

class SubscriptionIndex {
 public:
  struct Counts {
    std::size_t subscriptions = 0;
    std::size_t filters = 0;  // Distinct ones; a shared filter counts with its inner filter.
    std::size_t nodes = 0;    // Of wildcard filters, without the root.
    std::size_t groups = 0;

    bool operator==(const Counts&) const = default;
  };

  // Adds the subscription, or replaces the one of the same session to the same filter. The filter
  // is valid and may be "$share/GROUP/FILTER". True if it was not there before.
  bool add(std::string_view filter, const Subscription& subscription);
  // True if it was there.
  bool remove(std::string_view filter, SessionId session);

  // Clears `out` and fills it. The order depends only on what the index holds and how it came
  // there: two nodes with the same log see the same order.
  void match(std::string_view topic, Matches& out) const;

  // The members of a group in order of joining; null if the group has none left.
  const std::vector<Subscription>* shared_members(std::uint64_t group_key) const;
  // The subscription of this session to exactly this filter; null if there is none.
  const Subscription* find(std::string_view filter, SessionId session) const;

  std::size_t size() const { return counts_.subscriptions; }
  const Counts& counts() const { return counts_; }
  // Bytes held, about: capacity of tables and pools, text, lists; not the allocator's overhead.
  std::size_t memory_size() const;

 private:
  // The members of one "$share/GROUP/FILTER".
  struct Group {
    std::uint64_t key;
    std::string name;
    std::vector<Subscription> members;
  };
  // What a filter needs that does not have exactly one plain subscriber.
  struct Crowd {
    SubscriberList direct;
    std::vector<std::unique_ptr<Group>> groups;  // By name.
  };
  // One distinct filter. Most have one subscriber, which costs no allocation of its own.
  struct Filter {
    std::unique_ptr<char[]> text;  // Of an exact filter; null for one with wildcards.
    std::unique_ptr<Crowd> crowd;  // If set, holds all subscribers and `only` means nothing.
    Subscription only;
    std::uint32_t text_size = 0;

    std::string_view name() const { return {text.get(), text_size}; }
  };
  // A prefix of wildcard filters that ends with `level`. Its literal children are found by the
  // edge table; 0 means none, because node 0 is the root and filter 0 is never used.
  struct Node {
    std::string level;
    std::uint32_t parent = 0;
    std::uint32_t plus = 0;      // The child for the level "+".
    std::uint32_t here = 0;      // The filter that ends here.
    std::uint32_t below = 0;     // The filter that ends with "#" after this.
    std::uint32_t children = 0;  // Literal ones and plus.
  };

  std::uint32_t find_filter(std::string_view filter) const;
  std::uint32_t find_exact(std::string_view text) const;
  std::uint32_t find_child(std::uint32_t parent, std::string_view level) const;
  std::uint32_t obtain_filter(std::string_view filter);
  std::uint32_t obtain_exact(std::string_view text);
  std::uint32_t obtain_child(std::uint32_t parent, std::string_view level);
  void drop_filter(std::string_view filter, std::uint32_t id);
  void drop_unused_nodes(std::uint32_t node);

  bool add_direct(Filter& filter, const Subscription& subscription);
  bool add_member(Filter& filter, std::string_view shared, std::string_view name,
                  const Subscription& subscription);
  bool remove_direct(Filter& filter, SessionId session);
  bool remove_member(Filter& filter, std::string_view name, SessionId session);
  std::uint64_t unused_key(std::string_view shared) const;
  void report(std::uint32_t id, Matches& out) const;

  Pool<Filter> filters_;
  Pool<Node> nodes_;
  SlotTable exact_;                                   // Filter text -> filter.
  SlotTable edges_;                                   // Parent node and level -> node.
  std::unordered_map<std::uint64_t, Group*> groups_;  // By key; the filters own them.
  Counts counts_;
  std::size_t text_size_ = 0;
};

}  // namespace tandemq
