// IpNetwork: the IP addresses that begin alike, such as 10.0.0.0/8. Pure; plain values.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {

struct IpAddress {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // Of IPv4 the first four.
  bool operator==(const IpAddress&) const = default;
};

struct IpNetwork {
  IpAddress address;              // Behind the prefix all bits are 0.
  std::uint8_t prefix_bits = 32;  // With IPv6 up to 128.

  [[nodiscard]] bool contains(const IpAddress& one) const;
  bool operator==(const IpNetwork&) const = default;
};

// "192.0.2.10", "2001:db8::1"; nothing else, no port and no brackets.
std::optional<IpAddress> parse_ip_address(const std::string& text);
// 127.0.0.0/8, ::1, and the former written as IPv6.
bool is_loopback(const IpAddress& address);
// An address, or ADDRESS/BITS. The error quotes the text.
Result<IpNetwork> parse_ip_network(const std::string& text);

}  // namespace tandemq
