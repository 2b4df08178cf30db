#include "core/primary.hpp"

#include <utility>

namespace tandemq {

Primary::Primary(State& state, const Config& config, std::shared_ptr<const Access> access,
                 Term term, const Position& last)
    : broker_(state, config, std::move(access)), term_(term), position_(last) {
  effects_.next_lsn = position_.lsn + 1;
  effects_.released_lsn = position_.lsn;
  gate_.release(position_.lsn, ready_);  // What stands behind it was committed before.
}

void Primary::start(Instant now) {
  broker_.start(now, effects_);
}

void Primary::step(Event&& event, Instant now) {
  broker_.step(std::move(event), now, effects_);
}

void Primary::tick(Instant now) {
  broker_.tick(now, effects_);
}

std::optional<Record> Primary::seal(Instant now) {
  broker_.retry_blocked(now, effects_);
  ++broker_.world().counters.batches;
  if (!effects_.free.empty()) ready_.push_back(std::exchange(effects_.free, {}));
  std::optional<Record> record;
  if (!effects_.record.empty()) {
    record = effects_.record.seal(position_, term_);
    position_ = record->position;
    effects_.next_lsn = position_.lsn + 1;
  }
  // Without a record of its own a held output waits for those before it.
  if (!effects_.held.empty()) {
    if (position_.lsn > gate_.released()) {
      gate_.hold(position_.lsn, effects_.held);
    } else {
      ready_.push_back(std::exchange(effects_.held, {}));
    }
  }
  return record;
}

void Primary::committed(Lsn lsn) {
  gate_.release(lsn, ready_);
  effects_.released_lsn = gate_.released();
}

std::vector<Outputs> Primary::take_outputs() {
  return std::exchange(ready_, {});
}

}  // namespace tandemq
