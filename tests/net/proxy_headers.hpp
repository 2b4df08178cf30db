// PROXY headers of version 2, as a proxy makes them.
#pragma once

#include "base/wire.hpp"

#include <cstdint>
#include <string>

namespace tandemq::tests {

inline std::string proxy_field(std::uint8_t type, const std::string& value) {
  std::string bytes;
  Writer writer(bytes);
  writer.u8(type);
  writer.u16(static_cast<std::uint16_t>(value.size()));
  return bytes + value;
}

// `command`: 0x21 is PROXY, 0x20 LOCAL.
inline std::string proxy_v2(std::uint8_t command, std::uint8_t family, const std::string& rest) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  Writer writer(bytes);
  writer.u8(command);
  writer.u8(family);
  writer.u16(static_cast<std::uint16_t>(rest.size()));
  return bytes + rest;
}

// 192.0.2.7:50123 to 198.51.100.1:1883, and what stands behind.
inline std::string proxy_v2_of_client(const std::string& fields = "") {
  return proxy_v2(0x21, 0x11,
                  std::string("\xC0\x00\x02\x07\xC6\x33\x64\x01\xC3\xCB\x07\x5B", 12) + fields);
}

// What a proxy says of TLS; `verified` is 0 for a good certificate.
inline std::string proxy_tls(std::uint8_t client, std::uint32_t verified,
                             const std::string& fields) {
  std::string value;
  Writer writer(value);
  writer.u8(client);
  writer.u32(verified);
  return proxy_field(0x20, value + fields);
}

}  // namespace tandemq::tests
