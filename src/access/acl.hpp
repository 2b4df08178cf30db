// Who may publish, subscribe and receive what: an ACL file in Mosquitto's syntax, compiled. Empty
// lines and lines that begin with '#' are skipped; the others are
//   user NAME                                       the rules that follow are NAME's
//   topic [read|write|readwrite|deny] FILTER        without a kind: readwrite
//   pattern [read|write|readwrite|deny] FILTER      for everybody; %c client id, %u user name
// Topic rules before the first user line are for anonymous clients and nobody else. Order does not
// matter: a deny rule that matches wins, then a rule that allows; otherwise access is denied.
// Reads no file itself. An immutable value; any thread may ask, nothing is allocated.
#pragma once

#include "access/rule_tree.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

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
  // held back at delivery.
  //
  // A rule whose first level is a wildcard says nothing of topics that begin with '$'. A pattern
  // with %u says nothing of anonymous clients. A client id or user name with '+', '#' or '/' is not
  // put into a pattern: patterns that would need it allow nothing, and if one of them denies, all
  // is denied.
  Verdict check(const WhoView& who, Action action, std::string_view topic) const;

 private:
  // Takes one line that is neither empty nor a comment. `rules` is where topic rules go.
  Result<void> add(std::string_view line, std::uint32_t number, RuleTree*& rules);

  RuleTree anonymous_;
  RuleTree patterns_;
  std::unordered_map<std::string, RuleTree, TextHash, std::equal_to<>> users_;
};

}  // namespace tandemq
