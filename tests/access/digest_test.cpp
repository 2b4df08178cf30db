#include "access/digest.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out.push_back("0123456789abcdef"[value >> 4U]);
    out.push_back("0123456789abcdef"[value & 15U]);
  }
  return out;
}

}  // namespace

TEST_CASE("digests have their published values") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha512("")).substr(0, 32) == "cf83e1357eefb8bdf1542850d66d8007");
  // RFC 4231, test case 2.
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha512("Jefe", "what do ya want for nothing?")).substr(0, 32) ==
        "164b7a7bfcf819e2e395fbe73b56e0a3");
  // RFC 7914, section 11.
  CHECK(hex(pbkdf2_sha256("passwd", "salt", 1)).substr(0, 32) ==
        "55ac046e56e3089fec1691c22544b605");
  CHECK(pbkdf2_sha512("", "salt", 2).size() == kSha512Size);
  CHECK(hmac_sha256("", "").size() == kSha256Size);
}

TEST_CASE("an HMAC in pieces is the one over the whole, message after message under one key") {
  for (const std::string key : {"", "Jefe",
                                "a key that is longer than the 64 bytes of one block of"
                                " SHA-256, so that it is hashed itself"}) {
    HmacSha256 hmac(key);
    for (const std::string message : {"what do ya want for nothing?", "", "second"}) {
      const std::size_t half = message.size() / 2;
      hmac.add(message.substr(0, half));
      hmac.add(message.substr(half));
      const auto result = hmac.finish();
      CHECK(std::string(result.data(), result.size()) == hmac_sha256(key, message));
    }
  }
}

TEST_CASE("strings are equal in constant time only if they are equal") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("same", "same"));
  CHECK_FALSE(equal_in_constant_time("same", "sane"));
  CHECK_FALSE(equal_in_constant_time("same", "sam"));
}
