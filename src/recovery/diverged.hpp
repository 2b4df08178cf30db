// Diverged: the end of a log that another primary's log does not have, kept in a file before it is
// cut off, so that nothing is lost without a word: `tandemqctl diverged` lists, shows and replays
// it.
//
//   data.dir/diverged/diverged-TERM-LSN   a segment (recovery/segment.hpp)
//     TERM   the counter of the term of its last record
//     LSN    its first record
//
// A file has its name when it is whole. Any thread; a DivergedReader belongs to one.
#pragma once

#include "base/result.hpp"
#include "journal/record.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

// The records of the log from `from` on, in a new file of the folder, which is made if it is not
// there: its path. The log ends at `end`.
Result<std::string> export_diverged(const Store& store, Lsn from, const Position& end,
                                    const std::string& folder);

struct DivergedTail {
  std::string name;  // Of the file, without the folder.
  std::uint64_t term = 0;
  Lsn first = 0;
  Lsn last = 0;
  std::uint64_t records = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // Of the file.
  Instant first_at;         // When its first and its last record were sealed.
  Instant last_at;
  std::string damage;  // A sentence; then the counts are about what stands before it.
};

// By term, then by their first record; none if there is no folder. Reads every file.
Result<std::vector<DivergedTail>> list_diverged(const std::string& folder);
// The error: it is no name of a tail, or there is none of this name.
Result<std::string> diverged_path(const std::string& folder, const std::string& name);
Result<void> delete_diverged(const std::string& folder, const std::string& name);

// Reads a tail record by record, so that none is too large for the memory.
class DivergedReader {
 public:
  Result<void> open(const std::string& path);
  // Nothing: that was all. The error: the file is damaged; what follows cannot be read.
  Result<std::optional<OpenedRecord>> next();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // Of the file.

 private:
  Result<std::string> read_bytes(std::uint64_t size);

  std::string path_;
  std::ifstream file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t left_ = 0;  // Of them.
  Lsn first_ = 0;
  std::optional<Position> previous_;
};

}  // namespace tandemq
