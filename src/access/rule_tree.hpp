// The ACL rules of one user, or all patterns, as a tree of topic levels: what a check costs depends
// on the topic's levels and not on the number of rules. Built once, then read only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

// Whom a check is about. Lives no longer than the texts.
struct WhoView {
  std::string_view client_id;
  std::string_view user;  // Empty: anonymous.
  // That came with the login; those that the ACL gives to the user are found by its name.
  std::span<const std::string> roles{};
  bool operates = false;  // On behalf of tandemqctl: no rule is about it, see Access::check().
};

// For hash tables of strings that are asked with string views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

enum class RuleKind : std::uint8_t { read, write, read_write, subscribe, deny };

// The rules that met a topic: of each kind the first line in the file, or kNoLine.
struct RuleHits {
  static constexpr std::uint32_t kNoLine = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t read = kNoLine;
  std::uint32_t write = kNoLine;
  std::uint32_t subscribe = kNoLine;
  std::uint32_t deny = kNoLine;
};

class RuleTree {
 public:
  RuleTree();

  // Adds a rule for a valid filter.
  void add_topic(std::string_view filter, RuleKind kind, std::uint32_t line);
  // The same with %c and %u for the client id and the user name.
  void add_pattern(std::string_view pattern, RuleKind kind, std::uint32_t line);

  // Adds to `hits` every rule that matches the topic.
  void match(std::string_view topic, const WhoView& who, RuleHits& hits) const;
  // Adds every read and write rule that matches some topic of the filter, and every subscribe and
  // deny rule that matches all of them.
  void overlap(std::string_view filter, const WhoView& who, RuleHits& hits) const;
  [[nodiscard]] bool has_subscribe_rules() const { return has_subscribe_rules_; }

 private:
  static constexpr std::uint32_t kRoot = 0;  // No node's child.

  using Children = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  // A prefix of filters. Children are indices of nodes_; kRoot means none.
  struct Node {
    Children literals;
    Children templates;  // Levels with %c or %u.
    std::uint32_t plus = 0;
    RuleHits here;   // Of filters that end with this level.
    RuleHits below;  // Of filters that end with "#" after this level.
  };
  class Match;
  class Overlap;

  void add(std::string_view filter, bool is_pattern, RuleKind kind, std::uint32_t line);
  std::uint32_t obtain_child(std::uint32_t parent, std::string_view level, bool is_template);
  // Applies to clients whose name must not be put into a pattern, see acl.hpp.
  void deny_unsafe(const WhoView& who, RuleHits& hits) const;

  std::vector<Node> nodes_;
  // The first deny patterns that name the client id, the user.
  std::uint32_t deny_by_client_ = RuleHits::kNoLine;
  std::uint32_t deny_by_user_ = RuleHits::kNoLine;
  bool has_subscribe_rules_ = false;
};

}  // namespace tandemq
