// echo: the ICMP packets by which a gateway is asked whether it is there (RFC 792, RFC 4443). The
// answer repeats the payload: a nonce of this process, which nobody else on this machine has, and
// the number of the request.
//
//   u8 type | u8 code 0 | u16 checksum | u16 identifier | u16 sequence | u64 nonce | u64 number
//
// Pure bytes.
#pragma once

#include "base/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {

enum class EchoFamily : std::uint8_t { v4, v6 };

inline constexpr std::size_t kEchoSize = 8 + 2 * 8;

// The checksum of IPv6 is the kernel's work.
std::string echo_request(EchoFamily family, std::uint64_t nonce, std::uint64_t number);
// The number that it answers; nothing: it is something else. A raw socket of IPv4 puts the header
// of the packet before it.
std::optional<std::uint64_t> read_echo_reply(EchoFamily family, std::uint64_t nonce,
                                             ByteView packet);

}  // namespace tandemq
