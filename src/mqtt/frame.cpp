#include "mqtt/frame.hpp"

namespace tandemq::mqtt {
namespace {

Frame sized(std::size_t size, std::size_t available, std::uint32_t size_max) {
  if (size > size_max) return {FrameStatus::too_large, size};
  return {size <= available ? FrameStatus::complete : FrameStatus::need_more, size};
}

}  // namespace

Frame cut_frame(ByteView input, std::uint32_t size_max) {
  Reader reader(input);
  const std::uint8_t first = reader.u8();
  if (!reader.ok()) return {FrameStatus::need_more, 0};
  if ((first >> 4U) == 0) return {FrameStatus::malformed, 0};  // Type 0 is forbidden (2.1.2).

  // Not Reader::variable_u32(): here a length that is cut off is no error, it needs more bytes.
  std::size_t length = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::size_t byte = reader.u8();
    if (!reader.ok()) return {FrameStatus::need_more, 0};
    length |= (byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    if (byte == 0 && i > 0) return {FrameStatus::malformed, 0};  // Longer than needed.
    return sized(2 + i + length, input.size(), size_max);
  }
  return {FrameStatus::malformed, 0};
}

}  // namespace tandemq::mqtt
