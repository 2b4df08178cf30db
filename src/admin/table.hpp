// table: answers as a person reads them: a record as lines of title and value, rows as a table,
// sizes and times in words. Text that came from clients is made harmless for a terminal. Pure: what
// time it is comes in.
#pragma once

#include "admin/command.hpp"
#include "admin/json.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

std::string show_value(const Json& record, const CommandColumn& column, Instant now);
std::string show_record(std::span<const CommandColumn> columns, const Json& record, Instant now);

// Columns as wide as the widest value so far; the last one is as long as it is.
class RowTable {
 public:
  explicit RowTable(std::span<const CommandColumn> columns) : columns_(columns) {}

  // The lines of these rows, with the titles before the first.
  std::string add(const std::vector<Json>& rows, Instant now);

 private:
  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const;
  void widen(const std::vector<std::string>& cells);

  std::span<const CommandColumn> columns_;
  std::vector<std::size_t> widths_;  // Empty before the first rows.
};

// "1.5 MB", "3 h 12 min", "1,234,567", "2026-01-31 12:00:00Z"
std::string show_bytes(std::uint64_t bytes);
std::string show_duration(std::int64_t ms);
std::string show_count(std::uint64_t count);
std::string show_time(std::int64_t ms);
std::string harmless(std::string_view text);  // Control characters as \xNN.

}  // namespace tandemq
