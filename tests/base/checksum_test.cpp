#include "base/checksum.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a checksum is the same on every machine and in every version") {
  // Published vectors of XXH3 with 64 bits for the empty input and seed 0: it is a stored format.
  CHECK(checksum("") == 0x2D06800538D394C2U);
}

TEST_CASE("a checksum changes with every bit, with the length and with the seed") {
  std::string text(100, '\0');
  std::set<std::uint64_t> seen = {checksum(text), checksum(text, 1), checksum(text + '\0')};
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    const char mask = static_cast<char>(1U << (bit % 8));
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ mask);
    seen.insert(checksum(text));
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ mask);
  }
  CHECK(seen.size() == 3 + text.size() * 8);
}

TEST_CASE("a checksum of a view does not depend on where the bytes lie") {
  const std::string text = "xthe same bytes";
  CHECK(checksum(ByteView(text).substr(1)) == checksum("the same bytes"));
}

}  // namespace tandemq
