#include "broker/history.hpp"

#include <doctest/doctest.h>

using namespace tandemq;
using Lines = std::vector<std::string>;

namespace {

constexpr SessionId kOne{1};
constexpr SessionId kTwo{2};

void add(History& history, Happening what, SessionId session, std::string_view text,
         std::uint32_t lsn = 1) {
  const HistoryText kept = history.put_text(text);
  history.append() = {Instant{5}, {}, kept, lsn, session, 7, what, 0, {}};
}

// All of a client, newest first.
Lines texts(const History& history, const std::string& client_id, SessionId session) {
  HistoryCursor cursor = history.walk(client_id, session);
  Lines lines;
  while (!cursor.done)
    for (const HistoryRow& row : history.page(cursor, 2, 1)) lines.push_back(row.text);
  return lines;
}

}  // namespace

TEST_CASE("the history keeps the last events, as many as the next power of two, page by page") {
  History history(3);
  CHECK(history.empty());
  for (const char* text : {"a", "b", "c", "d", "e"})
    add(history, Happening::publish_in, kOne, text);
  CHECK(texts(history, "one", kOne) == Lines{"e", "d", "c", "b"});
  CHECK(texts(history, "one", kTwo).empty());
  CHECK(texts(history, "one", SessionId::none).empty());
}

TEST_CASE("a history of no events remembers nothing, and a new size forgets") {
  History history(0);
  add(history, Happening::publish_in, kOne, "a");
  CHECK(history.empty());
  CHECK(texts(history, "one", kOne).empty());
  history.keep_at_most(4);
  CHECK(history.empty());
  add(history, Happening::publish_in, kOne, "b");
  history.keep_at_most(4);
  CHECK(texts(history, "one", kOne) == Lines{"b"});
}

TEST_CASE("a session id that is used again is not mistaken for its earlier owner") {
  History history(64);
  add(history, Happening::opened, kOne, "first address");
  add(history, Happening::publish_in, kOne, "of the first");
  add(history, Happening::ended, kOne, "first");
  add(history, Happening::opened, kOne, "second address");
  add(history, Happening::publish_in, kOne, "of the second");
  CHECK(texts(history, "second", kOne) == Lines{"of the second", "second address"});
  CHECK(texts(history, "first", SessionId::none) ==
        Lines{"first", "of the first", "first address"});
  CHECK(texts(history, "third", SessionId::none).empty());
}

TEST_CASE("a client that comes again has the events of all its sessions") {
  History history(64);
  add(history, Happening::opened, kOne, "1");
  add(history, Happening::ended, kOne, "c");
  add(history, Happening::opened, kOne, "of another");
  add(history, Happening::opened, kTwo, "2");
  CHECK(texts(history, "c", kTwo) == Lines{"2", "c", "1"});
}

TEST_CASE("a refused CONNECT is found by its client id") {
  History history(64);
  add(history, Happening::refused, SessionId::none, "c");
  add(history, Happening::refused, SessionId::none, "d");
  CHECK(texts(history, "c", SessionId::none) == Lines{"c"});
}

TEST_CASE("texts whose place others have taken are empty, longer ones are cut") {
  History history(4);  // 64 bytes of text.
  add(history, Happening::publish_in, kOne, "old");
  add(history, Happening::publish_in, kOne, std::string(62, 'x'));
  CHECK(texts(history, "one", kOne) == Lines{std::string(62, 'x'), ""});
  History longer(64);
  add(longer, Happening::publish_in, kOne, std::string(300, 'y'));
  CHECK(texts(longer, "one", kOne) == Lines{std::string(History::kTextMax, 'y')});
}

TEST_CASE("texts stay whole over many rounds of the ring") {
  History history(16);
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = std::string(static_cast<std::size_t>(i % 9), 'a') + std::to_string(i);
    add(history, Happening::publish_in, kOne, text);
    CHECK(texts(history, "one", kOne).front() == text);
  }
}

TEST_CASE("an event knows its whole lsn, also around the end of 32 bits") {
  History history(4);
  const Lsn next = 0x1'0000'0001;
  add(history, Happening::publish_in, kOne, "a", 0xFFFF'FFFF);
  add(history, Happening::publish_in, kOne, "b", 1);
  HistoryCursor cursor = history.walk("one", kOne);
  const auto rows = history.page(cursor, 10, next);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].lsn == next);
  CHECK(rows[1].lsn == 0xFFFF'FFFF);
}
