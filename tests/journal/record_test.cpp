#include "journal/record.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr Term kTerm{3, 1};
constexpr Instant kAt{1'700'000'000'000};

Record record_of(const Position& previous, const std::string& topic) {
  RecordDraft draft;
  draft.add(RetainedCleared{topic});
  draft.add(WillCleared{topic});
  return draft.seal(previous, kTerm, kAt);
}

}  // namespace

TEST_CASE("a record opens behind its predecessor with the mutations that were put in") {
  const Record record = record_of({}, "t");
  CHECK(record.position.lsn == 1);
  const auto opened = open_record(record.bytes, {});
  REQUIRE(opened.has_value());
  CHECK(opened->position == record.position);
  CHECK(opened->position.term == kTerm);
  CHECK(opened->at == kAt);
  REQUIRE(opened->mutations.size() == 2);
  CHECK(std::get<WillCleared>(opened->mutations[1]).client_id == "t");
}

TEST_CASE("a draft is empty again after it was sealed") {
  RecordDraft draft;
  draft.add(WillCleared{"a"});
  CHECK(draft.count() == 1);
  const Record first = draft.seal({}, kTerm, kAt);
  CHECK(draft.empty());
  draft.add(WillCleared{"b"});
  const auto second = open_record(draft.seal(first.position, kTerm, kAt).bytes, first.position);
  REQUIRE(second.has_value());
  CHECK(second->mutations.size() == 1);
}

TEST_CASE("a record does not open in another place of the log, or behind another past") {
  const Record first = record_of({}, "a");
  const Record other = record_of({}, "b");
  const Record second = record_of(first.position, "c");
  CHECK(open_record(second.bytes, first.position).has_value());
  CHECK_FALSE(open_record(second.bytes, {}).has_value());
  CHECK_FALSE(open_record(second.bytes, other.position).has_value());
  CHECK_FALSE(open_record(first.bytes, first.position).has_value());
}

TEST_CASE("any byte changed, left out or added is found") {
  const Record record = record_of({}, "topic");
  for (std::size_t i = 0; i < record.bytes.size(); ++i) {
    std::string damaged = record.bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto opened = open_record(damaged, {});
    INFO("byte ", i);
    CHECK_FALSE(opened.has_value());
    CHECK_FALSE(open_record(record.bytes.substr(0, i), {}).has_value());
  }
  CHECK_FALSE(open_record(record.bytes + "x", {}).has_value());
}

TEST_CASE("the error says which record and what is wrong with it") {
  std::string unknown = record_of({}, "t").bytes;
  unknown[0] = 9;
  CHECK(open_record(unknown, {}).error().text == "record 1: format 9 is not known; 1 is");
  CHECK(open_record("", {}).error().text == "record 1: shorter than its header");
}
