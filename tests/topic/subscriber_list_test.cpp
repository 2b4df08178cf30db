#include "topic/subscriber_list.hpp"

#include "tests/topic/random_topics.hpp"

#include <map>
#include <vector>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

void check_equal(const SubscriberList& list, const std::map<SessionId, Subscription>& model) {
  std::vector<Subscription> expected;
  for (const auto& [session, each] : model) expected.push_back(each);
  std::vector<Subscription> actual;
  list.append_to(actual);
  CHECK(list.size() == model.size());
  CHECK(actual == expected);
}

}  // namespace

TEST_CASE("a subscriber list is ordered by session, whatever comes and goes") {
  RandomTopics random(3);
  SubscriberList list;
  std::map<SessionId, Subscription> model;
  // First mostly growing over several blocks, then mostly shrinking until it is empty.
  for (std::uint32_t step = 0; step < 40000; ++step) {
    const SessionId session{1 + random.below(5000)};
    const bool puts = random.below(10) < (step < 20000 ? 8U : 2U);
    if (puts) {
      const Subscription each{session, step, {}};
      REQUIRE(list.put(each) == model.insert_or_assign(session, each).second);
    } else {
      REQUIRE(list.erase(session) == (model.erase(session) > 0));
    }
    REQUIRE((list.find(session) != nullptr) == puts);
    if (step % 4000 == 0) check_equal(list, model);
  }
  while (!model.empty()) {
    REQUIRE(list.front() == model.begin()->second);
    REQUIRE(list.erase(model.begin()->first));
    model.erase(model.begin());
  }
  check_equal(list, model);
  CHECK_FALSE(list.erase(SessionId{1}));
  CHECK(list.find(SessionId{1}) == nullptr);
}

TEST_CASE("a subscriber list takes sessions in rising and in falling order") {
  SubscriberList rising;
  SubscriberList falling;
  for (std::uint32_t i = 1; i <= 3000; ++i) {
    CHECK(rising.put({SessionId{i}, 0, {}}));
    CHECK(falling.put({SessionId{3001 - i}, 0, {}}));
  }
  std::vector<Subscription> left;
  std::vector<Subscription> right;
  rising.append_to(left);
  falling.append_to(right);
  CHECK(left.size() == 3000);
  CHECK(left == right);
}
