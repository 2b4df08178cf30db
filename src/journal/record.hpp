// Record: the mutations of one batch, sealed at a position of the log. The same bytes are written
// to the log, streamed to the standby and replayed at start.
//
//   u8 format | u64 term counter | u64 term node | u64 lsn | u64 chain | u64 sealed at, ms
//   | varint count | count mutations | u64 checksum of all before
//
// `chain` is the checksum of everything before it in the log, record by record: two logs with the
// same chain at the same lsn are the same log up to there.
// Pure values; the Draft belongs to the core thread.
#pragma once

#include "base/result.hpp"
#include "journal/mutation.hpp"
#include "journal/term.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {

inline constexpr std::uint8_t kRecordFormat = 1;

// Where a log stands after a record.
struct Position {
  Term term;
  Lsn lsn = 0;
  std::uint64_t chain = 0;
  bool operator==(const Position&) const = default;
};

struct Record {
  Position position;
  std::string bytes;
};

// Collects the mutations of a batch as bytes; keeps its capacity from batch to batch.
class RecordDraft {
 public:
  void add(const Mutation& mutation);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::size_t size() const { return mutations_.size(); }
  // Seals what was added behind `previous` and starts anew.
  Record seal(const Position& previous, Term term, Instant at);

 private:
  std::string mutations_;
  std::uint64_t count_ = 0;
};

struct OpenedRecord {
  Position position;
  std::uint64_t previous_chain = 0;
  Instant at;  // When it was sealed.
  std::vector<Mutation> mutations;
};

// Checks format and checksum, and that it follows `previous` by lsn and chain.
Result<OpenedRecord> open_record(ByteView bytes, const Position& previous);
// Without knowing what stands before it: checks format and checksum alone.
Result<OpenedRecord> open_record(ByteView bytes);

}  // namespace tandemq
