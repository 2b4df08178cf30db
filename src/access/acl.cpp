#include "access/acl.hpp"

#include "access/lines.hpp"
#include "base/utf8.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

struct KindName {
  std::string_view name;
  RuleKind kind;
};

constexpr std::array<KindName, 5> kKindNames = {{
    {"read", RuleKind::read},
    {"write", RuleKind::write},
    {"readwrite", RuleKind::read_write},
    {"subscribe", RuleKind::subscribe},
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
                     ", allowed are read, write, readwrite, subscribe and deny");
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

// Goes through the file once; roles are given when all of them are known.
class Acl::Parser {
 public:
  Result<Acl> run(std::string_view text) {
    acl_.text_ = text;
    LinesView lines(text);
    while (lines.next()) {
      if (auto added = add(lines.line(), lines.number()); !added)
        return complaint(lines.number(), lines.line(), added.error());
    }
    for (const Grant& grant : grants_) {
      const auto role = acl_.roles_.find(grant.role);
      if (role == acl_.roles_.end())
        return complaint(grant.line, "roles " + grant.role,
                         {"there is no line 'role " + grant.role + "'"});
      if (grant.group.empty())
        acl_.users_[grant.user].shared.push_back(role->second);
      else
        groups_[grant.group].roles.push_back(role->second);
    }
    for (const auto& [name, group] : groups_)
      for (const std::string& member : group.members) {
        auto& shared = acl_.users_[member].shared;
        shared.push_back(group.rules);
        shared.insert(shared.end(), group.roles.begin(), group.roles.end());
      }
    for (auto& [name, user] : acl_.users_) {
      std::sort(user.shared.begin(), user.shared.end());
      user.shared.erase(std::unique(user.shared.begin(), user.shared.end()), user.shared.end());
    }
    return std::move(acl_);
  }

 private:
  enum class Section : std::uint8_t { none, user, role, group };
  struct Group {
    std::uint32_t rules = 0;
    std::vector<std::string> members;
    std::vector<std::uint32_t> roles;
  };
  struct Grant {
    std::uint32_t line;
    std::string role;
    std::string user;  // One of the two.
    std::string group;
  };

  static tl::unexpected<Error> complaint(std::uint32_t number, std::string_view line,
                                         const Error& error) {
    return failure("ACL file, line " + std::to_string(number) + ", " + quoted(line) + ": " +
                   error.text + ".");
  }

  // Takes one line that is neither empty nor a comment.
  Result<void> add(std::string_view line, std::uint32_t number) {
    if (!is_mqtt_utf8(line)) return failure("this is not UTF-8");
    std::string_view rest = line;
    const std::string_view keyword = take_word(rest);
    const auto is = [keyword](std::string_view word) { return keyword == word; };
    if (!is("user") && !is("topic") && !is("pattern") && !is("role") && !is("group") &&
        !is("member") && !is("roles"))
      return failure("a line begins with user, topic, pattern, role, group, member or roles");
    if (rest.empty()) return failure("nothing follows " + std::string(keyword));
    if (is("user")) return begin(Section::user, rest);
    if (is("role") || is("group")) return begin_shared(is("role"), rest);
    if (is("member")) return add_member(rest);
    if (is("roles")) return add_roles(rest, number);
    const auto rule = parse_rule(rest);
    if (!rule) return tl::unexpected(rule.error());
    const bool shared = section_ == Section::role || section_ == Section::group;
    if (is("topic"))
      rules().add_topic(rule->filter, rule->kind, number);
    else
      (shared ? rules() : acl_.patterns_).add_pattern(rule->filter, rule->kind, number);
    return {};
  }

  RuleTree& rules() {
    if (section_ == Section::none) return acl_.anonymous_;
    return section_ == Section::user ? acl_.users_[name_].own : acl_.shared_[tree_];
  }

  Result<void> begin(Section section, std::string_view name) {
    section_ = section;
    name_ = name;
    if (section == Section::user) acl_.users_.try_emplace(name_);
    return {};
  }

  Result<void> begin_shared(bool is_role, std::string_view name) {
    const std::string word(is_role ? "role" : "group");
    if (name.find_first_of(" \t") != std::string_view::npos)
      return failure("the name of a " + word + " is one word");
    const std::string key(name);
    if (is_role ? acl_.roles_.contains(key) : groups_.contains(key))
      return failure("there is another " + word + " of this name");
    tree_ = static_cast<std::uint32_t>(acl_.shared_.size());
    acl_.shared_.emplace_back();
    if (is_role)
      acl_.roles_[key] = tree_;
    else
      groups_[key].rules = tree_;
    return begin(is_role ? Section::role : Section::group, name);
  }

  Result<void> add_member(std::string_view user) {
    if (section_ != Section::group) return failure("a member line stands below a group line");
    groups_[name_].members.emplace_back(user);
    return {};
  }

  Result<void> add_roles(std::string_view rest, std::uint32_t number) {
    if (section_ != Section::user && section_ != Section::group)
      return failure("a roles line stands below a user or a group line");
    const bool to_user = section_ == Section::user;
    while (!rest.empty()) {
      const std::string role(take_word(rest));
      grants_.push_back({number, role, to_user ? name_ : "", to_user ? "" : name_});
    }
    return {};
  }

  Acl acl_;
  Section section_ = Section::none;
  std::string name_;        // Of the section.
  std::uint32_t tree_ = 0;  // Of a role or group.
  std::map<std::string, Group> groups_;
  std::vector<Grant> grants_;
};

Result<Acl> Acl::parse(std::string_view text) {
  return Parser().run(text);
}

template <class Use>
void Acl::for_each_tree(const WhoView& who, Use use) const {
  if (who.user.empty()) {
    use(anonymous_);
  } else if (const auto found = users_.find(who.user); found != users_.end()) {
    use(found->second.own);
    for (const std::uint32_t index : found->second.shared) use(shared_[index]);
  }
  for (const std::string& role : who.roles)
    if (const auto found = roles_.find(role); found != roles_.end()) use(shared_[found->second]);
  use(patterns_);
}

Verdict Acl::check(const WhoView& who, Action action, std::string_view topic) const {
  RuleHits hits;
  if (action != Action::subscribe) {
    for_each_tree(who, [&](const RuleTree& tree) { tree.match(topic, who, hits); });
    return decide(action == Action::publish ? hits.write : hits.read, hits.deny);
  }
  const auto shared = split_shared(topic);
  const std::string_view filter = shared ? shared->filter : topic;
  bool narrowed = false;
  for_each_tree(who, [&](const RuleTree& tree) {
    tree.overlap(filter, who, hits);
    narrowed = narrowed || tree.has_subscribe_rules();
  });
  const Verdict readable = decide(hits.read, hits.deny);
  return narrowed && readable.allowed ? decide(hits.subscribe, RuleHits::kNoLine) : readable;
}

Acl::Place Acl::place_of(std::uint32_t line) const {
  Place place;
  std::string section = "anonymous";
  LinesView lines(text_);
  while (lines.next() && lines.number() <= line) {
    std::string_view rest = lines.line();
    const std::string_view keyword = take_word(rest);
    if (keyword == "user" || keyword == "role" || keyword == "group") section = lines.line();
    if (lines.number() < line) continue;
    const bool shared = section.starts_with("role ") || section.starts_with("group ");
    place = {keyword == "pattern" && !shared ? "everybody" : section, std::string(lines.line())};
  }
  return place;
}

}  // namespace tandemq
