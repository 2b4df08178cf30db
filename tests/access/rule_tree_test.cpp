#include "access/rule_tree.hpp"

#include <string_view>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr std::uint32_t kNone = RuleHits::kNoLine;
constexpr WhoView kAnn{"c1", "ann"};

RuleHits matched(const RuleTree& tree, std::string_view topic) {
  RuleHits hits;
  tree.match(topic, kAnn, hits);
  return hits;
}

RuleHits overlapped(const RuleTree& tree, std::string_view filter) {
  RuleHits hits;
  tree.overlap(filter, kAnn, hits);
  return hits;
}

}  // namespace

TEST_CASE("a match finds the first line of each kind") {
  RuleTree tree;
  tree.add_topic("a/#", RuleKind::read, 9);
  tree.add_topic("a/+", RuleKind::read_write, 7);
  tree.add_topic("a/b", RuleKind::read, 3);
  tree.add_topic("a/b", RuleKind::write, 8);
  tree.add_pattern("+/%u", RuleKind::deny, 5);

  CHECK(matched(tree, "a/b").read == 3);
  CHECK(matched(tree, "a/b").write == 7);
  CHECK(matched(tree, "a/b").deny == kNone);
  CHECK(matched(tree, "a/ann").deny == 5);
  CHECK(matched(tree, "a").read == 9);
  CHECK(matched(tree, "a").write == kNone);
  CHECK(matched(tree, "b").read == kNone);
}

TEST_CASE("hits of several trees add up to the first line") {
  RuleTree one;
  one.add_topic("#", RuleKind::read, 4);
  RuleTree two;
  two.add_topic("a", RuleKind::read_write, 2);
  RuleHits hits;
  one.match("a", kAnn, hits);
  two.match("a", kAnn, hits);
  CHECK(hits.read == 2);
  CHECK(hits.write == 2);
}

TEST_CASE("an overlap takes what allows a part and what denies the whole") {
  RuleTree tree;
  tree.add_topic("a/b", RuleKind::read, 1);
  tree.add_topic("a/c", RuleKind::deny, 2);
  tree.add_topic("a/+/d", RuleKind::deny, 3);
  CHECK(overlapped(tree, "a/+").read == 1);
  CHECK(overlapped(tree, "a/+").deny == kNone);
  CHECK(overlapped(tree, "a/c").deny == 2);
  CHECK(overlapped(tree, "a/+/d").deny == 3);
  CHECK(overlapped(tree, "a/x/d").deny == 3);
  CHECK(overlapped(tree, "a/+/+").deny == kNone);
  CHECK(overlapped(tree, "+/b").read == 1);
  CHECK(overlapped(tree, "+/+/b").read == kNone);
}

TEST_CASE("a subscribe rule counts for filters that it covers") {
  RuleTree tree;
  CHECK_FALSE(tree.has_subscribe_rules());
  tree.add_topic("a/#", RuleKind::subscribe, 1);
  CHECK(tree.has_subscribe_rules());
  CHECK(overlapped(tree, "a/+/b").subscribe == 1);
  CHECK(overlapped(tree, "a").subscribe == 1);
  CHECK(overlapped(tree, "#").subscribe == kNone);
  CHECK(overlapped(tree, "+/b").subscribe == kNone);
  CHECK(overlapped(tree, "a/b").read == kNone);
}

TEST_CASE("a level that looks like a substitution is one in patterns only") {
  RuleTree tree;
  tree.add_topic("%u/x", RuleKind::read, 1);
  tree.add_pattern("%u/x", RuleKind::write, 2);
  CHECK(matched(tree, "%u/x").read == 1);
  CHECK(matched(tree, "%u/x").write == kNone);
  CHECK(matched(tree, "ann/x").read == kNone);
  CHECK(matched(tree, "ann/x").write == 2);
  RuleHits anonymous;
  tree.overlap("+/x", {"c1", ""}, anonymous);
  CHECK(anonymous.read == 1);
  CHECK(anonymous.write == kNone);
}
