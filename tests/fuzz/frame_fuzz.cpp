// Any bytes into cut_frame(): the first two are the size limit, the others the stream.
#include "base/ensure.hpp"
#include "mqtt/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tandemq::mqtt {
namespace {

void check_whole(ByteView stream, std::uint32_t size_max) {
  const Frame frame = cut_frame(stream, size_max);
  const bool complete = frame.status == FrameStatus::complete;
  ENSURE(!complete || (frame.size >= 2 && frame.size <= stream.size()), "a frame is in its stream");
  ENSURE(!complete || frame.size <= size_max, "a frame keeps to the limit");
  ENSURE(frame.status != FrameStatus::need_more || frame.size == 0 || frame.size > stream.size(),
         "more is needed only while bytes are missing");
  ENSURE(frame.status != FrameStatus::too_large || frame.size > size_max,
         "what fits is not too large");
}

// A verdict stands: one more byte turns only need_more into something else.
void check_prefixes(ByteView stream, std::uint32_t size_max) {
  Frame before = cut_frame({}, size_max);
  const std::size_t end = std::min<std::size_t>(stream.size(), 64);
  for (std::size_t size = 1; size <= end; ++size) {
    const Frame now = cut_frame(stream.substr(0, size), size_max);
    if (before.status != FrameStatus::need_more) {
      ENSURE(now.status == before.status && now.size == before.size, "a verdict stands");
    } else if (before.size != 0) {
      ENSURE(now.size == before.size, "the size once known stands");
    }
    before = now;
  }
}

}  // namespace
}  // namespace tandemq::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tandemq::Reader reader({reinterpret_cast<const char*>(data), size});
  const std::uint32_t size_max = reader.u16();
  const tandemq::ByteView stream = reader.remaining();
  tandemq::mqtt::check_whole(stream, size_max);
  tandemq::mqtt::check_prefixes(stream, size_max);
  return 0;
}
