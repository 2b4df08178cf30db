// Printer: the lines of an answer, as what tandemqctl prints: JSON as it came, or for a person a
// record, or a table. Rows of a list are gathered so that their columns fit; live ones are not.
// Owned by main. Touches no file: the text comes back.
#pragma once

#include "admin/command.hpp"
#include "admin/table.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

class Printer {
 public:
  Printer(const Command& command, bool json, bool live)
      : command_(command), json_(json), live_(live), table_(command.columns) {}

  std::string take(std::string_view line, Instant now);
  // Behind the last line. A list that came whole has its titles even if it has no rows.
  std::string finish(bool whole, Instant now);

  // What an answer that began well said at its end; empty if nothing went wrong.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  std::string flush(Instant now);

  const Command& command_;
  bool json_;
  bool live_;
  RowTable table_;
  std::vector<Json> rows_;
  bool printed_ = false;
  std::size_t sentences_ = 0;  // They come behind the rows.
  std::string error_;
};

}  // namespace tandemq
