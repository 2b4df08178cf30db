// Bytes of one whole packet to a value, or the reason code with which the connection ends. Checks
// all that a packet says about itself (flags, lengths, UTF-8, property places, reserved bits);
// what depends on the session or the server's limits is the broker's to check. Accepts the packets
// of both directions: the broker's floor refuses what a client must not send.
#pragma once

#include "mqtt/packet.hpp"

#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace tandemq::mqtt {

struct DecodeError {
  ReasonCode reason = ReasonCode::malformed_packet;
  std::string why;  // For the log and the Reason String.
  // Of a CONNECT that failed behind its protocol level: the version in whose form a CONNACK can
  // tell the client so. For a level that we do not know it is the nearest one that its sender
  // may understand.
  std::optional<Version> connect_version;
};

// `frame` is exactly one packet as cut_frame() found it. `version` is that of the connection and
// is not looked at for CONNECT, which names its own: an unknown one is
// unsupported_protocol_version.
tl::expected<Packet, DecodeError> decode(ByteView frame, Version version);
// The same without a copy: into the place where the packet will stay. With an error `out` is any.
// `header_size` is what cut_frame() said of the frame.
std::optional<DecodeError> decode_into(ByteView frame, std::size_t header_size, Version version,
                                       Packet& out);

}  // namespace tandemq::mqtt
