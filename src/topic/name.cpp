#include "topic/name.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace tandemq {

namespace {

constexpr std::string_view kSharePrefix = "$share/";

bool has_valid_size(std::string_view text, const TopicLimits& limits) {
  if (text.empty() || text.size() > limits.size_max) return false;  // [MQTT-4.7.3-1, -3]
  if (text.size() < limits.levels_max) return true;  // Too short for too many levels.
  const auto separators = std::count(text.begin(), text.end(), '/');
  return static_cast<std::size_t>(separators) < limits.levels_max;
}

// What names and filters have in common [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3].
bool is_valid_text(std::string_view text, const TopicLimits& limits) {
  return has_valid_size(text, limits) && text.find('\0') == std::string_view::npos;
}

bool is_wildcard(char byte) {
  return byte == '+' || byte == '#';
}

}  // namespace

bool is_valid_name(std::string_view topic, const TopicLimits& limits) {
  if (is_plain_topic(topic)) return has_valid_size(topic, limits);
  return is_valid_text(topic, limits) && !has_wildcard(topic);  // [MQTT-4.7.0-1]
}

bool is_valid_filter(std::string_view filter, const TopicLimits& limits) {
  if (!is_valid_text(filter, limits)) return false;
  for (LevelsView levels(filter); !levels.at_end();) {
    const std::string_view level = levels.next();
    if (level == "+" || !has_wildcard(level)) continue;  // [MQTT-4.7.1-2]
    return level == "#" && levels.at_end();              // [MQTT-4.7.1-1]
  }
  return true;
}

bool has_wildcard(std::string_view filter) {
  return filter.find('#') != filter.npos || filter.find('+') != filter.npos;
}

bool is_shared(std::string_view filter) {
  return filter.substr(0, kSharePrefix.size()) == kSharePrefix;
}

std::optional<SharedFilter> split_shared(std::string_view filter) {
  if (!is_shared(filter)) return std::nullopt;
  const std::string_view rest = filter.substr(kSharePrefix.size());
  const std::size_t end = rest.find('/');
  if (end == std::string_view::npos) return std::nullopt;
  const SharedFilter shared{rest.substr(0, end), rest.substr(end + 1)};
  if (shared.group.empty() || has_wildcard(shared.group) || shared.filter.empty()) {
    return std::nullopt;
  }
  return shared;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (filter.empty() || topic.empty()) return false;
  if (topic.front() == '$' && is_wildcard(filter.front())) return false;  // [MQTT-4.7.2-1]
  LevelsView wanted(filter);
  LevelsView given(topic);
  while (!wanted.at_end()) {
    const std::string_view level = wanted.next();
    if (level == "#") return true;  // Its parent level as well.
    if (given.at_end()) return false;
    const std::string_view actual = given.next();
    if (level != "+" && level != actual) return false;
  }
  return given.at_end();
}

std::string_view LevelsView::next() {
  const std::size_t start = next_;
  const std::size_t end = std::min(text_.find('/', start), text_.size());
  next_ = end + 1;
  return text_.substr(start, end - start);
}

}  // namespace tandemq
