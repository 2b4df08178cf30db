// LogSizes: how many bytes the log holds, without a number for each record. It remembers the size
// at a mark every kMarkBytes; between two marks the records count as equally large.
// Plain value; owned by the store that writes the log.
#pragma once

#include "journal/record.hpp"

#include <cstdint>
#include <deque>

namespace tandemq {

class LogSizes {
 public:
  static constexpr std::uint64_t kMarkBytes = 64ULL << 10;

  // Nothing is held; the next record will be `first`.
  void start(Lsn first);
  // Records from the end up to, without, `next` are `bytes` large together.
  void add(Lsn next, std::uint64_t bytes);
  void forget_before(Lsn lsn);
  void forget_from(Lsn lsn);

  [[nodiscard]] std::uint64_t bytes() const { return end_.offset - marks_.front().offset; }
  [[nodiscard]] std::uint64_t bytes_before(Lsn lsn) const;

 private:
  struct Mark {
    Lsn lsn = 1;
    std::uint64_t offset = 0;  // Bytes before this record, counted from start().
  };

  [[nodiscard]] std::uint64_t offset_of(Lsn lsn) const;

  std::deque<Mark> marks_{Mark{}};  // Never empty; the front is the first record held.
  Mark end_;                        // Behind the last record.
};

}  // namespace tandemq
