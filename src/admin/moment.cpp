#include "admin/moment.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace tandemq {
namespace {

bool are_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!are_digits(digits) || error != std::errc()) return std::nullopt;
  return value;
}

// ".5" is 500.
std::optional<std::int64_t> fraction_ms(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || !are_digits(text.substr(1))) return std::nullopt;
  std::string digits(text.substr(1, 3));
  digits.resize(3, '0');
  return number(digits);
}

// "2026-11-21T10:00:00" and what stands behind it, up to the Z.
std::optional<Instant> parse_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kForm.size() || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == 'd' ? are_digits(text.substr(i, 1)) : text[i] == kForm[i];
    if (!fits) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return number(text.substr(at, size)).value_or(0);
  };
  const auto fraction = fraction_ms(text.substr(kForm.size(), text.size() - kForm.size() - 1));
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(part(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  const std::int64_t hour = part(11, 2);
  const std::int64_t minute = part(14, 2);
  const std::int64_t second = part(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59 || !fraction) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return Instant{(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + *fraction};
}

}  // namespace

Result<Instant> parse_moment(std::string_view text) {
  const auto date = parse_date(text);
  if (date) return *date;
  if (const auto ms = number(text)) return Instant{*ms};
  return failure("'" + std::string(text) +
                 "' is no time: write it as 2026-11-21T10:00:00Z, in UTC, or in milliseconds "
                 "since 1970.");
}

std::string rfc3339(Instant at) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(at.ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

}  // namespace tandemq
