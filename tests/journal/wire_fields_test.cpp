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
