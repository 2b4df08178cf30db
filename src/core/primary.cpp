#include "core/primary.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::int64_t kRideMs = 10;
constexpr std::size_t kNotedMax = 4'096;    // Notes for tables that there are not.
constexpr std::size_t kRideBytes = 65'536;  // A draft of this size is worth a record of its own.

// The next batch will want about as much room as this one had.
Outputs take_all(Outputs& outputs) {
  Outputs taken = std::exchange(outputs, {});
  outputs.list.reserve(taken.list.size());
  outputs.bodies.reserve(taken.bodies.size());
  return taken;
}

}  // namespace

Primary::Primary(State& state, const Config& config, std::shared_ptr<const Access> access,
                 Term term, const Position& last, Lsn tables_at)
    : broker_(state, config, std::move(access)), term_(term), position_(last) {
  ENSURE(last.term < term, "a term has one primary, once");
  if (!config.store.in_memory) materialiser_.emplace(state, tables_at);
  effects_.next_lsn = position_.lsn + 1;
  gate_.release(position_.lsn, ready_);  // What stands behind it was committed before.
  effects_.released = gate_.released();
}

void Primary::start(Instant now) {
  const TermStart begin{term_, position_.lsn + 1};
  effects_.record.add(begin);
  broker_.world().state.apply(begin);
  broker_.start(now, effects_);
}

void Primary::step(Event&& event, Instant now) {
  broker_.step(std::move(event), now, effects_);
}

void Primary::tick(Instant now) {
  if (rests_) return;
  broker_.tick(now, effects_);
}

Instant Primary::next_due() const {
  if (rests_) return Instant::never();
  const Instant due = std::min(broker_.next_due(), draft_until_);
  return materialiser_ ? std::min(due, materialiser_->next_due(position_.lsn)) : due;
}

std::optional<Record> Primary::seal(Instant now, bool at_once) {
  if (!rests_) broker_.retry_blocked(now, effects_);
  ++broker_.world().counters.batches;
  Outputs& free = effects_.at(CommitLevel::memory);
  if (!free.empty()) ready_.push_back(take_all(free));
  if (rests_) {
    effects_.record = {};  // Of whoever says goodbye; the State ends with this life.
    hold_outputs();
    return std::nullopt;
  }
  const bool round = materialiser_ && materialiser_->due(position_.lsn, now);
  if (!effects_.record.empty() && draft_until_.is_never()) draft_until_ = now.plus_ms(kRideMs);
  const bool rides = !at_once && !round && effects_.output_count() == 0 && now < draft_until_ &&
                     effects_.record.size() < kRideBytes;
  std::optional<Record> record;
  if (!effects_.record.empty() && !rides) {
    record = effects_.record.seal(position_, term_, now);
    position_ = record->position;
    effects_.next_lsn = position_.lsn + 1;
    draft_until_ = Instant::never();
  }
  hold_outputs();
  if (round) materialiser_->collect(position_, now);
  State& state = broker_.world().state;
  if (!materialiser_ && state.marks().noted() > kNotedMax) state.forget_marks();
  return record;
}

// Without a record of its own a held output waits for those before it.
void Primary::hold_outputs() {
  for (std::size_t i = 0; i < kCommitLevels; ++i) {
    const auto level = static_cast<CommitLevel>(i);
    Outputs& outputs = effects_.at(level);
    if (outputs.empty()) continue;
    Outputs taken = take_all(outputs);
    if (position_.lsn > gate_.released().at(level)) {
      gate_.hold(position_.lsn, level, taken);
    } else {
      ready_.push_back(std::move(taken));
    }
  }
}

void Primary::committed(const Committed& committed) {
  gate_.release(committed, ready_);
  effects_.released = gate_.released();
}

// What waits at the node's level is nothing of its own.
Awaited Primary::awaited() const {
  const auto awaited = [this](CommitLevel level) {
    return level == broker_.world().level ? UINT64_MAX : gate_.awaited(level);
  };
  return {awaited(CommitLevel::local), awaited(CommitLevel::written),
          awaited(CommitLevel::flushed)};
}

Lsn Primary::settled() const {
  return gate_.released().at(broker_.world().level);
}

std::vector<Outputs> Primary::take_outputs() {
  return std::exchange(ready_, {});
}

std::optional<TableChanges> Primary::take_tables() {
  auto changes = materialiser_ ? materialiser_->take(settled()) : std::nullopt;
  if (changes) {
    broker_.world().counters.table_rows +=
        changes->puts.size() + changes->bodies.size() + changes->deletes.size();
  }
  return changes;
}

void Primary::tables_written() {
  materialiser_->written();
  broker_.world().state.keep_bodies_within(broker_.world().config.memory.bodies_max_bytes);
}

std::optional<BodyRequest> Primary::take_body_request() {
  if (effects_.wanted.empty()) return std::nullopt;
  return BodyRequest{broker_.world().next_fetch++, std::exchange(effects_.wanted, {})};
}

void Primary::bodies_read(std::uint64_t request, const std::vector<MessageRef>& bodies,
                          const std::vector<MessageId>& lost, Instant now) {
  broker_.bodies_read(request, bodies, lost, now, effects_);
}

}  // namespace tandemq
