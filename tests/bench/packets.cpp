#include "tests/bench/packets.hpp"

namespace tandemq {
namespace {

constexpr std::uint8_t kConnectByte = 0x10;
constexpr std::uint8_t kPublishByte = 0x30;
constexpr std::uint8_t kSubscribeByte = 0x82;
constexpr std::uint8_t kSessionExpiryInterval = 0x11;  // Property identifier.
constexpr std::uint32_t kSessionExpiry_s = 3600;       // Longer than any run.
constexpr std::uint32_t kPacketIds = 65535;            // 1 to 65,535.

void append_frame(std::string& out, std::uint8_t first_byte, ByteView body) {
  Writer writer(out);
  writer.u8(first_byte);
  writer.variable_u32(static_cast<std::uint32_t>(body.size()));
  writer.bytes(body);
}

void store(std::string& frame, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t index = 0; index < size; ++index) {
    frame[at + index] = static_cast<char>(value >> (8 * (size - 1 - index)));
  }
}

}  // namespace

void append_connect(std::string& out, std::string_view client_id, std::uint32_t version,
                    bool persistent) {
  std::string body;
  Writer writer(body);
  writer.u16_bytes("MQTT");
  writer.u8(static_cast<std::uint8_t>(version));
  const bool clean = !persistent;
  writer.u8(clean ? 0x02 : 0x00);
  writer.u16(0);  // No keep-alive: an idle connection is to stay idle.
  if (version == 5) {
    writer.u8(5);
    writer.u8(kSessionExpiryInterval);
    writer.u32(persistent ? kSessionExpiry_s : 0);
  }
  writer.u16_bytes(client_id);
  append_frame(out, kConnectByte, body);
}

void append_subscribe(std::string& out, std::string_view filter, std::uint32_t version,
                      std::uint32_t qos) {
  std::string body;
  Writer writer(body);
  writer.u16(1);
  if (version == 5) {
    writer.u8(0);
  }
  writer.u16_bytes(filter);
  writer.u8(static_cast<std::uint8_t>(qos));
  append_frame(out, kSubscribeByte, body);
}

void append_acknowledgement(std::string& out, PacketType type, std::uint16_t packet_id) {
  const std::uint8_t flags = type == PacketType::kPubrel ? 0x02 : 0x00;  // [MQTT-3.6.1-1]
  Writer writer(out);
  writer.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) << 4 | flags));
  writer.u8(2);
  writer.u16(packet_id);
}

PublishTemplate::PublishTemplate(std::string_view topic, std::uint32_t version, std::uint32_t qos,
                                 std::uint32_t size) {
  std::string body;
  Writer writer(body);
  writer.u16_bytes(topic);
  const std::size_t packet_id_at = body.size();
  if (qos > 0) {
    writer.u16(0);
  }
  if (version == 5) {
    writer.u8(0);
  }
  const std::size_t stamp_at = body.size();
  body.append(size, 'x');
  append_frame(frame_, static_cast<std::uint8_t>(kPublishByte | qos << 1), body);
  const std::size_t header_size = frame_.size() - body.size();
  packet_id_at_ = qos > 0 ? header_size + packet_id_at : 0;
  stamp_at_ = header_size + stamp_at;
}

void PublishTemplate::append(std::string& out, const Stamp& stamp) {
  if (packet_id_at_ > 0) {
    store(frame_, packet_id_at_, stamp.sequence % kPacketIds + 1, 2);
  }
  store(frame_, stamp_at_, stamp.publisher, 4);
  store(frame_, stamp_at_ + 4, stamp.sequence, 4);
  store(frame_, stamp_at_ + 8, static_cast<std::uint64_t>(stamp.sent_ns), 8);
  out.append(frame_);
}

std::optional<FrameView> cut_frame(ByteView& input) {
  Reader reader(input);
  const std::uint8_t first_byte = reader.u8();
  const std::uint32_t size = reader.variable_u32();
  const ByteView body = reader.bytes(size);
  if (!reader.ok()) {
    return std::nullopt;
  }
  input.remove_prefix(input.size() - reader.size());
  return FrameView{static_cast<PacketType>(first_byte >> 4),
                   static_cast<std::uint8_t>(first_byte & 0x0F), body};
}

std::optional<Delivery> decode_delivery(const FrameView& frame, std::uint32_t version) {
  Reader reader(frame.body);
  Delivery delivery;
  reader.u16_bytes();  // The topic says nothing that the stamp does not say.
  if ((frame.flags & 0x06) != 0) {
    delivery.packet_id = reader.u16();
  }
  if (version == 5) {
    reader.bytes(reader.variable_u32());
  }
  delivery.stamp.publisher = reader.u32();
  delivery.stamp.sequence = reader.u32();
  delivery.stamp.sent_ns = static_cast<std::int64_t>(reader.u64());
  return reader.ok() ? std::optional(delivery) : std::nullopt;
}

std::optional<Acknowledgement> decode_acknowledgement(const FrameView& frame) {
  Reader reader(frame.body);
  Acknowledgement acknowledgement;
  acknowledgement.packet_id = reader.u16();
  if (reader.size() > 0) {
    acknowledgement.reason = reader.u8();
  }
  return reader.ok() ? std::optional(acknowledgement) : std::nullopt;
}

}  // namespace tandemq
