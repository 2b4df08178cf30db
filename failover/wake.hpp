// wake: a client that is idle does not notice that its broker's address has moved; it would at its
// next keep-alive, minutes later. A bare ACK in the name of its old connection makes its kernel say
// where that one stands, this machine knows of no such connection and resets it, and the client
// connects anew at once. Built here; waker.hpp sends them. Pure values.
#pragma once

#include "base/four_tuple.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tandemq::failover {

inline constexpr std::size_t kTcpHeaderBytes = 20;

// From our end to theirs, without an IP header. `sequence` is a guess: one that fits the
// connection by chance is believed and not answered, so each try has another.
std::array<std::uint8_t, kTcpHeaderBytes> ack_segment(const FourTuple& client,
                                                      std::uint32_t sequence);

}  // namespace tandemq::failover
