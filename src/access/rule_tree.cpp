#include "access/rule_tree.hpp"

#include "base/ensure.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <cstddef>

namespace tandemq {
namespace {

constexpr std::string_view kClient = "%c";
constexpr std::string_view kUser = "%u";

bool names(std::string_view pattern, std::string_view what) {
  return pattern.find(what) != std::string_view::npos;
}

// Such a name in a pattern would reach beyond the one level that the pattern means.
bool is_unsafe(std::string_view name) {
  return name.find_first_of("+#/") != std::string_view::npos;
}

bool is_reserved(std::string_view level) {
  return !level.empty() && level.front() == '$';
}

// True if the level of a pattern can be filled in for this client.
bool applies_to(std::string_view level, const WhoView& who) {
  if (names(level, kClient) && is_unsafe(who.client_id)) return false;
  return !names(level, kUser) || (!who.user.empty() && !is_unsafe(who.user));
}

// True if the level of a pattern, filled in for this client, is the level of the topic.
bool fills_to(std::string_view pattern, const WhoView& who, std::string_view level) {
  while (!pattern.empty()) {
    const std::string_view mark = pattern.substr(0, 2);
    const bool is_mark = mark == kClient || mark == kUser;
    const std::string_view part = !is_mark          ? pattern.substr(0, 1)
                                  : mark == kClient ? who.client_id
                                                    : who.user;
    if (level.substr(0, part.size()) != part) return false;
    level.remove_prefix(part.size());
    pattern.remove_prefix(is_mark ? 2 : 1);
  }
  return level.empty();
}

void keep_first(std::uint32_t& kept, std::uint32_t line) {
  kept = std::min(kept, line);
}

void keep_first(RuleHits& kept, const RuleHits& other) {
  keep_first(kept.read, other.read);
  keep_first(kept.write, other.write);
  keep_first(kept.subscribe, other.subscribe);
  keep_first(kept.deny, other.deny);
}

void note(RuleHits& rules, RuleKind kind, std::uint32_t line) {
  const bool both = kind == RuleKind::read_write;
  if (both || kind == RuleKind::read) keep_first(rules.read, line);
  if (both || kind == RuleKind::write) keep_first(rules.write, line);
  if (kind == RuleKind::subscribe) keep_first(rules.subscribe, line);
  if (kind == RuleKind::deny) keep_first(rules.deny, line);
}

}  // namespace

// A walk down the tree along a topic. Each node stands for one number of levels, so it is visited
// once at the most, and the depth is that of the deepest rule.
class RuleTree::Match {
 public:
  Match(const RuleTree& tree, const WhoView& who, std::string_view topic, RuleHits& hits)
      : tree_(tree), who_(who), hits_(hits), is_reserved_(is_reserved(topic)) {
    visit(kRoot, LevelsView(topic));
  }

 private:
  void visit(std::uint32_t index, LevelsView rest) {
    const Node& node = tree_.nodes_[index];
    const bool wildcards = index != kRoot || !is_reserved_;  // [MQTT-4.7.2-1]
    if (wildcards) keep_first(hits_, node.below);
    if (rest.at_end()) return keep_first(hits_, node.here);
    const std::string_view level = rest.next();
    const auto literal = node.literals.find(level);
    if (literal != node.literals.end()) visit(literal->second, rest);
    if (wildcards && node.plus != kRoot) visit(node.plus, rest);
    for (const auto& [pattern, child] : node.templates)
      if ((wildcards || is_reserved(pattern)) && applies_to(pattern, who_) &&
          fills_to(pattern, who_, level))
        visit(child, rest);
  }

  const RuleTree& tree_;
  const WhoView& who_;
  RuleHits& hits_;
  const bool is_reserved_;
};

// The same along a filter, whose wildcards may go several ways. `covers` says that every topic
// which the filter's levels so far describe is described by the rule's, too.
class RuleTree::Overlap {
 public:
  Overlap(const RuleTree& tree, const WhoView& who, std::string_view filter, RuleHits& hits)
      : tree_(tree), who_(who), hits_(hits), is_reserved_(is_reserved(filter)) {
    visit(kRoot, LevelsView(filter), true);
  }

 private:
  void visit(std::uint32_t index, LevelsView rest, bool covers) {
    const Node& node = tree_.nodes_[index];
    if (index != kRoot || !is_reserved_) take(node.below, covers);
    if (rest.at_end()) return take(node.here, covers);
    const std::string_view level = rest.next();
    if (level == "#")
      visit_all_below(index);
    else if (level == "+")
      visit_any_child(index, rest, covers);
    else
      visit_child(index, level, rest, covers);
  }

  void visit_child(std::uint32_t index, std::string_view level, LevelsView rest, bool covers) {
    const Node& node = tree_.nodes_[index];
    const bool wildcards = index != kRoot || !is_reserved_;
    const auto literal = node.literals.find(level);
    if (literal != node.literals.end()) visit(literal->second, rest, covers);
    if (wildcards && node.plus != kRoot) visit(node.plus, rest, covers);
    for (const auto& [pattern, child] : node.templates)
      if ((wildcards || is_reserved(pattern)) && applies_to(pattern, who_) &&
          fills_to(pattern, who_, level))
        visit(child, rest, covers);
  }

  void visit_any_child(std::uint32_t index, LevelsView rest, bool covers) {
    const Node& node = tree_.nodes_[index];
    for (const auto& [level, child] : node.literals)
      if (is_reachable(index, level)) visit(child, rest, false);
    if (node.plus != kRoot) visit(node.plus, rest, covers);
    for (const auto& [pattern, child] : node.templates)
      if (is_reachable(index, pattern) && applies_to(pattern, who_)) visit(child, rest, false);
  }

  // All rules here and below meet the filter's "#"; only "#" covers it, and visit has taken that.
  void visit_all_below(std::uint32_t index) {
    const Node& node = tree_.nodes_[index];
    take(node.here, false);
    take(node.below, false);
    for (const auto& [level, child] : node.literals)
      if (is_reachable(index, level)) visit_all_below(child);
    if (node.plus != kRoot) visit_all_below(node.plus);
    for (const auto& [pattern, child] : node.templates)
      if (is_reachable(index, pattern) && applies_to(pattern, who_)) visit_all_below(child);
  }

  // A wildcard of the filter does not match a first level with '$' [MQTT-4.7.2-1].
  static bool is_reachable(std::uint32_t index, std::string_view level) {
    return index != kRoot || !is_reserved(level);
  }

  void take(const RuleHits& rules, bool covers) {
    keep_first(hits_.read, rules.read);
    keep_first(hits_.write, rules.write);
    if (!covers) return;
    keep_first(hits_.subscribe, rules.subscribe);
    keep_first(hits_.deny, rules.deny);
  }

  const RuleTree& tree_;
  const WhoView& who_;
  RuleHits& hits_;
  const bool is_reserved_;
};

RuleTree::RuleTree() : nodes_(1) {}

void RuleTree::add_topic(std::string_view filter, RuleKind kind, std::uint32_t line) {
  add(filter, false, kind, line);
}

void RuleTree::add_pattern(std::string_view pattern, RuleKind kind, std::uint32_t line) {
  add(pattern, true, kind, line);
  if (kind != RuleKind::deny) return;
  if (names(pattern, kClient)) keep_first(deny_by_client_, line);
  if (names(pattern, kUser)) keep_first(deny_by_user_, line);
}

void RuleTree::match(std::string_view topic, const WhoView& who, RuleHits& hits) const {
  deny_unsafe(who, hits);
  Match(*this, who, topic, hits);
}

void RuleTree::overlap(std::string_view filter, const WhoView& who, RuleHits& hits) const {
  deny_unsafe(who, hits);
  Overlap(*this, who, filter, hits);
}

void RuleTree::add(std::string_view filter, bool is_pattern, RuleKind kind, std::uint32_t line) {
  ENSURE(is_valid_filter(filter), "a rule has a valid filter");
  if (kind == RuleKind::subscribe) has_subscribe_rules_ = true;
  if (filter == "+/#") filter = "#";  // The same topics; so overlap sees what covers "#".
  std::uint32_t index = kRoot;
  for (LevelsView levels(filter); !levels.at_end();) {
    const std::string_view level = levels.next();
    if (level == "#") return note(nodes_[index].below, kind, line);
    const bool is_template = is_pattern && (names(level, kClient) || names(level, kUser));
    index = obtain_child(index, level, is_template);
  }
  note(nodes_[index].here, kind, line);
}

std::uint32_t RuleTree::obtain_child(std::uint32_t parent, std::string_view level,
                                     bool is_template) {
  const auto unused = static_cast<std::uint32_t>(nodes_.size());
  Node& node = nodes_[parent];
  std::uint32_t child = unused;
  if (level == "+")
    child = node.plus = node.plus != kRoot ? node.plus : unused;
  else
    child = (is_template ? node.templates : node.literals)
                .try_emplace(std::string(level), unused)
                .first->second;
  if (child == unused) nodes_.emplace_back();
  return child;
}

void RuleTree::deny_unsafe(const WhoView& who, RuleHits& hits) const {
  if (deny_by_client_ != RuleHits::kNoLine && is_unsafe(who.client_id))
    keep_first(hits.deny, deny_by_client_);
  if (deny_by_user_ != RuleHits::kNoLine && is_unsafe(who.user))
    keep_first(hits.deny, deny_by_user_);
}

}  // namespace tandemq
