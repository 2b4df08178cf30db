#include "topic/topic_tree.hpp"

#include "tests/topic/random_topics.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using Topics = std::vector<std::string>;

TopicTree tree_of(const Topics& topics) {
  TopicTree tree;
  for (const std::string& topic : topics) {
    tree.set(topic, static_cast<std::uint32_t>(tree.size()));
  }
  return tree;
}

// All matches in pages of `visits_max` visits.
Topics match(const TopicTree& tree, std::string_view filter, std::size_t visits_max) {
  Topics result;
  TopicCursor cursor;
  while (!cursor.done) {
    std::vector<TopicTree::Found> page;
    tree.match(filter, cursor, visits_max, page);
    REQUIRE(page.size() <= visits_max);
    for (const TopicTree::Found& each : page) result.emplace_back(each.topic);
  }
  return result;
}

Topics levels_of(std::string_view topic) {
  Topics result;
  for (LevelsView levels(topic); !levels.at_end();) result.emplace_back(levels.next());
  return result;
}

// The order that the tree promises, said in another way.
bool before(const std::string& left, const std::string& right) {
  return levels_of(left) < levels_of(right);
}

}  // namespace

TEST_CASE("a topic has the value that was set last until it is erased") {
  TopicTree tree;
  CHECK_FALSE(tree.set("a/b", 1));
  CHECK_FALSE(tree.set("a", 2));
  CHECK(tree.set("a/b", 3) == 1U);
  CHECK(tree.find("a/b") == 3U);
  CHECK_FALSE(tree.find("a/"));
  CHECK_FALSE(tree.erase("b"));
  CHECK(tree.erase("a/b") == 3U);
  CHECK_FALSE(tree.find("a/b"));
  CHECK(tree.size() == 1);
}

TEST_CASE("the search finds what the naive match finds, in order, with any page size") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomTopics random(seed);
    TopicTree tree;
    Topics names;
    for (std::uint32_t i = 0; i < 150; ++i) {
      names.push_back(random.name());
      tree.set(names.back(), i);
    }
    std::sort(names.begin(), names.end(), before);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (int i = 0; i < 200; ++i) {
      const std::string filter = random.filter();
      Topics expected;
      std::copy_if(names.begin(), names.end(), std::back_inserter(expected),
                   [&](const std::string& name) { return matches(filter, name); });
      INFO("seed ", seed, " filter ", filter);
      REQUIRE(match(tree, filter, 1000000) == expected);
      REQUIRE(match(tree, filter, 1 + random.below(4)) == expected);
    }
  }
}

TEST_CASE("topics come level by level, each before what is below it") {
  const TopicTree tree = tree_of({"a-b", "a/b", "a", "b", "a/", "/", "a b/c", "a/b/c", "a\x7F"});
  Topics order;
  tree.for_each([&](std::string_view topic, std::uint32_t) { order.emplace_back(topic); });
  CHECK(order == Topics{"/", "a", "a/", "a/b", "a/b/c", "a b/c", "a-b", "a\x7F", "b"});
  CHECK(match(tree, "#", 2) == order);
}

TEST_CASE("[MQTT-4.7.2-1] the search keeps topics that start with $ from leading wildcards") {
  const TopicTree tree = tree_of({"$SYS", "$SYS/a", "$", "a", "#x", "%", "!/a", "\xC3\xA9/a"});
  CHECK(match(tree, "#", 1) == Topics{"!/a", "#x", "%", "a", "\xC3\xA9/a"});
  CHECK(match(tree, "+/a", 1) == Topics{"!/a", "\xC3\xA9/a"});
  CHECK(match(tree, "$SYS/#", 1) == Topics{"$SYS", "$SYS/a"});
  CHECK(match(tree, "$SYS/+", 1) == Topics{"$SYS/a"});
}

TEST_CASE("the values come in the order of their topics") {
  TopicTree tree;
  tree.set("a/3", 30);
  tree.set("a/1", 10);
  tree.set("b", 99);
  tree.set("a/2", 20);
  std::vector<std::uint32_t> values{7};
  tree.match("a/+", values);
  CHECK(values == std::vector<std::uint32_t>{7, 10, 20, 30});
}

TEST_CASE("a search goes on where it was, though topics came and went between its pages") {
  TopicTree tree = tree_of({"a", "b", "c", "d", "e"});
  TopicCursor cursor;
  std::vector<TopicTree::Found> page;
  tree.match("#", cursor, 2, page);
  CHECK(page.size() == 2);
  CHECK_FALSE(cursor.done);
  tree.erase("c");  // The next one.
  tree.set("aa", 6);
  tree.set("dd", 7);
  page.clear();
  tree.match("#", cursor, 100, page);
  CHECK(cursor.done);
  Topics rest;
  for (const TopicTree::Found& each : page) rest.emplace_back(each.topic);
  CHECK(rest == Topics{"d", "dd", "e"});
  page.clear();
  tree.match("#", cursor, 100, page);
  CHECK(page.empty());
}

TEST_CASE("a walk in pages meets every topic once, those of '$' too") {
  const TopicTree tree = tree_of({"a", "$x/y", "a/b", "z"});
  TopicCursor cursor;
  Topics met;
  for (int pages = 0; !cursor.done; ++pages) {
    REQUIRE(pages < 3);
    std::vector<TopicTree::Found> page;
    tree.walk(cursor, 2, page);
    CHECK(page.size() <= 2);
    for (const TopicTree::Found& each : page) met.emplace_back(each.topic);
  }
  CHECK(met == Topics{"$x/y", "a", "a/b", "z"});
}

TEST_CASE("a search passes over subtrees that cannot match") {
  TopicTree tree;
  for (std::uint32_t i = 0; i < 10; ++i) {
    for (std::uint32_t j = 0; j < 1000; ++j) {
      tree.set("site" + std::to_string(i) + "/sensor" + std::to_string(j) + "/value", j);
    }
  }
  TopicCursor cursor;
  std::vector<TopicTree::Found> page;
  tree.match("+/sensor500/value", cursor, 40, page);
  CHECK(cursor.done);
  CHECK(page.size() == 10);
}

TEST_CASE("a page looks at no more topics than it may, even if none matches") {
  TopicTree tree;
  for (std::uint32_t i = 0; i < 1000; ++i) tree.set("a" + std::to_string(i) + "/b", i);
  TopicCursor cursor;
  std::vector<TopicTree::Found> page;
  std::size_t pages = 0;
  while (!cursor.done) {
    tree.match("+/c", cursor, 100, page);
    ++pages;
  }
  CHECK(page.empty());
  CHECK(pages >= 10);
}

TEST_CASE("the memory of a tree returns to nothing when all topics are erased") {
  TopicTree tree;
  for (std::uint32_t i = 0; i < 1000; ++i) tree.set("some/long/topic/name/" + std::to_string(i), i);
  CHECK(tree.memory_size() > 1000 * 20);
  for (std::uint32_t i = 0; i < 1000; ++i) tree.erase("some/long/topic/name/" + std::to_string(i));
  CHECK(tree.size() == 0);
  CHECK(tree.memory_size() == 0);
}
