// SampleLog: a log as a primary writes it, with the State behind it, for tests of those who send it
// and of those who follow it.
#pragma once

#include "replication/protocol.hpp"
#include "session/state.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tandemq::tests {

class SampleLog {
 public:
  // Begins `term` with its TermStart.
  const Record& begin_term(Term term);
  // Sealed behind the end, in the term that was begun last, and applied.
  const Record& add(const std::vector<Mutation>& mutations);
  // One that changes nothing and takes about `size` bytes.
  const Record& add_idle(std::size_t size = 10);
  // What leads to another log than add_idle().
  const Record& add_other();

  [[nodiscard]] Position position(Lsn lsn) const;
  [[nodiscard]] Position end() const { return position(records.size()); }
  [[nodiscard]] TermHistory history(Lsn lsn) const;  // As it was behind that record.
  [[nodiscard]] std::vector<std::string> bytes(Lsn first, Lsn last) const;
  [[nodiscard]] Records frame(Lsn first, Lsn last, Lsn committed = 0) const;

  State state;
  std::vector<Record> records;  // The first one has lsn 1.

 private:
  Term term_;
  RecordDraft draft_;
};

// Those frames of that kind, in their order.
template <class Kind>
std::vector<Kind> frames_of(const std::vector<Frame>& frames) {
  std::vector<Kind> found;
  for (const Frame& frame : frames)
    if (const auto* one = std::get_if<Kind>(&frame)) found.push_back(*one);
  return found;
}

}  // namespace tandemq::tests
