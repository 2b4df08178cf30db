#include "journal/wire_fields.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("never takes one byte, and instants come back as they were") {
  for (const Instant at : {Instant::never(), Instant{1}, Instant{1'700'000'000'000}}) {
    std::string bytes;
    Writer writer(bytes);
    write_instant(writer, at);
    CHECK((bytes.size() == 1) == (at.ms == 1 || at.is_never()));
    Reader reader(bytes);
    CHECK(read_instant(reader) == at);
  }
}

TEST_CASE("what is staged arrives as if each field had been written by itself") {
  std::string expected;
  std::string bytes = "before ";
  {
    Writer plain(expected);
    plain.bytes("before ");
    Writer out(bytes);
    StagedWriter staged(out);
    for (const std::size_t size : {0U, 1U, 40U, 255U, 256U, 257U, 5'000U}) {
      const std::string text(size, 'x');
      for (unsigned shift = 0; shift < 64; shift += 3) {
        plain.varint(std::uint64_t{1} << shift);
        staged.varint(std::uint64_t{1} << shift);
        plain.u8(static_cast<std::uint8_t>(shift));
        staged.u8(static_cast<std::uint8_t>(shift));
      }
      plain.varint_bytes(text);
      staged.varint_bytes(text);
    }
  }
  CHECK(bytes == expected);
}

TEST_CASE("numbers beyond their type fail the reader") {
  std::string bytes;
  Writer writer(bytes);
  writer.varint(std::uint64_t{1} << 33U);
  Reader wide(bytes);
  CHECK(read_u32(wide) == 0);
  CHECK_FALSE(wide.ok());
  Reader wider(bytes);
  read_u16(wider);
  CHECK_FALSE(wider.ok());
  Reader qos(bytes);
  read_qos(qos, 3);
  CHECK_FALSE(qos.ok());
  const std::string zero(1, '\0');
  Reader session(zero);
  read_session(session);
  CHECK_FALSE(session.ok());
}
