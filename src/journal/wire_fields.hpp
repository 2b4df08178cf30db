// The field types that messages and mutations share in their bytes.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/wire.hpp"
#include "mqtt/packet.hpp"

namespace tandemq {

// 0 stands for never, so that the common case takes one byte.
void write_instant(Writer& writer, Instant at);
Instant read_instant(Reader& reader);

mqtt::QoS read_qos(Reader& reader, unsigned bits);  // Fails the reader above 2.
std::uint32_t read_u32(Reader& reader);             // A varint of at most 32 bits.
std::uint16_t read_u16(Reader& reader);             // A varint of at most 16 bits.
SessionId read_session(Reader& reader);             // Never none.

}  // namespace tandemq
