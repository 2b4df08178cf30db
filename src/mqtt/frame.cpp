#include "mqtt/frame.hpp"

namespace tandemq::mqtt {
namespace {

Frame sized(std::size_t header_size, std::size_t length, std::size_t available,
            std::uint32_t size_max) {
  const std::size_t size = header_size + length;
  if (size > size_max) return {FrameStatus::too_large, size, header_size};
  return {size <= available ? FrameStatus::complete : FrameStatus::need_more, size, header_size};
}

}  // namespace

Frame cut_frame(ByteView input, std::uint32_t size_max) {
  Reader reader(input);
  const std::uint8_t first = reader.u8();
  if (!reader.ok()) return {};
  if ((first >> 4U) == 0) return {FrameStatus::malformed};  // Type 0 is forbidden (2.1.2).

  // Not Reader::variable_u32(): here a length that is cut off is no error, it needs more bytes.
  std::size_t length = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::size_t byte = reader.u8();
    if (!reader.ok()) return {};
    length |= (byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    if (byte == 0 && i > 0) return {FrameStatus::malformed};  // Longer than needed.
    return sized(2 + i, length, input.size(), size_max);
  }
  return {FrameStatus::malformed};
}

}  // namespace tandemq::mqtt
