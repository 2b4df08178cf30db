// Any text as a line of an export. What is refused is refused with a reason; what is accepted is
// written as a line that is accepted again and written the same.
#include "base/ensure.hpp"
#include "transfer/line.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace tandemq;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = parse_line(text);
  if (!line) {
    ENSURE(!line.error().text.empty(), "a refusal says why");
    return 0;
  }
  const std::string written = line_text(*line);
  ENSURE(written.find('\n') == std::string::npos, "a line is one line");
  const auto again = parse_line(written);
  ENSURE(again.has_value(), "what is written can be read");
  ENSURE(again->index() == line->index(), "a line keeps its type");
  ENSURE(line_text(*again) == written, "nothing changes on the way");
  return 0;
}
