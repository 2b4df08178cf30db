#include "base/mailbox.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a mailbox wakes its owner once a batch") {
  int wakes = 0;
  Mailbox<int> mailbox(10, [&] { ++wakes; });
  mailbox.put(1);
  mailbox.put(2);
  CHECK(wakes == 1);
  std::vector<int> batch = {99};
  mailbox.drain(batch);
  CHECK(batch == std::vector<int>{1, 2});
  mailbox.put(3);
  CHECK(wakes == 2);
  mailbox.drain(batch);
  CHECK(batch == std::vector<int>{3});
}

TEST_CASE("draining an empty mailbox gives an empty batch and wakes nobody") {
  int wakes = 0;
  Mailbox<int> mailbox(10, [&] { ++wakes; });
  std::vector<int> batch = {1, 2};
  mailbox.drain(batch);
  CHECK(batch.empty());
  CHECK(wakes == 0);
}

TEST_CASE("a full mailbox says so and still takes the value") {
  Mailbox<int> mailbox(2, [] {});
  CHECK(mailbox.put(1));
  CHECK_FALSE(mailbox.put(2));
  CHECK_FALSE(mailbox.put(3));
  std::vector<int> batch;
  mailbox.drain(batch);
  CHECK(batch.size() == 3);
  CHECK(mailbox.put(4));
}

TEST_CASE("a batch put at once keeps its order behind what waits, and comes back empty") {
  int wakes = 0;
  Mailbox<int> mailbox(4, [&] { ++wakes; });
  std::vector<int> none;
  CHECK(mailbox.put_all(none));
  CHECK(wakes == 0);
  std::vector<int> first = {1, 2};
  CHECK(mailbox.put_all(first));
  CHECK(first.empty());
  std::vector<int> second = {3, 4};
  CHECK_FALSE(mailbox.put_all(second));
  CHECK(second.empty());
  CHECK(wakes == 1);
  std::vector<int> batch;
  mailbox.drain(batch);
  CHECK(batch == std::vector<int>{1, 2, 3, 4});
}

TEST_CASE("a mailbox carries values that can only be moved") {
  Mailbox<std::unique_ptr<int>> mailbox(4, [] {});
  mailbox.put(std::make_unique<int>(1));
  std::vector<std::unique_ptr<int>> more;
  more.push_back(std::make_unique<int>(2));
  mailbox.put_all(more);
  std::vector<std::unique_ptr<int>> batch;
  mailbox.drain(batch);
  REQUIRE(batch.size() == 2);
  CHECK(*batch[1] == 2);
}

TEST_CASE("a wake may put into its own mailbox") {
  Mailbox<int>* self = nullptr;
  Mailbox<int> mailbox(4, [&] { self->put(2); });
  self = &mailbox;
  mailbox.put(1);
  std::vector<int> batch;
  mailbox.drain(batch);
  CHECK(batch == std::vector<int>{1, 2});
}

TEST_CASE("many threads lose nothing, keep each one's order and never miss a wake-up") {
  constexpr int kSenders = 4;
  constexpr int kEach = 5000;
  struct Letter {
    int sender;
    int number;
  };
  std::counting_semaphore<> awake(0);
  Mailbox<Letter> mailbox(64, [&] { awake.release(); });
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&mailbox, sender] {
      std::vector<Letter> pair;
      for (int number = 0; number < kEach; number += 2) {
        pair = {{sender, number}, {sender, number + 1}};
        if (number % 4 == 0) {
          mailbox.put_all(pair);
        } else {
          for (const Letter& letter : pair) mailbox.put(letter);
        }
      }
    });
  }
  std::vector<int> next(kSenders, 0);
  int out_of_order = 0;
  std::vector<Letter> batch;
  for (int left = kSenders * kEach; left > 0; left -= static_cast<int>(batch.size())) {
    awake.acquire();
    mailbox.drain(batch);
    for (const Letter& letter : batch)
      if (letter.number != next[static_cast<std::size_t>(letter.sender)]++) ++out_of_order;
  }
  for (std::thread& sender : senders) sender.join();
  CHECK(out_of_order == 0);
}

}  // namespace tandemq
