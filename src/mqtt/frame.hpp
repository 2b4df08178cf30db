// Cuts MQTT Control Packets out of a stream of bytes: fixed header and Remaining Length (section
// 2.1), nothing more. Looks at no byte behind the header, so a frame that is too large is refused
// before it is buffered.
#pragma once

#include "base/wire.hpp"

#include <cstdint>

namespace tandemq::mqtt {

// The largest packet that the format allows: 5 bytes of header and the Remaining Length.
inline constexpr std::uint32_t kPacketSizeMax = 268'435'460;

enum class FrameStatus : std::uint8_t {
  complete,   // `size` bytes at the front are one packet.
  need_more,  // `size` bytes are needed in all; 0 while even that is unknown.
  malformed,  // The Remaining Length has more than four bytes [MQTT-1.5.5-1], or type 0.
  too_large,  // `size` is over the limit (0x95).
};

struct Frame {
  FrameStatus status = FrameStatus::need_more;
  std::size_t size = 0;
  std::size_t header_size = 0;  // Of a complete one: what comes before its variable header.
};

// size_max counts the whole packet, as Maximum Packet Size does (3.1.2.11.4).
Frame cut_frame(ByteView input, std::uint32_t size_max);

}  // namespace tandemq::mqtt
