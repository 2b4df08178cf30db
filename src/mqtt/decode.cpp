#include "mqtt/decode.hpp"

#include "mqtt/decode_packets.hpp"
#include "mqtt/frame.hpp"

#include <utility>

namespace tandemq::mqtt {
namespace {

// The only valid flags of the fixed header (table 2-2); CONNECT and PUBLISH look at their own.
bool are_flags_valid(const PacketBody& body) {
  switch (body.type) {
    case PacketType::connect:
    case PacketType::publish:
      return true;
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      // In 3.1 these are sent with QoS 1 and may be marked as duplicates.
      return body.flags == 0x02 || (body.version == Version::v31 && body.flags == 0x0A);
    default:
      return body.flags == 0;
  }
}

template <class T>
Fault decode_as(PacketBody& body, Packet& out) {
  T& packet = out.emplace<T>();
  Fault fault = read_packet(body, packet);
  if (!fault && !body.reader.done()) {
    fault = malformed(body.reader.ok() ? "bytes are left over behind the packet"
                                       : "the packet ends too early");
    if constexpr (std::is_same_v<T, Connect>) fault->connect_version = packet.version;
  }
  return fault;
}

}  // namespace

tl::expected<Packet, DecodeError> decode(ByteView frame, Version version) {
  const Frame whole = cut_frame(frame, kPacketSizeMax);
  if (whole.status != FrameStatus::complete || whole.size != frame.size())
    return tl::unexpected(*malformed("the Remaining Length is not that of the packet"));
  tl::expected<Packet, DecodeError> packet;
  if (Fault fault = decode_into(frame, whole.header_size, version, *packet))
    return tl::unexpected(std::move(*fault));
  return packet;
}

Fault decode_into(ByteView frame, std::size_t header_size, Version version, Packet& out) {
  const auto first = static_cast<unsigned char>(frame.front());
  PacketBody body{.reader = Reader(frame.substr(header_size)),
                  .type = static_cast<PacketType>(first >> 4U),
                  .flags = static_cast<std::uint8_t>(first & 0x0FU),
                  .version = version};
  if (!are_flags_valid(body)) {  // [MQTT-2.1.3-1]
    return malformed("the flags of the fixed header are reserved");
  }
  switch (body.type) {
    case PacketType::connect:
      return decode_as<Connect>(body, out);
    case PacketType::connack:
      return decode_as<Connack>(body, out);
    case PacketType::publish:
      return decode_as<Publish>(body, out);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return decode_as<Ack>(body, out);
    case PacketType::subscribe:
      return decode_as<Subscribe>(body, out);
    case PacketType::unsubscribe:
      return decode_as<Unsubscribe>(body, out);
    case PacketType::suback:
    case PacketType::unsuback:
      return decode_as<SubscriptionAck>(body, out);
    case PacketType::pingreq:
    case PacketType::pingresp:
      return decode_as<Ping>(body, out);
    case PacketType::disconnect:
      return decode_as<Disconnect>(body, out);
    case PacketType::auth:
      if (version == Version::v5) return decode_as<Auth>(body, out);
      break;
  }
  return malformed("the packet type is reserved");
}

}  // namespace tandemq::mqtt
