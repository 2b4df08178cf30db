#include "access/acl.hpp"

#include "access/lines.hpp"
#include "base/utf8.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

struct KindName {
  std::string_view name;
  RuleKind kind;
};

constexpr std::array<KindName, 4> kKindNames = {{
    {"read", RuleKind::read},
    {"write", RuleKind::write},
    {"readwrite", RuleKind::read_write},
    {"deny", RuleKind::deny},
}};

// Cuts off and returns the first word of a trimmed text; what follows is trimmed again.
std::string_view take_word(std::string_view& rest) {
  const std::size_t size = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, size);
  rest = trimmed(rest.substr(size));
  return word;
}

struct RuleView {
  RuleKind kind = RuleKind::read_write;
  std::string_view filter;
};

// What follows "topic" or "pattern". A filter may hold spaces, but only after a kind.
Result<RuleView> parse_rule(std::string_view text) {
  RuleView rule{RuleKind::read_write, text};
  std::string_view rest = text;
  const std::string_view word = take_word(rest);
  if (!rest.empty()) {
    const auto* found = std::find_if(kKindNames.begin(), kKindNames.end(),
                                     [&](const KindName& each) { return each.name == word; });
    if (found == kKindNames.end())
      return failure("the kind is " + quoted(word) +
                     ", allowed are read, write, readwrite and deny");
    rule = {found->kind, rest};
  }
  if (!is_valid_filter(rule.filter))
    return failure("this is not a topic filter of at most " +
                   std::to_string(TopicLimits{}.levels_max) + " levels");
  return rule;
}

Verdict decide(std::uint32_t allow, std::uint32_t deny) {
  if (deny != RuleHits::kNoLine) return {false, deny};
  if (allow != RuleHits::kNoLine) return {true, allow};
  return {false, 0};
}

}  // namespace

Result<Acl> Acl::parse(std::string_view text) {
  Acl acl;
  RuleTree* rules = &acl.anonymous_;
  LinesView lines(text);
  while (lines.next()) {
    const auto added = acl.add(lines.line(), lines.number(), rules);
    if (!added)
      return failure("ACL file, line " + std::to_string(lines.number()) + ", " +
                     quoted(lines.line()) + ": " + added.error().text + ".");
  }
  return acl;
}

Result<void> Acl::add(std::string_view line, std::uint32_t number, RuleTree*& rules) {
  if (!is_mqtt_utf8(line)) return failure("this is not UTF-8");
  std::string_view rest = line;
  const std::string_view keyword = take_word(rest);
  const bool is_pattern = keyword == "pattern";
  if (keyword != "user" && keyword != "topic" && !is_pattern)
    return failure("a line begins with user, topic or pattern");
  if (rest.empty()) return failure("nothing follows " + std::string(keyword));
  if (keyword == "user") {
    rules = &users_[std::string(rest)];
    return {};
  }
  const auto rule = parse_rule(rest);
  if (!rule) return tl::unexpected(rule.error());
  if (is_pattern)
    patterns_.add_pattern(rule->filter, rule->kind, number);
  else
    rules->add_topic(rule->filter, rule->kind, number);
  return {};
}

Verdict Acl::check(const WhoView& who, Action action, std::string_view topic) const {
  const RuleTree* own = &anonymous_;
  if (!who.user.empty()) {
    const auto found = users_.find(who.user);
    own = found == users_.end() ? nullptr : &found->second;
  }
  RuleHits hits;
  if (action != Action::subscribe) {
    if (own != nullptr) own->match(topic, who, hits);
    patterns_.match(topic, who, hits);
    return decide(action == Action::publish ? hits.write : hits.read, hits.deny);
  }
  const auto shared = split_shared(topic);
  const std::string_view filter = shared ? shared->filter : topic;
  if (own != nullptr) own->overlap(filter, who, hits);
  patterns_.overlap(filter, who, hits);
  return decide(hits.read, hits.deny);
}

}  // namespace tandemq
