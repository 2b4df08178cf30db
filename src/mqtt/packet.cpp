#include "mqtt/packet.hpp"

#include <tuple>
#include <type_traits>

namespace tandemq::mqtt {

// Packets travel through mailboxes and vectors by move.
static_assert(std::is_nothrow_move_constructible_v<Packet>);
static_assert(std::is_nothrow_move_assignable_v<Packet>);
static_assert(sizeof(Packet) <= 160, "a mailbox slot should not grow unseen");

namespace {

PacketType type(const Connect& /*packet*/) {
  return PacketType::connect;
}
PacketType type(const Connack& /*packet*/) {
  return PacketType::connack;
}
PacketType type(const Publish& /*packet*/) {
  return PacketType::publish;
}
PacketType type(const Ack& packet) {
  return packet.type;
}
PacketType type(const Subscribe& /*packet*/) {
  return PacketType::subscribe;
}
PacketType type(const Unsubscribe& /*packet*/) {
  return PacketType::unsubscribe;
}
PacketType type(const SubscriptionAck& packet) {
  return packet.type;
}
PacketType type(const Ping& packet) {
  return packet.type;
}
PacketType type(const Disconnect& /*packet*/) {
  return PacketType::disconnect;
}
PacketType type(const Auth& /*packet*/) {
  return PacketType::auth;
}

}  // namespace

PacketType type_of(const Packet& packet) {
  return std::visit([](const auto& value) { return type(value); }, packet);
}

bool Connect::operator==(const Connect& other) const {
  const bool same_will =
      will == nullptr || other.will == nullptr ? will == other.will : *will == *other.will;
  return same_will &&
         std::tie(version, clean_start, keep_alive_s, client_id, user_name, password, properties) ==
             std::tie(other.version, other.clean_start, other.keep_alive_s, other.client_id,
                      other.user_name, other.password, other.properties);
}

}  // namespace tandemq::mqtt
