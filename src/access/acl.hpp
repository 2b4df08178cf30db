// Who may publish, subscribe and receive what: an ACL file in Mosquitto's syntax, compiled. Empty
// lines and lines that begin with '#' are skipped; the others are
//   user NAME                                       the rules that follow are NAME's
//   topic [read|write|readwrite|deny] FILTER        without a kind: readwrite
//   pattern [read|write|readwrite|deny] FILTER      for everybody; %c client id, %u user name
// and, which is ours,
//   topic subscribe FILTER, pattern subscribe FILTER    narrows what may be subscribed to
//   role NAME             the rules that follow, patterns too, are for those who have this role
//   group NAME            the same for its members, which are
//   member NAME           a user of the group, a line each
//   roles NAME...         the user or the group above has these roles, wherever they are written
// Topic rules before the first user line are for anonymous clients and nobody else. Order does not
// matter: a deny rule that matches wins, then a rule that allows; otherwise access is denied. All
// rules of a client count alike: its own, those of its groups, of its roles, and the patterns.
// A role has no roles, so there are no cycles.
// Reads no file itself. An immutable value; any thread may ask, nothing is allocated.
#pragma once

#include "access/rule_tree.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

enum class Action : std::uint8_t { publish, subscribe, receive };

struct Verdict {
  bool allowed = false;
  std::uint32_t line = 0;  // Of the rule that decided; 0: none did.
};

class Acl {
 public:
  // The error names the first line that is wrong, its text, and why.
  static Result<Acl> parse(std::string_view text);

  // publish needs a write rule, receive a read rule that matches the topic name. subscribe takes
  // a topic filter, also "$share/GROUP/FILTER", and is refused only if no read rule matches any
  // topic of the filter, or one deny rule matches all of them; what may not be read of the rest is
  // held back at delivery. Who has subscribe rules may subscribe only to filters all of whose
  // topics one of them matches, besides.
  //
  // A rule whose first level is a wildcard says nothing of topics that begin with '$'. A pattern
  // with %u says nothing of anonymous clients. A client id or user name with '+', '#' or '/' is not
  // put into a pattern: patterns that would need it allow nothing, and if one of them denies, all
  // is denied.
  Verdict check(const WhoView& who, Action action, std::string_view topic) const;

  [[nodiscard]] bool has_role(std::string_view name) const { return roles_.contains(name); }
  // Where a rule stands: "role viewer", "user ann", "pattern"; and its text. For a person.
  struct Place {
    std::string section;
    std::string text;
  };
  [[nodiscard]] Place place_of(std::uint32_t line) const;

 private:
  class Parser;
  struct User {
    RuleTree own;
    std::vector<std::uint32_t> shared;  // Of roles and groups, in shared_.
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  template <class Use>
  void for_each_tree(const WhoView& who, Use use) const;

  RuleTree anonymous_;
  RuleTree patterns_;
  ByName<User> users_;
  std::vector<RuleTree> shared_;
  ByName<std::uint32_t> roles_;
  std::string text_;
};

}  // namespace tandemq
