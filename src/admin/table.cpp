#include "admin/table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace tandemq {
namespace {

using Show = CommandColumn::Show;

constexpr std::uint64_t kNeverEnding_s = 0xFFFFFFFF;
constexpr std::string_view kNothing = "-";

struct Unit {
  std::int64_t ms;
  std::string_view name;
};
constexpr std::array kUnits = {Unit{86'400'000, " d"}, Unit{3'600'000, " h"}, Unit{60'000, " min"},
                               Unit{1'000, " s"}};

// The value behind "a.b", or null.
const Json* find_value(const Json& record, std::string_view key) {
  const Json* value = &record;
  while (true) {
    const std::size_t dot = key.find('.');
    if (!value->is_object()) return nullptr;
    const auto found = value->find(std::string(key.substr(0, dot)));
    if (found == value->end()) return nullptr;
    value = &*found;
    if (dot == std::string_view::npos) return value;
    key.remove_prefix(dot + 1);
  }
}

std::string two_digits(std::uint64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string show_number(const Json& value, Show show, Instant now) {
  const std::int64_t number = value.get<std::int64_t>();
  const auto positive = static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  switch (show) {
    case Show::count:
      return show_count(positive);
    case Show::bytes:
      return show_bytes(positive);
    case Show::time:
      return show_time(number);
    case Show::age:
      return show_duration(ms_between(Instant{number}, now));
    case Show::duration:
      return show_duration(number);
    case Show::seconds:
      return positive == kNeverEnding_s ? "never" : show_duration(number * 1000);
    case Show::text:
    case Show::payload:
      break;
  }
  return std::to_string(number);
}

std::string show_list(const Json& values) {
  std::string text;
  for (const Json& value : values) {
    if (!text.empty()) text += "; ";
    text += harmless(value.is_string() ? value.get_ref<const std::string&>() : json_text(value));
  }
  return text.empty() ? std::string(kNothing) : text;
}

// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void pad_to(std::string& text, std::size_t begin, std::size_t width) {
  const std::size_t is = width_of(std::string_view(text).substr(begin));
  if (is < width) text.append(width - is, ' ');
}

}  // namespace

std::string show_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string show_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames = {" B", " KB", " MB", " GB", " TB"};
  std::uint64_t tenths = bytes * 10;
  std::size_t name = 0;
  for (; tenths >= 10'240 && name + 1 < kNames.size(); ++name) tenths /= 1'024;
  std::string text = std::to_string(tenths / 10);
  if (name > 0 && tenths < 1'000) text += "." + std::to_string(tenths % 10);
  return text.append(kNames[name]);
}

std::string show_duration(std::int64_t ms) {
  ms = std::max<std::int64_t>(ms, 0);
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    const Unit& unit = kUnits[i];
    if (ms < unit.ms) continue;
    const Unit& smaller = kUnits[i + 1];
    std::string text = std::to_string(ms / unit.ms).append(unit.name).append(" ");
    return text.append(std::to_string(ms % unit.ms / smaller.ms)).append(smaller.name);
  }
  return std::to_string(ms / 1'000) + " s";
}

std::string show_time(std::int64_t ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(ms)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  const auto digits = [](auto count) { return two_digits(static_cast<std::uint64_t>(count)); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         digits(static_cast<unsigned>(date.month())) + "-" +
         digits(static_cast<unsigned>(date.day())) + " " + digits(time.hours().count()) + ":" +
         digits(time.minutes().count()) + ":" + digits(time.seconds().count()) + "Z";
}

std::string harmless(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too, in UTF-8 behind 0xC2.
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool c1 = byte == 0xC2U && next < 0xA0U;
    if (byte >= 0x20U && byte != 0x7FU && !c1) {
      out.push_back(text[i]);
      continue;
    }
    const unsigned shown = c1 ? next : byte;
    out.append("\\x").push_back(kDigits[shown >> 4U]);
    out.push_back(kDigits[shown & 15U]);
    if (c1) ++i;
  }
  return out;
}

std::string show_value(const Json& record, const CommandColumn& column, Instant now) {
  const Json* value = find_value(record, column.key);
  if (value == nullptr && column.show == Show::payload) {
    const Json* encoded = find_value(record, std::string(column.key) + "_base64");
    return encoded == nullptr ? std::string(kNothing)
                              : "base64:" + harmless(encoded->get_ref<const std::string&>());
  }
  if (value == nullptr || value->is_null()) return std::string(kNothing);
  if (value->is_boolean()) return value->get<bool>() ? "yes" : "no";
  if (value->is_number_integer()) return show_number(*value, column.show, now);
  if (value->is_array()) return show_list(*value);
  if (!value->is_string()) return harmless(json_text(*value));
  const auto& text = value->get_ref<const std::string&>();
  return text.empty() ? std::string(kNothing) : harmless(text);
}

std::string show_record(std::span<const CommandColumn> columns, const Json& record, Instant now) {
  std::size_t width = 0;
  for (const CommandColumn& column : columns) width = std::max(width, column.title.size());
  std::string text;
  for (const CommandColumn& column : columns) {
    if (find_value(record, column.key) == nullptr && column.show != Show::payload) continue;
    const std::size_t begin = text.size();
    text += std::string(column.title) + ":";
    pad_to(text, begin, width + 2);
    text += show_value(record, column, now) + "\n";
  }
  return text;
}

std::string RowTable::add(const std::vector<Json>& rows, Instant now) {
  std::vector<std::vector<std::string>> lines;
  if (widths_.empty()) {
    widths_.resize(columns_.size());
    std::vector<std::string> titles;
    for (const CommandColumn& column : columns_) titles.emplace_back(column.title);
    lines.push_back(std::move(titles));
  }
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const CommandColumn& column : columns_) cells.push_back(show_value(row, column, now));
    lines.push_back(std::move(cells));
  }
  for (const auto& cells : lines) widen(cells);
  std::string text;
  for (const auto& cells : lines) text += line(cells);
  return text;
}

void RowTable::widen(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i)
    widths_[i] = std::max(widths_[i], width_of(cells[i]));
}

std::string RowTable::line(const std::vector<std::string>& cells) const {
  constexpr std::size_t kGap = 2;
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t begin = text.size();
    text += cells[i];
    if (i + 1 < cells.size()) pad_to(text, begin, widths_[i] + kGap);
  }
  return text + "\n";
}

}  // namespace tandemq
