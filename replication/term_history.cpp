#include "replication/term_history.hpp"

#include <algorithm>

namespace tandemq {
namespace {

TermHistory whole(const TermHistory& history, const Position& end) {
  if (!history.empty() || end.lsn == 0) return history;
  return {{end.term, 1}};
}

// Of the term at `index`: its last record.
Lsn last_of(const TermHistory& history, std::size_t index, const Position& end) {
  if (index + 1 == history.size()) return end.lsn;
  return std::min(end.lsn, history[index + 1].first - 1);
}

}  // namespace

Lsn fork_of(const TermHistory& ours, const Position& our_end, const TermHistory& theirs,
            const Position& their_end) {
  const TermHistory left = whole(ours, our_end);
  const TermHistory right = whole(theirs, their_end);
  std::size_t i = left.size();
  std::size_t j = right.size();
  while (i > 0 && j > 0) {
    const Term left_term = left[i - 1].term;
    const Term right_term = right[j - 1].term;
    if (left_term == right_term)
      return std::min(last_of(left, i - 1, our_end), last_of(right, j - 1, their_end));
    left_term > right_term ? --i : --j;
  }
  return 0;
}

}  // namespace tandemq
