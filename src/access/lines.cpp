#include "access/lines.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace tandemq {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr std::size_t kQuotedSizeMax = 100;  // Enough to recognise a line by.

}  // namespace

bool LinesView::next() {
  while (!rest_.empty()) {
    const std::size_t size = std::min(rest_.find('\n'), rest_.size());
    line_ = trimmed(rest_.substr(0, size));
    rest_.remove_prefix(std::min(size + 1, rest_.size()));
    ++number_;
    if (!line_.empty() && line_.front() != '#') return true;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

std::string quoted(std::string_view text) {
  std::string out(text.substr(0, kQuotedSizeMax));
  const bool is_utf8 = is_mqtt_utf8(out);
  for (char& byte : out) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value == 0x7F || (value > 0x7F && !is_utf8)) byte = '?';
  }
  return "'" + out + (text.size() > kQuotedSizeMax ? "...'" : "'");
}

}  // namespace tandemq
