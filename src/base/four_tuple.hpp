// FourTuple: the two ends of a TCP connection, as the network has them.
// Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>

namespace tandemq {

struct TcpEnd {
  std::array<std::uint8_t, 16> address{};  // Of IPv4 the first four.
  std::uint16_t port = 0;
  bool operator==(const TcpEnd&) const = default;
};

struct FourTuple {
  bool is_v6 = false;
  TcpEnd ours;
  TcpEnd theirs;
  bool operator==(const FourTuple&) const = default;
};

}  // namespace tandemq
