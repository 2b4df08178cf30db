// Topic names in order, each with a 32-bit value of the owner (a slot of its own table): the index
// of retained messages. Finds by filter, in pages, so that "#" over a million topics does not hold
// up the thread. Never looks at the values.
// Owned by State; used by the thread that owns State.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

// Order of names level by level: '/' sorts before every other byte, so that a topic and all below
// it are neighbours and siblings come in lexical order.
struct LevelOrder {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const;
};

// How far a search has come. Stays good while the tree changes: topics that are set or erased
// meanwhile are found or not found according to where they stand in the order.
struct TopicCursor {
  std::string from;   // Every topic before this one has been dealt with.
  bool done = false;  // Nothing is left to find.
};

class TopicTree {
 public:
  struct Found {
    std::string_view topic;  // Valid until the topic is erased.
    std::uint32_t value;
  };

  // Returns the value that it replaces, if any.
  std::optional<std::uint32_t> set(std::string_view topic, std::uint32_t value);
  // Returns the value that was there, if any.
  std::optional<std::uint32_t> erase(std::string_view topic);
  std::optional<std::uint32_t> find(std::string_view topic) const;

  // Appends the values of all topics that the filter matches, in LevelOrder.
  void match(std::string_view filter, std::vector<std::uint32_t>& out) const;
  // The same in pages: goes on at the cursor, looks at no more than `visits_max` topics (at least
  // 1), appends those that match and moves the cursor. A page may be empty before it is done.
  void match(std::string_view filter, TopicCursor& cursor, std::size_t visits_max,
             std::vector<Found>& out) const;
  // All topics in pages, those that begin with '$' too.
  void walk(TopicCursor& cursor, std::size_t topics_max, std::vector<Found>& out) const;

  // All topics in LevelOrder.
  void for_each(const std::function<void(std::string_view, std::uint32_t)>& visit) const;

  std::size_t size() const { return topics_.size(); }
  // Bytes held, about; without the allocator's overhead.
  std::size_t memory_size() const;

 private:
  std::map<std::string, std::uint32_t, LevelOrder> topics_;
  std::size_t text_size_ = 0;
};

}  // namespace tandemq
