#include "base/timers.hpp"

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("timers come due in the order of their time, ties in the order they were set") {
  Timers<std::string> timers;
  timers.set(Instant{30}, "c");
  timers.set(Instant{10}, "a");
  timers.set(Instant{20}, "b1");
  timers.set(Instant{20}, "b2");
  timers.set(Instant{20}, "b3");
  CHECK(timers.next() == Instant{10});
  CHECK(timers.size() == 5);
  std::string seen;
  while (const auto due = timers.take_due(Instant{30})) seen += *due + " ";
  CHECK(seen == "a b1 b2 b3 c ");
  CHECK(timers.size() == 0);
  CHECK(timers.next().is_never());
}

TEST_CASE("a timer is due at its instant and not a millisecond before") {
  Timers<int> timers;
  timers.set(Instant{10}, 1);
  CHECK_FALSE(timers.take_due(Instant{9}));
  CHECK(timers.take_due(Instant{10}) == 1);
  CHECK_FALSE(timers.take_due(Instant{10}));
}

TEST_CASE("a timer set to never takes no place") {
  Timers<int> timers;
  timers.set(Instant::never(), 1);
  CHECK(timers.size() == 0);
  CHECK_FALSE(timers.take_due(Instant::never()));
}

TEST_CASE("a timer may be set again while the due ones are taken") {
  Timers<int> timers;
  timers.set(Instant{10}, 1);
  CHECK(timers.take_due(Instant{10}) == 1);
  timers.set(Instant{20}, 1);
  CHECK(timers.next() == Instant{20});
  CHECK_FALSE(timers.take_due(Instant{10}));
}

TEST_CASE("timers carry values that can only be moved") {
  Timers<std::unique_ptr<int>> timers;
  timers.set(Instant{2}, std::make_unique<int>(2));
  timers.set(Instant{1}, std::make_unique<int>(1));
  CHECK(**timers.take_due(Instant{5}) == 1);
  CHECK(**timers.take_due(Instant{5}) == 2);
}

}  // namespace tandemq
