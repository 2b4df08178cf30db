#include "net/inbox.hpp"

#include "mqtt/decode.hpp"
#include "mqtt/frame.hpp"
#include "net/publish_gate.hpp"

#include <utility>

namespace tandemq {
namespace {

bool is_publish(ByteView frame) {
  return static_cast<unsigned char>(frame.front()) >> 4U ==
         static_cast<unsigned>(mqtt::PacketType::publish);
}

}  // namespace

void Inbox::take(ByteView bytes, ConnectionId from, std::uint32_t packet_size_max,
                 std::vector<Event>& events, PublishGate* gate) {
  if (broken_) return;
  if (partial_.empty()) {
    const std::size_t used = cut(bytes, from, packet_size_max, events, gate);
    if (!broken_ && used < bytes.size()) partial_.assign(bytes.substr(used));
    return;
  }
  partial_.append(bytes);
  const std::size_t used = cut(partial_, from, packet_size_max, events, gate);
  if (broken_ || used == partial_.size()) {
    // Gives the memory back, which an assignment would not: most connections are idle next.
    std::string().swap(partial_);
  } else if (used > 0) {
    partial_.substr(used).swap(partial_);
  }
}

std::size_t Inbox::cut(ByteView bytes, ConnectionId from, std::uint32_t packet_size_max,
                       std::vector<Event>& events, PublishGate* gate) {
  std::size_t used = 0;
  while (used < bytes.size() && !broken_) {
    const ByteView rest = bytes.substr(used);
    const mqtt::Frame frame = mqtt::cut_frame(rest, packet_size_max);
    switch (frame.status) {
      case mqtt::FrameStatus::complete:
        if (gate != nullptr && is_publish(rest) && !gate->pass(frame.size)) return used;
        decode(rest.substr(0, frame.size), frame.header_size, from, events);
        used += frame.size;
        break;
      case mqtt::FrameStatus::need_more:
        return used;
      case mqtt::FrameStatus::malformed:
        fail(from, {mqtt::ReasonCode::malformed_packet, "no valid fixed header", {}}, events);
        break;
      case mqtt::FrameStatus::too_large:  // [MQTT-3.2.2-15]
        fail(from,
             {mqtt::ReasonCode::packet_too_large,
              "a packet of " + std::to_string(frame.size) + " bytes, at most " +
                  std::to_string(packet_size_max) + " are taken",
              {}},
             events);
        break;
    }
  }
  return used;
}

void Inbox::decode(ByteView frame, std::size_t header_size, ConnectionId from,
                   std::vector<Event>& events) {
  Received& received = std::get<Received>(events.emplace_back());
  if (auto error = mqtt::decode_into(frame, header_size, version_, received.packet)) {
    events.pop_back();
    return fail(from, std::move(*error), events);
  }
  received.connection = from;
  if (const auto* connect = std::get_if<mqtt::Connect>(&received.packet))
    version_ = connect->version;
}

void Inbox::fail(ConnectionId from, mqtt::DecodeError error, std::vector<Event>& events) {
  broken_ = true;
  if (error.connect_version) version_ = *error.connect_version;
  events.emplace_back(std::in_place_type<Malformed>, Malformed{from, std::move(error)});
}

}  // namespace tandemq
