// Packets of the tests, written as they stand in the specification: bytes in hexadecimal, text in
// single quotes, blanks ignored: "0004 'MQTT' 05".
#pragma once

#include "mqtt/decode.hpp"

#include <string>
#include <string_view>

namespace tandemq::mqtt {

std::string bytes(std::string_view text);
// The same with the Remaining Length, which `text` leaves out, put behind the first byte.
std::string framed(std::string_view text);

// The packet, which must be valid.
Packet decoded(std::string_view text, Version version);
// The reason for which the packet is refused; success if it is not.
ReasonCode refusal(std::string_view text, Version version);
std::string encoded(const Packet& packet, Version version);

// One packet as bytes and as a value.
struct Sample {
  Version version;
  std::string_view text;
  Packet packet;
};
// Decodes, compares, encodes, compares.
void check_sample(const Sample& sample);

}  // namespace tandemq::mqtt
