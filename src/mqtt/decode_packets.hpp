// The decoders of the single packets, which decode() chooses from by type. Each reads the body of
// one packet and says what is wrong with it. decode() itself looks after bytes left over at the
// end. Private to this floor.
#pragma once

#include "base/utf8.hpp"
#include "mqtt/decode.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tandemq::mqtt {

struct PacketBody {
  Reader reader;  // Behind the fixed header.
  PacketType type;
  std::uint8_t flags;  // The low four bits of the first byte.
  Version version;
};

using Fault = std::optional<DecodeError>;

Fault malformed(std::string_view why);
Fault protocol_error(std::string_view why);

// The list of a packet of 5.0; reads nothing before that.
Fault read_properties(PacketBody& body, PropertyPlace place, Properties& out);
// A UTF-8 Encoded String; `name` says in the error which one.
Fault read_text(PacketBody& body, std::string_view name, std::string& out);
// A Packet Identifier, which is never zero [MQTT-2.2.1-3].
Fault read_packet_id(PacketBody& body, std::uint16_t& out);
bool has_wildcard_character(std::string_view topic);

Fault read_packet(PacketBody& body, Connect& out);
Fault read_packet(PacketBody& body, Connack& out);
Fault read_packet(PacketBody& body, Publish& out);
Fault read_packet(PacketBody& body, Ack& out);
Fault read_packet(PacketBody& body, Subscribe& out);
Fault read_packet(PacketBody& body, Unsubscribe& out);
Fault read_packet(PacketBody& body, SubscriptionAck& out);
Fault read_packet(PacketBody& body, Ping& out);
Fault read_packet(PacketBody& body, Disconnect& out);
Fault read_packet(PacketBody& body, Auth& out);

}  // namespace tandemq::mqtt
