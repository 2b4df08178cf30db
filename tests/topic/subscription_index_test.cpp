#include "topic/subscription_index.hpp"

#include "base/checksum.hpp"
#include "tests/topic/random_topics.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Subscription subscription(std::uint32_t session, std::uint32_t identifier = 0) {
  return {SessionId{session}, identifier, {}};
}

std::vector<std::uint32_t> sessions(const std::vector<Subscription>& subscriptions) {
  std::vector<std::uint32_t> result;
  for (const Subscription& each : subscriptions) result.push_back(index(each.session));
  return result;
}

using Sessions = std::vector<std::uint32_t>;

// The plain matches of a topic, sorted.
Sessions direct(const SubscriptionIndex& subscriptions, std::string_view topic) {
  Matches found;
  subscriptions.match(topic, found);
  Sessions result = sessions(found.direct);
  std::sort(result.begin(), result.end());
  return result;
}

// What the index promises, done slowly: every subscription by filter and session.
class Model {
 public:
  bool add(const std::string& filter, const Subscription& each) {
    return all_.insert_or_assign({filter, each.session}, each).second;
  }
  bool remove(const std::string& filter, SessionId session) {
    return all_.erase({filter, session}) > 0;
  }
  std::size_t size() const { return all_.size(); }

  // Sessions and identifiers of the plain matches; the second part of a key is 0.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> match(const std::string& topic) const {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> result;
    for (const auto& [key, each] : all_) {
      const auto shared = split_shared(key.first);
      if (!matches(shared ? shared->filter : key.first, topic)) continue;
      result.emplace_back(each.identifier, shared ? checksum(key.first) : 0);
    }
    std::sort(result.begin(), result.end());
    return result;
  }

 private:
  std::map<std::pair<std::string, SessionId>, Subscription> all_;
};

std::vector<std::pair<std::uint32_t, std::uint64_t>> flatten(const Matches& found) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> result;
  for (const Subscription& each : found.direct) result.emplace_back(each.identifier, 0);
  for (const Matches::Group& group : found.groups) {
    for (const Subscription& each : *group.members) {
      result.emplace_back(each.identifier, group.key);
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

// Adds and removes at random and compares every answer with the model.
void run_against_model(std::uint64_t seed) {
  RandomTopics random(seed);
  SubscriptionIndex subscriptions;
  Model model;
  Matches found;
  for (std::uint32_t step = 1; step <= 3000; ++step) {
    std::string filter = random.filter();
    if (random.below(4) == 0) filter = "$share/g" + std::to_string(random.below(3)) + "/" + filter;
    const SessionId session{1 + random.below(6)};
    if (random.below(5) < 3) {
      const Subscription each{session, step, {}};
      REQUIRE(subscriptions.add(filter, each) == model.add(filter, each));
      REQUIRE(subscriptions.find(filter, session) != nullptr);
      REQUIRE(*subscriptions.find(filter, session) == each);
    } else {
      REQUIRE(subscriptions.remove(filter, session) == model.remove(filter, session));
      REQUIRE(subscriptions.find(filter, session) == nullptr);
    }
    REQUIRE(subscriptions.size() == model.size());
    const std::string topic = random.name();
    subscriptions.match(topic, found);
    INFO("seed ", seed, " step ", step, " topic ", topic);
    REQUIRE(flatten(found) == model.match(topic));
  }
}

}  // namespace

TEST_CASE("the index finds what the naive match finds, whatever is added and removed") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) run_against_model(seed);
}

TEST_CASE("[MQTT-4.7.2-1] the index keeps topics that start with $ from leading wildcards") {
  SubscriptionIndex subscriptions;
  subscriptions.add("#", subscription(1));
  subscriptions.add("+/broker/uptime", subscription(2));
  subscriptions.add("$SYS/#", subscription(3));
  subscriptions.add("$SYS/broker/+", subscription(4));
  subscriptions.add("$share/g/#", subscription(5));
  subscriptions.add("$share/g/$SYS/#", subscription(6));
  Matches found;
  subscriptions.match("$SYS/broker/uptime", found);
  CHECK(direct(subscriptions, "$SYS/broker/uptime") == Sessions{3, 4});
  REQUIRE(found.groups.size() == 1);
  CHECK(sessions(*found.groups[0].members) == Sessions{6});
}

TEST_CASE("the index tells a level, its parent and an empty level apart") {
  SubscriptionIndex subscriptions;
  subscriptions.add("sport/#", subscription(1));
  subscriptions.add("sport/+", subscription(2));
  subscriptions.add("sport", subscription(3));
  subscriptions.add("sport/", subscription(4));
  subscriptions.add("+/+", subscription(5));
  subscriptions.add("/#", subscription(6));
  CHECK(direct(subscriptions, "sport") == Sessions{1, 3});
  CHECK(direct(subscriptions, "sport/") == Sessions{1, 2, 4, 5});
  CHECK(direct(subscriptions, "/") == Sessions{5, 6});
  CHECK(direct(subscriptions, "sport//a") == Sessions{1});
  CHECK(direct(subscriptions, "sports").empty());
  CHECK(direct(subscriptions, "").empty());
}

TEST_CASE("a second subscription of a session to a filter replaces the first") {
  SubscriptionIndex subscriptions;
  for (const char* filter : {"a/b", "a/+", "$share/g/a/b"}) {
    INFO(filter);
    CHECK(subscriptions.add(filter, subscription(1, 10)));
    CHECK(subscriptions.add(filter, subscription(2, 20)));
    Subscription changed = subscription(1, 11);
    changed.options.qos = 2;
    CHECK_FALSE(subscriptions.add(filter, changed));
    REQUIRE(subscriptions.find(filter, SessionId{1}) != nullptr);
    CHECK(*subscriptions.find(filter, SessionId{1}) == changed);
  }
  CHECK(subscriptions.size() == 6);
}

TEST_CASE("removing what is not there changes nothing") {
  SubscriptionIndex subscriptions;
  subscriptions.add("a/b", subscription(1));
  subscriptions.add("a/+/c", subscription(1));
  subscriptions.add("$share/g/a", subscription(1));
  const auto before = subscriptions.counts();
  for (const char* filter : {"a", "a/b/c", "a/+", "a/+/#", "#", "+", "$share/h/a", "$share/g/b",
                             "$share//a", "$share/g", "a/+/c/d"}) {
    INFO(filter);
    CHECK_FALSE(subscriptions.remove(filter, SessionId{1}));
  }
  CHECK_FALSE(subscriptions.remove("a/b", SessionId{2}));
  CHECK_FALSE(subscriptions.remove("a/+/c", SessionId{2}));
  CHECK_FALSE(subscriptions.remove("$share/g/a", SessionId{2}));
  CHECK(subscriptions.counts() == before);
}

TEST_CASE("a session with overlapping filters appears once for each") {
  SubscriptionIndex subscriptions;
  subscriptions.add("a/b", subscription(1, 1));
  subscriptions.add("a/+", subscription(1, 2));
  subscriptions.add("#", subscription(1, 3));
  CHECK(direct(subscriptions, "a/b") == Sessions{1, 1, 1});
}

TEST_CASE("the members of a shared group keep their order of joining") {
  SubscriptionIndex subscriptions;
  const std::string filter = "$share/crew/jobs/+";
  for (const std::uint32_t session : {5U, 3U, 9U, 1U}) {
    subscriptions.add(filter, subscription(session));
  }
  subscriptions.add(filter, subscription(3, 7));  // Replaces, keeps its place.
  subscriptions.remove(filter, SessionId{9});
  Matches found;
  subscriptions.match("jobs/1", found);
  CHECK(found.direct.empty());
  REQUIRE(found.groups.size() == 1);
  CHECK(sessions(*found.groups[0].members) == Sessions{5, 3, 1});
  CHECK((*found.groups[0].members)[1].identifier == 7);
}

TEST_CASE("a group has the checksum of its whole filter as key until its last member has left") {
  SubscriptionIndex subscriptions;
  const std::string filter = "$share/g/a/b";
  subscriptions.add("a/b", subscription(1));
  subscriptions.add(filter, subscription(2));
  subscriptions.add("$share/h/a/b", subscription(3));
  Matches found;
  subscriptions.match("a/b", found);
  CHECK(sessions(found.direct) == Sessions{1});
  REQUIRE(found.groups.size() == 2);
  CHECK(found.groups[0].key == checksum(filter));
  CHECK(found.groups[1].key == checksum("$share/h/a/b"));
  REQUIRE(subscriptions.shared_members(checksum(filter)) != nullptr);
  CHECK(sessions(*subscriptions.shared_members(checksum(filter))) == Sessions{2});
  subscriptions.remove(filter, SessionId{2});
  CHECK(subscriptions.shared_members(checksum(filter)) == nullptr);
  subscriptions.match("a/b", found);
  CHECK(found.groups.size() == 1);
}

TEST_CASE("memory returns to where it was after 100,000 random filters have come and gone") {
  SubscriptionIndex subscriptions;
  subscriptions.add("stays/here", subscription(1));
  subscriptions.add("stays/+/there", subscription(1));
  const auto baseline = subscriptions.counts();
  std::size_t after_first = 0;
  for (std::uint64_t round = 0; round < 2; ++round) {
    RandomTopics random(7);
    std::vector<std::string> filters;
    for (std::uint32_t i = 0; i < 100000; ++i) {
      filters.push_back(random.filter() + (i % 3 == 0 ? "x/" : "") + std::to_string(i));
      if (!is_valid_filter(filters.back())) filters.back() = "+/" + std::to_string(i);
      if (i % 10 == 0) filters.back() = "$share/g/" + filters.back();
      subscriptions.add(filters.back(), subscription(2 + i));
    }
    CHECK(subscriptions.size() == baseline.subscriptions + 100000);
    for (std::uint32_t i = 0; i < 100000; ++i) {
      REQUIRE(subscriptions.remove(filters[i], SessionId{2 + i}));
    }
    CHECK(subscriptions.counts() == baseline);
    if (round == 0) after_first = subscriptions.memory_size();
    CHECK(subscriptions.memory_size() == after_first);
  }
  subscriptions.remove("stays/here", SessionId{1});
  subscriptions.remove("stays/+/there", SessionId{1});
  CHECK(subscriptions.counts() == SubscriptionIndex::Counts{});
  CHECK(subscriptions.memory_size() == SubscriptionIndex{}.memory_size());
}

TEST_CASE("a match with reused Matches keeps its buffers") {
  SubscriptionIndex subscriptions;
  subscriptions.add("a/+", subscription(1));
  subscriptions.add("a/#", subscription(2));
  subscriptions.add("a/b", subscription(3));
  Matches found;
  subscriptions.match("a/b", found);
  const Subscription* direct_data = found.direct.data();
  const Matches::Step* steps_data = found.steps.data();
  for (int i = 0; i < 10; ++i) subscriptions.match("a/b", found);
  CHECK(found.direct.data() == direct_data);
  CHECK(found.steps.data() == steps_data);
  CHECK(found.steps.empty());
}

TEST_CASE("a topic of very many levels meets very many plus levels without harm") {
  SubscriptionIndex subscriptions;
  std::string plus = "+";
  std::string topic = "a";
  for (int i = 1; i < 20000; ++i) {
    plus += "/+";
    topic += "/a";
  }
  subscriptions.add(plus, subscription(1));
  subscriptions.add(plus + "/#", subscription(2));
  CHECK(direct(subscriptions, topic) == Sessions{1, 2});
  CHECK(direct(subscriptions, topic + "/a") == Sessions{2});
  subscriptions.remove(plus, SessionId{1});
  subscriptions.remove(plus + "/#", SessionId{2});
  CHECK(subscriptions.counts().nodes == 0);
}

TEST_CASE("every combination of plus and word is found once, with one step for each node") {
  SubscriptionIndex subscriptions;
  constexpr std::uint32_t kLevels = 12;
  std::string topic = "a";
  for (std::uint32_t i = 1; i < kLevels; ++i) topic += "/a";
  for (std::uint32_t bits = 0; bits < 1U << kLevels; ++bits) {
    std::string filter = topic;
    for (std::uint32_t i = 0; i < kLevels; ++i) filter[2 * i] = (bits >> i & 1U) != 0 ? '+' : 'a';
    subscriptions.add(filter, subscription(1 + bits));
  }
  CHECK(direct(subscriptions, topic).size() == 1U << kLevels);
  CHECK(direct(subscriptions, "a/b/a").empty());
}
