#include "tests/mqtt/bytes.hpp"

#include "base/wire.hpp"
#include "mqtt/encode.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  REQUIRE(c >= 'A');
  REQUIRE(c <= 'F');
  return static_cast<unsigned>(c - 'A') + 10;
}

}  // namespace

std::string bytes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] == ' ') {
      text.remove_prefix(1);
    } else if (text[0] == '\'') {
      const std::size_t end = text.find('\'', 1);
      REQUIRE(end != std::string_view::npos);
      out += text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    } else {
      REQUIRE(text.size() >= 2);
      out += static_cast<char>((digit(text[0]) << 4U) | digit(text[1]));
      text.remove_prefix(2);
    }
  }
  return out;
}

std::string framed(std::string_view text) {
  const std::string raw = bytes(text);
  std::string out = raw.substr(0, 1);
  Writer(out).variable_u32(static_cast<std::uint32_t>(raw.size() - 1));
  return out + raw.substr(1);
}

Packet decoded(std::string_view text, Version version) {
  INFO("packet: ", std::string(text));
  auto packet = decode(framed(text), version);
  REQUIRE_MESSAGE(packet.has_value(), packet.error().why);
  return std::move(*packet);
}

ReasonCode refusal(std::string_view text, Version version) {
  const auto packet = decode(framed(text), version);
  return packet ? ReasonCode::success : packet.error().reason;
}

std::string encoded(const Packet& packet, Version version) {
  std::string out;
  encode(packet, version, out);
  return out;
}

void check_sample(const Sample& sample) {
  INFO("packet: ", std::string(sample.text));
  const Packet packet = decoded(sample.text, sample.version);
  CHECK(packet == sample.packet);
  CHECK(encoded(sample.packet, sample.version) == framed(sample.text));
  CHECK(encoded_size(sample.packet, sample.version) == framed(sample.text).size());
}

}  // namespace tandemq::mqtt
