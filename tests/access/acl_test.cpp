#include "access/acl.hpp"

#include "topic/name.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using enum Action;

Acl parsed(const std::string& text) {
  auto acl = Acl::parse(text);
  REQUIRE_MESSAGE(acl.has_value(), (acl ? "" : acl.error().text));
  return *std::move(acl);
}

struct Row {
  WhoView who;
  Action action;
  const char* topic;
  bool allowed;
  std::uint32_t line;
};

void check_rows(const Acl& acl, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(std::string(row.who.client_id), " as '", std::string(row.who.user), "' ",
         static_cast<int>(row.action), " ", std::string(row.topic));
    const Verdict verdict = acl.check(row.who, row.action, row.topic);
    CHECK(verdict.allowed == row.allowed);
    CHECK(verdict.line == row.line);
  }
}

constexpr WhoView kNobody{"c1", ""};
constexpr WhoView kAnn{"c1", "ann"};
constexpr WhoView kBob{"c1", "bob"};

}  // namespace

TEST_CASE("each kind of rule allows its actions to its user and nothing else") {
  const Acl acl = parsed(
      "topic read public/#\n"
      "user ann\n"
      "topic read in/+\n"
      "topic write out/+\n"
      "topic readwrite both/x\n"
      "topic alone\n"
      "user bob\n");
  check_rows(acl, {
                      {kNobody, receive, "public/a/b", true, 1},
                      {kNobody, receive, "public", true, 1},
                      {kNobody, publish, "public/a", false, 0},
                      {kNobody, receive, "in/a", false, 0},
                      {kAnn, receive, "public/a", false, 0},
                      {kAnn, receive, "in/a", true, 3},
                      {kAnn, receive, "in/a/b", false, 0},
                      {kAnn, publish, "in/a", false, 0},
                      {kAnn, publish, "out/a", true, 4},
                      {kAnn, receive, "out/a", false, 0},
                      {kAnn, publish, "both/x", true, 5},
                      {kAnn, receive, "both/x", true, 5},
                      {kAnn, publish, "alone", true, 6},
                      {kAnn, receive, "alone", true, 6},
                      {kBob, receive, "in/a", false, 0},
                      {{"c1", "carol"}, receive, "in/a", false, 0},
                  });
}

TEST_CASE("an ACL without rules denies everything") {
  check_rows(parsed(""), {{kNobody, publish, "a", false, 0},
                          {kNobody, receive, "a", false, 0},
                          {kAnn, subscribe, "#", false, 0}});
}

TEST_CASE("a deny rule wins wherever it stands") {
  const Acl acl = parsed(
      "user ann\n"
      "topic deny home/door\n"
      "topic readwrite home/#\n"
      "topic deny home/safe/#\n"
      "pattern readwrite home/safe/%u\n"
      "pattern deny home/%c\n");
  check_rows(acl, {
                      {kAnn, publish, "home/door", false, 2},
                      {kAnn, receive, "home/door", false, 2},
                      {kAnn, receive, "home/lamp", true, 3},
                      {kAnn, receive, "home/safe/ann", false, 4},
                      {kAnn, receive, "home/c1", false, 6},
                      {kBob, receive, "home/safe/bob", true, 5},
                  });
}

TEST_CASE("the rules of a user may be in several places") {
  const Acl acl = parsed("user ann\ntopic a\nuser bob\ntopic b\nuser ann\ntopic c\n");
  check_rows(acl, {{kAnn, publish, "a", true, 2},
                   {kAnn, publish, "c", true, 6},
                   {kAnn, publish, "b", false, 0},
                   {kBob, publish, "c", false, 0}});
}

TEST_CASE("a pattern is for everybody and filled in for each") {
  const Acl acl = parsed(
      "pattern write dev/%c/+\n"
      "user ann\n"
      "pattern read for/%u/#\n"
      "pattern both/%u-%c\n"
      "topic literal/%c\n");
  check_rows(acl, {
                      {kNobody, publish, "dev/c1/up", true, 1},
                      {kNobody, publish, "dev/c2/up", false, 0},
                      {kNobody, publish, "dev/%c/up", false, 0},
                      {kNobody, receive, "for//x", false, 0},
                      {kNobody, publish, "both/-c1", false, 0},
                      {kBob, receive, "for/bob/x", true, 3},
                      {kBob, receive, "for/ann/x", false, 0},
                      {kBob, publish, "both/bob-c1", true, 4},
                      {kBob, publish, "both/bob-c12", false, 0},
                      {kBob, publish, "both/bob-c", false, 0},
                      {kAnn, publish, "literal/%c", true, 5},
                      {kAnn, publish, "literal/c1", false, 0},
                  });
}

TEST_CASE("a name that would widen a pattern gets nothing from it") {
  const Acl acl = parsed("pattern %c/%u/x\npattern dev/%c\npattern user/%u\ntopic free\n");
  for (const std::string name : {"+", "#", "a/b", "a+", "#b", "/"}) {
    INFO(name);
    for (const std::string& topic : {"dev/" + name, std::string("dev/a"), "user/" + name})
      CHECK_FALSE(acl.check({name, ""}, publish, topic).allowed);
    CHECK_FALSE(acl.check({"c1", name}, publish, "user/" + name).allowed);
    CHECK_FALSE(acl.check({name, ""}, subscribe, "dev/#").allowed);
    CHECK_FALSE(acl.check({name, name}, subscribe, "#").allowed);
    CHECK(acl.check({"c1", name}, publish, "dev/c1").allowed);
    CHECK(acl.check({name, ""}, publish, "free").allowed);
  }
}

TEST_CASE("a name that cannot be put into a deny pattern is denied everything") {
  const Acl acl = parsed("topic #\npattern deny secret/%c\npattern #\npattern deny mine/%u\n");
  check_rows(acl, {{kNobody, publish, "a", true, 1},
                   {kNobody, publish, "secret/c1", false, 2},
                   {{"+", ""}, publish, "a", false, 2},
                   {{"+", ""}, subscribe, "a", false, 2},
                   {{"c", "a/b"}, publish, "a", false, 4},
                   {kAnn, publish, "a", true, 3}});
}

TEST_CASE("topics with '$' need a rule that names them") {
  const Acl acl =
      parsed("topic read #\ntopic read +/x\npattern read %c/x\nuser ann\ntopic $SYS/#\n");
  check_rows(acl, {
                      {kNobody, receive, "$SYS/x", false, 0},
                      {kNobody, subscribe, "$SYS/x", false, 0},
                      {kNobody, subscribe, "$SYS/#", false, 0},
                      {{"$SYS", ""}, receive, "$SYS/x", false, 0},
                      {{"$SYS", ""}, subscribe, "$SYS/+", false, 0},
                      {kAnn, receive, "$SYS/x", true, 5},
                      {kAnn, subscribe, "$SYS/+/x", true, 5},
                  });
  check_rows(parsed("user ann\ntopic $SYS/#\n"), {{kAnn, subscribe, "$SYS/#", true, 2},
                                                  {kAnn, subscribe, "#", false, 0},
                                                  {kAnn, subscribe, "+/x", false, 0}});
}

TEST_CASE("a subscription is refused if nothing of it may be read or all of it is denied") {
  const Acl acl = parsed(
      "user ann\n"
      "topic read a/b/c\n"
      "topic write w/#\n"
      "topic read d/#\n"
      "topic deny d/secret/#\n"
      "topic deny d/+/x\n"
      "pattern read p/%c/q\n");
  check_rows(acl, {
                      {kAnn, subscribe, "#", true, 2},
                      {kAnn, subscribe, "a/#", true, 2},
                      {kAnn, subscribe, "a/b/c/#", true, 2},
                      {kAnn, subscribe, "+/+/c", true, 2},
                      {kAnn, subscribe, "a/b", false, 0},
                      {kAnn, subscribe, "a/+/d", false, 0},
                      {kAnn, subscribe, "a/b/c/d/#", false, 0},
                      {kAnn, subscribe, "w/#", false, 0},
                      {kAnn, subscribe, "d/+", true, 4},
                      {kAnn, subscribe, "d/#", true, 4},
                      {kAnn, subscribe, "d/secret", false, 5},
                      {kAnn, subscribe, "d/secret/+", false, 5},
                      {kAnn, subscribe, "d/secret/+/#", false, 5},
                      {kAnn, subscribe, "d/+/+", true, 4},
                      {kAnn, subscribe, "d/+/x", false, 6},
                      {kAnn, subscribe, "d/a/x", false, 6},
                      {kAnn, subscribe, "p/+/q", true, 7},
                      {kAnn, subscribe, "p/c1/+", true, 7},
                      {kAnn, subscribe, "p/c2/+", false, 0},
                      {kAnn, subscribe, "$share/group/a/#", true, 2},
                      {kAnn, subscribe, "$share/group/w/#", false, 0},
                  });
}

TEST_CASE("subscribe rules narrow what may be subscribed to, and nothing else") {
  const Acl acl = parsed(
      "user ann\n"
      "topic read #\n"
      "topic subscribe line/#\n"
      "topic deny line/secret\n"
      "pattern subscribe home/%c/+\n"
      "user bob\n"
      "topic read a/#\n"
      "role curious\n"
      "topic subscribe #\n");
  const std::vector<std::string> curious = {"curious"};
  check_rows(acl, {
                      {kAnn, subscribe, "line/#", true, 3},
                      {kAnn, subscribe, "line/+/x", true, 3},
                      {kAnn, subscribe, "$share/g/line/1", true, 3},
                      {kAnn, subscribe, "line/secret", false, 4},
                      {kAnn, subscribe, "home/c1/x", true, 5},
                      {kAnn, subscribe, "home/c1/#", false, 0},
                      {kAnn, subscribe, "home/+/x", false, 0},
                      {kAnn, subscribe, "#", false, 0},
                      {kAnn, subscribe, "other", false, 0},
                      {kAnn, receive, "other", true, 2},
                      {kAnn, publish, "line/x", false, 0},
                      {{"c1", "ann", curious}, subscribe, "#", true, 9},
                      // The pattern is for everybody.
                      {kBob, subscribe, "a/b", false, 0},
                      {kBob, subscribe, "home/c1/x", false, 0},  // It may not be read.
                      {{"c1", "bob", curious}, subscribe, "a/b", true, 9},
                      {{"c1", "bob", curious}, subscribe, "b", false, 0},
                  });
}

TEST_CASE("denying '+/#' is denying '#'") {
  check_rows(parsed("topic read #\ntopic deny +/#\n"),
             {{kNobody, subscribe, "#", false, 2}, {kNobody, receive, "a", false, 2}});
}

TEST_CASE("a filter may hold spaces after a kind, and keywords are filters where only one stands") {
  const Acl acl = parsed("  topic\t read   two words/# \r\ntopic read\ntopic  write\n");
  check_rows(acl, {{kNobody, receive, "two words/x", true, 1},
                   {kNobody, publish, "read", true, 2},
                   {kNobody, receive, "write", true, 3}});
}

TEST_CASE("a bad line is named with its number, its text and why") {
  struct Case {
    const char* line;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"topics read a", "a line begins with user, topic, pattern"},
      {"topic", "nothing follows topic"},
      {"user", "nothing follows user"},
      {"pattern  ", "nothing follows pattern"},
      {"topic listen a", "the kind is 'listen'"},
      {"topic two words", "the kind is 'two'"},
      {"topic read a/#/b", "not a topic filter"},
      {"pattern write a+/b", "not a topic filter"},
  };
  for (const Case& each : cases) {
    const auto acl = Acl::parse("topic a\n\n" + std::string(each.line) + "\ntopic #\n");
    REQUIRE_FALSE(acl.has_value());
    INFO(acl.error().text);
    CHECK(acl.error().text.find("line 3, '") != std::string::npos);
    CHECK(acl.error().text.find(each.reason) != std::string::npos);
  }
  CHECK_FALSE(Acl::parse("topic a\xFF").has_value());
  CHECK_FALSE(Acl::parse(std::string("topic a\0b", 9)).has_value());
  std::string deep = "topic a";
  for (std::uint32_t i = 0; i < TopicLimits{}.levels_max; ++i) deep += "/a";
  CHECK_FALSE(Acl::parse(deep).has_value());
}

// ---- The tree against a naive reading of the rules, over a small world of topics.

namespace {

struct NaiveRule {
  std::string kind;
  std::string filter;
};

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t bound) {
  return random() % bound;
}

std::string random_filter(Random& random) {
  static const std::vector<std::string> kLevels = {"a", "b", "c", "$s", "+", "+", ""};
  std::string filter;
  const std::size_t depth = 1 + below(random, 3);
  for (std::size_t i = 0; i < depth; ++i) {
    if (i > 0) filter += '/';
    filter += kLevels[below(random, kLevels.size())];
  }
  if (below(random, 3) == 0) filter += "/#";
  if (filter.empty() || below(random, 12) == 0) filter = "#";
  return filter;
}

// All topics of one to five levels; "z" stands for everything that no rule names.
std::vector<std::string> all_topics() {
  std::vector<std::string> topics = {"a", "b", "c", "$s", "", "z"};
  std::size_t from = 0;
  for (int depth = 2; depth <= 5; ++depth) {
    const std::size_t to = topics.size();
    for (; from < to; ++from)
      for (const char* level : {"/a", "/b", "/z", "/c", "/$s", "/"})
        if (depth < 5 || level[1] == 'z') topics.push_back(topics[from] + level);
  }
  topics.erase(std::find(topics.begin(), topics.end(), ""));
  return topics;
}

bool naive_check(const std::vector<NaiveRule>& rules, const std::string& kind,
                 const std::vector<std::string>& topics) {
  const auto matches_any = [&](const NaiveRule& rule) {
    return std::any_of(topics.begin(), topics.end(),
                       [&](const std::string& topic) { return matches(rule.filter, topic); });
  };
  const auto matches_all = [&](const NaiveRule& rule) {
    return std::all_of(topics.begin(), topics.end(),
                       [&](const std::string& topic) { return matches(rule.filter, topic); });
  };
  bool allowed = false;
  for (const NaiveRule& rule : rules) {
    if (rule.kind == "deny" && matches_all(rule)) return false;
    const bool is_kind = rule.kind == kind || rule.kind == "readwrite";
    if (is_kind && matches_any(rule)) allowed = true;
  }
  return allowed;
}

bool naive_subscribe(const std::vector<NaiveRule>& rules, const std::vector<std::string>& topics) {
  bool narrowed = false;
  bool covered = false;
  for (const NaiveRule& rule : rules) {
    if (rule.kind != "subscribe") continue;
    narrowed = true;
    covered = covered || std::all_of(topics.begin(), topics.end(), [&](const std::string& topic) {
                return matches(rule.filter, topic);
              });
  }
  return naive_check(rules, "read", topics) && (!narrowed || covered);
}

}  // namespace

TEST_CASE("the compiled rules say what the rules say one by one") {
  const std::vector<std::string> topics = all_topics();
  const std::vector<std::string> kinds = {"read", "write", "readwrite", "subscribe", "deny"};
  Random random(20);  // The same script every time.
  for (int round = 0; round < 60; ++round) {
    std::vector<NaiveRule> rules;
    std::string text;
    const std::size_t count = 1 + below(random, 6);
    for (std::size_t i = 0; i < count; ++i) {
      rules.push_back({kinds[below(random, kinds.size())], random_filter(random)});
      text += (below(random, 2) == 0 ? "topic " : "pattern ") + rules.back().kind + " " +
              rules.back().filter + "\n";
    }
    INFO(text);
    const Acl acl = parsed(text);
    for (int i = 0; i < 40; ++i) {
      const std::string topic = topics[below(random, topics.size())];
      INFO(topic);
      CHECK(acl.check(kNobody, publish, topic).allowed == naive_check(rules, "write", {topic}));
      CHECK(acl.check(kNobody, receive, topic).allowed == naive_check(rules, "read", {topic}));
    }
    for (int i = 0; i < 6; ++i) {
      const std::string filter = random_filter(random);
      std::vector<std::string> matched;
      std::copy_if(topics.begin(), topics.end(), std::back_inserter(matched),
                   [&](const std::string& topic) { return matches(filter, topic); });
      INFO(filter);
      CHECK(acl.check(kNobody, subscribe, filter).allowed == naive_subscribe(rules, matched));
    }
  }
}

TEST_CASE("roles: rules for whoever has them, by the file or by the login") {
  const Acl acl = parsed(
      "role line\n"            // 1
      "topic write line/#\n"   // 2
      "pattern read cmd/%c\n"  // 3
      "role viewer\n"          // 4
      "topic read line/#\n"    // 5
      "user ann\n"             // 6
      "topic read own\n"       // 7
      "roles line viewer\n"    // 8
      "user bob\n"             // 9
      "topic read own\n");     // 10
  check_rows(acl, {
                      {kAnn, publish, "line/1", true, 2},
                      {kAnn, receive, "line/1", true, 5},
                      {kAnn, receive, "cmd/c1", true, 3},
                      {kAnn, receive, "cmd/c2", false, 0},
                      {kAnn, receive, "own", true, 7},
                      {kBob, publish, "line/1", false, 0},
                      {kBob, receive, "cmd/c1", false, 0},
                      {kNobody, receive, "line/1", false, 0},
                  });
  const std::vector<std::string> brought = {"unknown", "viewer"};
  const WhoView bob{"c1", "bob", brought};
  const WhoView nobody{"c1", "", brought};
  check_rows(acl, {
                      {bob, receive, "line/1", true, 5},
                      {bob, subscribe, "line/+", true, 5},
                      {bob, publish, "line/1", false, 0},
                      {bob, receive, "own", true, 10},
                      {nobody, receive, "line/1", true, 5},
                  });
  CHECK(acl.has_role("viewer"));
  CHECK_FALSE(acl.has_role("ann"));
}

TEST_CASE("groups: members have its rules and its roles, wherever these stand in the file") {
  const Acl acl = parsed(
      "group shift-a\n"           // 1
      "member ann\n"              // 2
      "member bob the builder\n"  // 3
      "roles viewer\n"            // 4
      "topic write shift/a\n"     // 5
      "role viewer\n"             // 6
      "topic read line/#\n");     // 7
  const WhoView builder{"c1", "bob the builder"};
  check_rows(acl, {
                      {kAnn, publish, "shift/a", true, 5},
                      {kAnn, receive, "line/1", true, 7},
                      {builder, receive, "line/1", true, 7},
                      {kBob, receive, "line/1", false, 0},
                  });
}

TEST_CASE("a deny rule of a role wins over what the user may") {
  const Acl acl = parsed(
      "user ann\n"
      "topic readwrite #\n"
      "roles careful\n"
      "role careful\n"
      "topic deny secret/#\n");
  check_rows(acl, {{kAnn, receive, "secret/x", false, 5}, {kAnn, receive, "open", true, 2}});
}

TEST_CASE("what is wrong with roles and groups is told with its line") {
  const auto why = [](const std::string& text) {
    const auto acl = Acl::parse(text);
    return acl ? "" : acl.error().text;
  };
  CHECK(why("user ann\nroles gone\n") ==
        "ACL file, line 2, 'roles gone': there is no line 'role gone'.");
  CHECK(why("role a\ntopic x\nrole a\n") ==
        "ACL file, line 3, 'role a': there is another role of this name.");
  CHECK(why("group g\ngroup g\n") ==
        "ACL file, line 2, 'group g': there is another group of this name.");
  CHECK(why("role two words\n") ==
        "ACL file, line 1, 'role two words': the name of a role is one word.");
  CHECK(why("role a\nroles a\n") ==
        "ACL file, line 2, 'roles a': a roles line stands below a user or a group line.");
  CHECK(why("member ann\n") ==
        "ACL file, line 1, 'member ann': a member line stands below a group line.");
  CHECK(why("roles\n") == "ACL file, line 1, 'roles': nothing follows roles.");
}

TEST_CASE("where a rule stands can be told") {
  const Acl acl = parsed("topic read a\nuser ann\npattern read %c/x\n\nrole r\n  topic write b\n");
  CHECK(acl.place_of(1).section == "anonymous");
  CHECK(acl.place_of(3).section == "everybody");
  CHECK(acl.place_of(6).section == "role r");
  CHECK(acl.place_of(6).text == "topic write b");
  CHECK(acl.place_of(4).section.empty());
}
