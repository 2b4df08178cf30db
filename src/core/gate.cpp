#include "core/gate.hpp"

#include "base/ensure.hpp"

#include <utility>

namespace tandemq {

void Gate::hold(Lsn lsn, Outputs& outputs) {
  ENSURE(lsn > released_, "an output cannot wait for a record that is committed already");
  ENSURE(held_.empty() || held_.back().lsn <= lsn, "outputs leave in the order of their records");
  held_.push_back({lsn, std::exchange(outputs, {})});
}

void Gate::release(Lsn lsn, std::vector<Outputs>& out) {
  if (lsn > released_) released_ = lsn;
  while (!held_.empty() && held_.front().lsn <= released_) {
    out.push_back(std::move(held_.front().outputs));
    held_.pop_front();
  }
}

}  // namespace tandemq
