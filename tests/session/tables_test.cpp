#include "session/tables.hpp"

#include <cstdint>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Message sample(std::uint64_t id) {
  Message message;
  message.id = static_cast<MessageId>(id);
  message.qos = mqtt::QoS::exactly_once;
  message.retain = true;
  message.published_at = Instant{5};
  message.expires_at = Instant{9};
  message.topic = "a/b";
  message.payload = std::string("\0\xFF text", 7);
  message.publisher = "ann";
  return message;
}

}  // namespace

TEST_CASE("a sealed row opens to its fields, and to nothing else once a byte is another") {
  const std::string value = seal_row(Table::queue, "key", "fields");
  CHECK(open_row(Table::queue, "key", value) == ByteView("fields"));
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string damaged = value;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(open_row(Table::queue, "key", damaged).has_value());
    CHECK_FALSE(open_row(Table::queue, "key", value.substr(0, i)).has_value());
  }
  CHECK_FALSE(open_row(Table::queue, "key", value + "x").has_value());
}

TEST_CASE("a row is not that of another key or table") {
  const std::string value = seal_row(Table::wills, "ann", "fields");
  CHECK_FALSE(open_row(Table::wills, "bob", value).has_value());
  CHECK_FALSE(open_row(Table::retained, "ann", value).has_value());
}

TEST_CASE("a row without fields is a row") {
  CHECK(open_row(Table::meta, "k", seal_row(Table::meta, "k", "")) == ByteView(""));
}

TEST_CASE("the error of a row says whether it is damaged or of a later version") {
  CHECK(open_row(Table::meta, "k", "").error().text == "cut short");
  std::string value = seal_row(Table::meta, "k", "fields");
  value.back() = static_cast<char>(value.back() + 1);
  CHECK(open_row(Table::meta, "k", value).error().text == "checksum does not match");
}

TEST_CASE("each table has a name of its own") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kTableCount; ++i) names.emplace(name(static_cast<Table>(i)));
  CHECK(names.size() == kTableCount);
  CHECK(names.count("") == 0);
}

TEST_CASE("a message comes back from its row as it was") {
  const Message message = sample(77);
  const TableRow row = message_row(message);
  CHECK(row.table == Table::messages);
  CHECK(row.key == message_key(message.id));
  const auto read = read_message_row(row.key, row.value);
  REQUIRE(read.has_value());
  std::string before;
  std::string after;
  Writer first(before);
  Writer second(after);
  write_message(first, message);
  write_message(second, **read);
  CHECK(before == after);
  CHECK((*read)->payload == message.payload);
}

TEST_CASE("a message's row is not that of another message") {
  const TableRow row = message_row(sample(77));
  const TableRow other = message_row(sample(78));
  CHECK_FALSE(read_message_row(other.key, row.value).has_value());
  CHECK_FALSE(read_message_row(row.key, "").has_value());
  const auto fields = open_row(Table::messages, row.key, row.value);
  REQUIRE(fields.has_value());
  const std::string sealed_anew = seal_row(Table::messages, other.key, *fields);
  CHECK_FALSE(read_message_row(other.key, sealed_anew).has_value());
  const std::string longer = seal_row(Table::messages, row.key, std::string(*fields) + "x");
  CHECK_FALSE(read_message_row(row.key, longer).has_value());
}

TEST_CASE("the keys of messages sort like their ids") {
  CHECK(message_key(MessageId{255}) < message_key(MessageId{256}));
  CHECK(message_key(MessageId{0xFFFFFFFF}) < message_key(MessageId{0x100000000}));
}

TEST_CASE("a retained row names its message") {
  std::string fields;
  Writer(fields).varint(300);
  CHECK(read_retained_row("t", seal_row(Table::retained, "t", fields)) == MessageId{300});
  CHECK_FALSE(read_retained_row("u", seal_row(Table::retained, "t", fields)).has_value());
  CHECK_FALSE(read_retained_row("t", seal_row(Table::retained, "t", fields + "x")).has_value());
  CHECK_FALSE(read_retained_row("t", seal_row(Table::retained, "t", "")).has_value());
}

TEST_CASE("where the tables stand comes back from its row") {
  const TablesAt at{
      {{3, 4}, 5, 0xFFFFFFFFFFFFFFFF}, MessageId{6}, {{{2, UINT64_MAX}, 1}, {{3, 4}, 300}}};
  const TableRow row = tables_at_row(at);
  CHECK(row.table == Table::meta);
  const auto read = read_tables_at(row.key, row.value);
  REQUIRE(read.has_value());
  CHECK(read->position == at.position);
  CHECK(read->next_message_id == at.next_message_id);
  CHECK(read->terms == at.terms);
  CHECK_FALSE(read_tables_at("other", row.value).has_value());
  const auto fields = open_row(row.table, row.key, row.value);
  REQUIRE(fields.has_value());
  CHECK_FALSE(read_tables_at(row.key, seal_row(row.table, row.key, fields->substr(1))).has_value());
  const std::string cut(fields->substr(0, fields->size() - 1));
  CHECK_FALSE(read_tables_at(row.key, seal_row(row.table, row.key, cut)).has_value());
}

TEST_CASE("a row of meta from before there were terms is read as one without any") {
  const TablesAt at{{{3, 4}, 5, 6}, MessageId{7}, {}};
  const TableRow row = tables_at_row(at);
  const auto read = read_tables_at(row.key, row.value);
  REQUIRE(read.has_value());
  CHECK(read->position == at.position);
  CHECK(read->terms.empty());
}
