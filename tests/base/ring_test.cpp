#include "base/ring.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// Numbers that look random and are the same in every run.
class Numbers {
 public:
  std::size_t below(std::size_t bound) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33U) % bound;
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace

TEST_CASE("a ring gives back what was put in, oldest first, round its end") {
  Ring<int> ring;
  CHECK(ring.empty());
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 3; ++i) ring.push_back(round * 3 + i);
    CHECK(ring.front() == round * 3);
    CHECK(ring.back() == round * 3 + 2);
    CHECK(ring[1] == round * 3 + 1);
    for (int i = 0; i < 3; ++i) ring.pop_front();
    CHECK(ring.empty());
  }
}

TEST_CASE("a ring behaves like a deque under any order of operations") {
  Numbers numbers;
  Ring<std::string> ring;
  std::deque<std::string> model;
  for (int i = 0; i < 20000; ++i) {
    const bool grow = numbers.below(1000) < (i / 2000 % 2 == 0 ? 600 : 400);
    if (grow || model.empty()) {
      const std::string value = "value number " + std::to_string(i);
      ring.push_back(std::string(value));
      model.push_back(value);
    } else {
      const std::size_t at = numbers.below(3) == 0 ? numbers.below(model.size()) : 0;
      ring.erase(at);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
    }
    REQUIRE(ring.size() == model.size());
    if (model.empty()) continue;
    const std::size_t seen = numbers.below(model.size());
    REQUIRE(ring[seen] == model[seen]);
    REQUIRE(ring.front() == model.front());
    REQUIRE(ring.back() == model.back());
  }
}

TEST_CASE("erasing keeps the order of the others, at the front, inside and at the back") {
  for (std::size_t gone = 0; gone < 5; ++gone) {
    Ring<std::size_t> ring;
    for (std::size_t i = 0; i < 5; ++i) ring.push_back(std::size_t{i});
    ring.erase(gone);
    REQUIRE(ring.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) CHECK(ring[i] == (i < gone ? i : i + 1));
  }
}

TEST_CASE("an element that is removed is released at once") {
  Ring<std::shared_ptr<int>> ring;
  const auto value = std::make_shared<int>(1);
  for (int i = 0; i < 3; ++i) ring.push_back(std::shared_ptr<int>(value));
  CHECK(value.use_count() == 4);
  ring.erase(1);
  CHECK(value.use_count() == 3);
  ring.pop_front();
  CHECK(value.use_count() == 2);
  ring.clear();
  CHECK(value.use_count() == 1);
  CHECK(ring.empty());
}

TEST_CASE("a ring of values that can only be moved grows and shrinks") {
  Ring<std::unique_ptr<int>> ring;
  for (int i = 0; i < 100; ++i) ring.push_back(std::make_unique<int>(i));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(*ring.front() == i);
    ring.pop_front();
  }
  CHECK(ring.empty());
  ring.push_back(std::make_unique<int>(7));
  CHECK(*ring.back() == 7);
}

TEST_CASE("a ring that was moved from is empty and can be used again") {
  Ring<int> from;
  for (int i = 0; i < 5; ++i) from.push_back(int{i});
  Ring<int> to = std::move(from);
  CHECK(to.size() == 5);
  CHECK(to.back() == 4);
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move): this is what is tested.
  from.push_back(9);
  CHECK(from.front() == 9);
  to = std::move(from);
  CHECK(to.size() == 1);
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move)
}

}  // namespace tandemq
