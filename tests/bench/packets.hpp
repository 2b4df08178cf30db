// The few MQTT 3.1.1 and 5.0 packets that a load needs, written apart from src/mqtt: a load that
// shared the broker's codec would share its mistakes. Pure; any thread.
//
// The payload of each PUBLISH begins with a stamp, big-endian, the rest is filler:
//   | publisher u32 | sequence u32 | CLOCK_MONOTONIC ns u64 | filler ... |
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/wire.hpp"

namespace tandemq {

enum class PacketType : std::uint8_t {
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSuback = 9,
  kDisconnect = 14,
};

struct FrameView {
  PacketType type;
  std::uint8_t flags;
  ByteView body;
};

struct Stamp {
  std::uint32_t publisher = 0;
  std::uint32_t sequence = 0;  // Counts from 0 at each publisher.
  std::int64_t sent_ns = 0;
};

struct Delivery {
  std::uint16_t packet_id = 0;  // 0 with QoS 0.
  Stamp stamp;
};

struct Acknowledgement {
  std::uint16_t packet_id = 0;
  std::uint8_t reason = 0;
};

void append_connect(std::string& out, std::string_view client_id, std::uint32_t version,
                    bool persistent);
void append_subscribe(std::string& out, std::string_view filter, std::uint32_t version,
                      std::uint32_t qos);
void append_acknowledgement(std::string& out, PacketType type, std::uint16_t packet_id);

// A PUBLISH made once, of which each message changes only the packet id and the stamp.
class PublishTemplate {
 public:
  PublishTemplate(std::string_view topic, std::uint32_t version, std::uint32_t qos,
                  std::uint32_t size);
  void append(std::string& out, const Stamp& stamp);

 private:
  std::string frame_;
  std::size_t packet_id_at_ = 0;  // 0: QoS 0, there is none.
  std::size_t stamp_at_ = 0;
};

// Cuts the first whole frame off `input`; nothing when there is none yet.
std::optional<FrameView> cut_frame(ByteView& input);

std::optional<Delivery> decode_delivery(const FrameView& frame, std::uint32_t version);
std::optional<Acknowledgement> decode_acknowledgement(const FrameView& frame);

}  // namespace tandemq
