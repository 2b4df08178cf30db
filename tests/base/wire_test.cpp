#include "base/wire.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

template <class Write>
std::string written(Write write) {
  std::string out;
  Writer writer(out);
  write(writer);
  return out;
}

}  // namespace

TEST_CASE("integers are written with the high byte first and read back") {
  const std::string out = written([](Writer& w) {
    w.u8(0x81);
    w.u16(0x8283);
    w.u32(0x84858687);
    w.u64(0x88898A8B8C8D8E8F);
  });
  REQUIRE(out.size() == 15);
  for (std::size_t i = 0; i < out.size(); ++i)
    CHECK(static_cast<unsigned char>(out[i]) == 0x81 + i);
  Reader reader(out);
  CHECK(reader.u8() == 0x81);
  CHECK(reader.u16() == 0x8283);
  CHECK(reader.u32() == 0x84858687);
  CHECK_FALSE(reader.done());
  CHECK(reader.u64() == 0x88898A8B8C8D8E8F);
  CHECK(reader.done());
}

TEST_CASE("[MQTT-1.5.5-1] a variable byte integer has the shortest form at each boundary") {
  const std::pair<std::uint32_t, std::string> cases[] = {
      {0, bytes({0})},
      {127, bytes({0x7F})},
      {128, bytes({0x80, 1})},
      {16383, bytes({0xFF, 0x7F})},
      {16384, bytes({0x80, 0x80, 1})},
      {2097151, bytes({0xFF, 0xFF, 0x7F})},
      {2097152, bytes({0x80, 0x80, 0x80, 1})},
      {268435455, bytes({0xFF, 0xFF, 0xFF, 0x7F})},
  };
  for (const auto& [value, form] : cases) {
    CHECK(written([v = value](Writer& w) { w.variable_u32(v); }) == form);
    CHECK(variable_u32_size(value) == form.size());
    Reader reader(form);
    CHECK(reader.variable_u32() == value);
    CHECK(reader.done());
  }
}

TEST_CASE("[MQTT-1.5.5-1] a variable byte integer that is longer than needed is refused") {
  for (const std::string& form :
       {bytes({0x80, 0}), bytes({0x81, 0}), bytes({0x80, 0x80, 0}), bytes({0xFF, 0xFF, 0xFF, 0})}) {
    Reader reader(form);
    CHECK(reader.variable_u32() == 0);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("a variable byte integer ends within four bytes") {
  for (const std::string& form :
       {bytes({}), bytes({0x80}), bytes({0xFF, 0xFF, 0xFF}), bytes({0x80, 0x80, 0x80, 0x80, 1}),
        bytes({0xFF, 0xFF, 0xFF, 0xFF, 0x7F})}) {
    Reader reader(form);
    CHECK(reader.variable_u32() == 0);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("a varint holds every value of 64 bits") {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                    std::uint64_t{1} << 63U, kMax - 1, kMax}) {
    const std::string form = written([&](Writer& w) { w.varint(value); });
    CHECK(form.size() <= 10);
    Reader reader(form);
    CHECK(reader.varint() == value);
    CHECK(reader.done());
  }
}

TEST_CASE("a varint beyond 64 bits or without an end is refused") {
  const std::string nine(9, '\xFF');
  for (const std::string& form : {nine, nine + "\x02", nine + "\x7F", nine + "\xFF\x01"}) {
    Reader reader(form);
    CHECK(reader.varint() == 0);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("bytes with a length are read back, empty ones and ones with zeros too") {
  const std::string odd = bytes({0, 'a', 0xFF, 0});
  const std::string out = written([&](Writer& w) {
    w.u16_bytes("");
    w.u16_bytes(odd);
    w.varint_bytes("");
    w.varint_bytes(std::string(300, 'x'));
    w.bytes("rest");
  });
  Reader reader(out);
  CHECK(reader.u16_bytes().empty());
  CHECK(reader.u16_bytes() == odd);
  CHECK(reader.varint_bytes().empty());
  CHECK(reader.varint_bytes() == std::string(300, 'x'));
  CHECK(reader.size() == 4);
  CHECK(reader.remaining() == "rest");
  CHECK(reader.remaining().empty());
  CHECK(reader.done());
}

TEST_CASE("the longest string of MQTT fits its length") {
  const std::string longest(65535, 'y');
  const std::string out = written([&](Writer& w) { w.u16_bytes(longest); });
  Reader reader(out);
  CHECK(reader.u16_bytes() == longest);
  CHECK(reader.done());
}

TEST_CASE("a length beyond the end is refused, even one that would overflow") {
  for (const std::string& form :
       {bytes({0xFF, 0xFF, 'a'}), bytes({0, 2, 'a'}), bytes({0}), bytes({})}) {
    Reader reader(form);
    CHECK(reader.u16_bytes().empty());
    CHECK_FALSE(reader.ok());
  }
  const std::string huge = written([](Writer& w) { w.varint(~std::uint64_t{0}); }) + "abc";
  Reader reader(huge);
  CHECK(reader.varint_bytes().empty());
  CHECK_FALSE(reader.ok());
}

TEST_CASE("after the first field that does not fit a reader gives nothing more") {
  const std::string input = bytes({1, 2, 3});
  Reader reader(input);
  CHECK(reader.u16() == 0x0102);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK(reader.u64() == 0);
  CHECK(reader.varint() == 0);
  CHECK(reader.variable_u32() == 0);
  CHECK(reader.bytes(1).empty());
  CHECK(reader.bytes(0).empty());
  CHECK(reader.remaining().empty());
  CHECK(reader.size() == 0);
  CHECK_FALSE(reader.ok());
  CHECK_FALSE(reader.done());
}

TEST_CASE("an empty input is done and not failed") {
  Reader reader{ByteView()};
  CHECK(reader.done());
  CHECK(reader.bytes(0).empty());
  CHECK(reader.remaining().empty());
  CHECK(reader.done());
  reader.fail();
  CHECK_FALSE(reader.done());
}

TEST_CASE("a writer appends to what its string already holds") {
  std::string out = "head";
  Writer(out).u8('!');
  CHECK(out == "head!");
}

}  // namespace tandemq
