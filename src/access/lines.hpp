// The lines of a password or ACL file that say something: trimmed, numbered from 1, without empty
// ones and comments. Lives no longer than the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

class LinesView {
 public:
  explicit LinesView(std::string_view text) : rest_(text) {}

  // Moves on to the next line; false at the end.
  bool next();

  std::string_view line() const { return line_; }
  std::uint32_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  std::uint32_t number_ = 0;
};

// The text without white space at both ends.
std::string_view trimmed(std::string_view text);

// The text between quotes, fit for a log: shortened, UTF-8, '?' for control characters.
std::string quoted(std::string_view text);

}  // namespace tandemq
