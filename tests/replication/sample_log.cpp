#include "tests/replication/sample_log.hpp"

#include <algorithm>

namespace tandemq::tests {

const Record& SampleLog::begin_term(Term term) {
  term_ = term;
  return add({TermStart{term, end().lsn + 1}});
}

const Record& SampleLog::add(const std::vector<Mutation>& mutations) {
  for (const Mutation& mutation : mutations) {
    draft_.add(mutation);
    state.apply(mutation);
  }
  return records.emplace_back(draft_.seal(end(), term_, Instant{1}));
}

const Record& SampleLog::add_idle(std::size_t size) {
  return add({RetainedCleared{std::string(size, 'n')}});
}

const Record& SampleLog::add_other() {
  return add({RetainedCleared{"other"}});
}

Position SampleLog::position(Lsn lsn) const {
  return lsn == 0 ? Position{} : records[lsn - 1].position;
}

TermHistory SampleLog::history(Lsn lsn) const {
  TermHistory history = state.terms();
  std::erase_if(history, [&](const TermBegin& begin) { return begin.first > lsn; });
  return history;
}

std::vector<std::string> SampleLog::bytes(Lsn first, Lsn last) const {
  std::vector<std::string> bytes;
  for (Lsn lsn = first; lsn <= last; ++lsn) bytes.push_back(records[lsn - 1].bytes);
  return bytes;
}

Records SampleLog::frame(Lsn first, Lsn last, Lsn committed) const {
  return {first, committed, false, bytes(first, last)};
}

}  // namespace tandemq::tests
