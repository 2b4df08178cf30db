#include "recovery/diverged.hpp"

#include "recovery/files.hpp"
#include "store/memory_store.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

// A store that holds records 1 to 6, and a folder for the tail behind record 3.
struct Fork {
  Fork() {
    history.begin();
    history.go_on();
  }
  Result<std::string> cut_off(Lsn from = 4) {
    return export_diverged(store, from, history.position, folder());
  }
  [[nodiscard]] std::string folder() const { return base.path() + "/diverged"; }

  TempFolder base;
  MemoryStore store;
  History history{store};
};

struct Read {
  std::vector<OpenedRecord> records;
  std::string damage;
};

Read read_all(const std::string& path) {
  Read all;
  DivergedReader reader;
  auto opened = reader.open(path);
  if (!opened) all.damage = opened.error().text;
  while (opened) {
    auto record = reader.next();
    if (!record) all.damage = record.error().text;
    if (!record || !*record) break;
    all.records.push_back(std::move(**record));
  }
  return all;
}

void rewrite(const std::string& path, const std::string& bytes) {
  std::filesystem::remove(path);
  REQUIRE(write_file(path, bytes));
}

}  // namespace

TEST_CASE("a tail is listed with its range, its times and how many messages it holds") {
  Fork fork;
  CHECK(list_diverged(fork.folder())->empty());
  const auto path = fork.cut_off();
  REQUIRE(path);
  CHECK(*path == fork.folder() + "/diverged-1-4");
  const auto tails = list_diverged(fork.folder());
  REQUIRE(tails);
  REQUIRE(tails->size() == 1);
  const DivergedTail& tail = tails->front();
  CHECK(tail.name == "diverged-1-4");
  CHECK(tail.term == 1);
  CHECK(tail.first == 4);
  CHECK(tail.last == 6);
  CHECK(tail.records == 3);
  CHECK(tail.messages == 2);
  CHECK(tail.bytes == std::filesystem::file_size(*path));
  CHECK(tail.first_at == Instant{4'000});
  CHECK(tail.last_at == Instant{6'000});
  CHECK(tail.damage.empty());
}

TEST_CASE("a tail that is read back is what the log held from there on") {
  Fork fork;
  const Read all = read_all(fork.cut_off().value());
  CHECK(all.damage.empty());
  REQUIRE(all.records.size() == 3);
  CHECK(all.records.front().position.lsn == 4);
  CHECK(all.records.back().position == fork.history.position);
  const auto* message = std::get_if<MessageStored>(&all.records[1].mutations.at(0));
  REQUIRE(message != nullptr);
  CHECK(message->message->topic == "b/c");
  CHECK(message->message->payload == "fifth");
}

TEST_CASE("tails are listed by term and first record, and other files are left out") {
  Fork fork;
  REQUIRE(fork.cut_off(5));
  fork.history.position.term.counter = 10;
  REQUIRE(fork.cut_off(3));
  fork.history.position.term.counter = 1;
  REQUIRE(fork.cut_off(4));
  for (const char* other : {"notes", "diverged-1-04", "diverged-1", "diverged-1-6.part"})
    REQUIRE(write_file(fork.folder() + "/" + other, "x"));
  const auto tails = list_diverged(fork.folder());
  REQUIRE(tails);
  std::vector<std::string> names;
  for (const DivergedTail& tail : *tails) names.push_back(tail.name);
  CHECK(names == std::vector<std::string>{"diverged-1-4", "diverged-1-5", "diverged-10-3"});
}

TEST_CASE("a damaged tail is listed with a sentence, and what stands before the damage is read") {
  Fork fork;
  const std::string path = fork.cut_off().value();
  const std::string whole = read_file(path).value();
  SUBCASE("cut short") {
    rewrite(path, whole.substr(0, whole.size() - 1));
    CHECK(read_all(path).records.size() == 2);
    CHECK(read_all(path).damage == path + " is damaged: it is cut short behind record 5.");
  }
  SUBCASE("a bit flipped in its last record") {
    std::string flipped = whole;
    flipped[whole.size() - 9] = static_cast<char>(flipped[whole.size() - 9] ^ 1);
    rewrite(path, flipped);
    CHECK(read_all(path).records.size() == 2);
  }
  SUBCASE("a size that is larger than the file") {
    std::string large = whole;
    large[14] = '\x7F';
    rewrite(path, large);
    CHECK(read_all(path).damage == path + " is damaged: it is cut short.");
  }
  SUBCASE("no segment at all") {
    rewrite(path, "not ours, whatever it is");
    CHECK(read_all(path).damage == path + " is no part of an archive.");
  }
  SUBCASE("empty") {
    rewrite(path, "");
    CHECK(read_all(path).records.empty());
  }
  SUBCASE("a first record that is not the one of the header") {
    std::string other = whole;
    other[13] = '\x05';
    rewrite(path, other);
    CHECK(read_all(path).records.empty());
  }
  const auto tails = list_diverged(fork.folder());
  REQUIRE(tails->size() == 1);
  CHECK(tails->front().damage == read_all(path).damage);
  CHECK(tails->front().damage.ends_with('.'));
  CHECK(tails->front().records == read_all(path).records.size());
}

TEST_CASE("a tail is found and deleted by its name and by nothing else") {
  Fork fork;
  const std::string path = fork.cut_off().value();
  CHECK(diverged_path(fork.folder(), "diverged-1-4").value() == path);
  for (const char* name : {"", "..", "../diverged/diverged-1-4", "diverged-1-4/", "diverged-1-4x",
                           "diverged--1-4", "diverged-1-5", "diverged-99999999999999999999-1"}) {
    INFO(name);
    CHECK_FALSE(diverged_path(fork.folder(), name));
    CHECK_FALSE(delete_diverged(fork.folder(), name));
  }
  CHECK(std::filesystem::exists(path));
  CHECK(delete_diverged(fork.folder(), "diverged-1-4"));
  CHECK(list_diverged(fork.folder())->empty());
}
