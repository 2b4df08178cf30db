#include "node/body_reader.hpp"

#include "store/memory_store.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

MessageId id_of(std::uint64_t id) {
  return static_cast<MessageId>(id);
}

void put(Store& store, std::uint64_t id) {
  Message message;
  message.id = id_of(id);
  message.topic = "t";
  message.payload = std::to_string(id);
  TableChanges changes;
  changes.bodies.push_back(std::make_shared<const Message>(std::move(message)));
  store.write_tables(changes);
}

void damage(Store& store, std::uint64_t id) {
  TableChanges changes;
  changes.puts.push_back({Table::messages, message_key(id_of(id)), "not a message"});
  store.write_tables(changes);
}

// What the reader said, for the thread that waits for it.
class Answers {
 public:
  std::function<void(BodiesRead)> port() {
    return [this](BodiesRead read) {
      const std::lock_guard lock(mutex_);
      read_.push_back(std::move(read));
      changed_.notify_all();
    };
  }
  std::vector<BodiesRead> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return read_.size() >= count; });
    return std::move(read_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<BodiesRead> read_;
};

}  // namespace

TEST_CASE("messages are read back in the order in which they were asked for") {
  MemoryStore store;
  for (std::uint64_t id = 1; id <= 5; ++id) put(store, id);
  const BodiesRead read = read_bodies(store, {id_of(4), id_of(1), id_of(5)});
  REQUIRE(read.bodies.size() == 3);
  CHECK(read.bodies[0]->payload == "4");
  CHECK(read.bodies[1]->payload == "1");
  CHECK(read.bodies[2]->payload == "5");
  CHECK(read.lost.empty());
}

TEST_CASE("what is not there or damaged is named, and the others are read") {
  MemoryStore store;
  for (std::uint64_t id = 1; id <= 3; ++id) put(store, id);
  damage(store, 2);
  const BodiesRead read = read_bodies(store, {id_of(1), id_of(2), id_of(3), id_of(4)});
  REQUIRE(read.bodies.size() == 2);
  CHECK(read.bodies[1]->payload == "3");
  CHECK(read.lost == std::vector<MessageId>{id_of(2), id_of(4)});
}

TEST_CASE("each request gets one answer with its number, in order") {
  MemoryStore store;
  for (std::uint64_t id = 1; id <= 10; ++id) put(store, id);
  Answers answers;
  BodyReader reader(store, answers.port());
  for (std::uint64_t number = 1; number <= 10; ++number)
    reader.read({number, {id_of(number), id_of(99)}});
  const std::vector<BodiesRead> read = answers.await(10);
  for (std::uint64_t number = 1; number <= 10; ++number) {
    const BodiesRead& answer = read[number - 1];
    CHECK(answer.request == number);
    REQUIRE(answer.bodies.size() == 1);
    CHECK(answer.bodies[0]->id == id_of(number));
    CHECK(answer.lost == std::vector<MessageId>{id_of(99)});
  }
}

TEST_CASE("a reader that ends does not wait for what was asked") {
  MemoryStore store;
  put(store, 1);
  Answers answers;
  for (int i = 0; i < 20; ++i) {
    BodyReader reader(store, answers.port());
    for (std::uint64_t number = 1; number <= 50; ++number) reader.read({number, {id_of(1)}});
  }
}

}  // namespace tandemq
