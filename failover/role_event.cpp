#include "failover/role_event.hpp"

#include "base/checksum.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

namespace tandemq::failover {
namespace {

constexpr std::size_t kSumDigits = 16;
constexpr std::size_t kFields = 6;

// What would end a field or a line becomes a blank.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, kRoleTextBytesMax));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return out;
}

std::string sum_of(std::string_view fields) {
  std::array<char, kSumDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(checksum(fields)));
  return {digits.data(), kSumDigits};
}

template <class Number>
bool take_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

std::optional<RoleEvent> event_of(std::string_view line) {
  if (line.size() <= kSumDigits || line[kSumDigits] != '\t') return std::nullopt;
  std::string_view rest = line.substr(kSumDigits + 1);
  if (line.substr(0, kSumDigits) != sum_of(rest)) return std::nullopt;
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t end = rest.find('\t');
    const bool is_last = i + 1 == kFields;
    if ((end == std::string_view::npos) != is_last) return std::nullopt;
    fields[i] = rest.substr(0, end);
    if (!is_last) rest.remove_prefix(end + 1);
  }
  RoleEvent event;
  if (!take_number(fields[0], event.at.ms) || !take_number(fields[1], event.term))
    return std::nullopt;
  event.from = fields[2];
  event.event = fields[3];
  event.to = fields[4];
  event.why = fields[5];
  return event;
}

}  // namespace

std::string line_of(const RoleEvent& event) {
  std::string fields = std::to_string(event.at.ms) + "\t" + std::to_string(event.term);
  for (const std::string* text : {&event.from, &event.event, &event.to, &event.why})
    fields += "\t" + plain(*text);
  return sum_of(fields) + "\t" + fields + "\n";
}

RoleEventsRead read_role_events(std::string_view text) {
  RoleEventsRead read;
  if (text.empty()) return read;
  if (!text.starts_with(kRoleEventsHead)) {
    read.damaged = 1;
    return read;
  }
  text.remove_prefix(kRoleEventsHead.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    auto event = end == std::string_view::npos ? std::nullopt : event_of(text.substr(0, end));
    if (event) {
      read.events.push_back(std::move(*event));
    } else {
      ++read.damaged;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return read;
}

}  // namespace tandemq::failover
