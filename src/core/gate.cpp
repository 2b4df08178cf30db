#include "core/gate.hpp"

#include "base/ensure.hpp"

#include <utility>

namespace tandemq {

void Gate::hold(Lsn lsn, CommitLevel level, Outputs& outputs) {
  std::deque<Held>& held = held_[index(level)];
  ENSURE(lsn > released_.at(level), "an output cannot wait for a record that is committed already");
  ENSURE(held.empty() || held.back().lsn <= lsn, "outputs leave in the order of their records");
  held.push_back({lsn, std::exchange(outputs, {})});
}

void Gate::release(const Committed& committed, std::vector<Outputs>& out) {
  released_.advance(committed);
  for (std::size_t level = 0; level < kCommitLevels; ++level) {
    std::deque<Held>& held = held_[level];
    const Lsn lsn = released_.at(static_cast<CommitLevel>(level));
    while (!held.empty() && held.front().lsn <= lsn) {
      out.push_back(std::move(held.front().outputs));
      held.pop_front();
    }
  }
}

std::size_t Gate::held_count() const {
  std::size_t count = 0;
  for (const std::deque<Held>& held : held_) count += held.size();
  return count;
}

Lsn Gate::awaited(CommitLevel level) const {
  const std::deque<Held>& held = held_[index(level)];
  return held.empty() ? UINT64_MAX : held.front().lsn;
}

}  // namespace tandemq
