#include "node/runner.hpp"

#include "base/ensure.hpp"
#include "node/split_outputs.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

// Nobody is turned away here: hubs stop reading by what is under way, the password workers by the
// length of their queue, and administration is one thread that waits for answers.
constexpr std::size_t kOutputsMax = 16'384;  // Of a batch, about 2 MB.
// What the disk has not taken yet, at the most: then no more events are taken.
constexpr std::uint64_t kBacklogBytes = 32U << 20U;

bool may_accept_client(const Event& event) {
  if (const auto* received = std::get_if<Received>(&event)) {
    return std::holds_alternative<mqtt::Connect>(received->packet) ||
           std::holds_alternative<mqtt::Auth>(received->packet);
  }
  return std::holds_alternative<PasswordChecked>(event);
}

// The first record that an output waits for; UINT64_MAX: none does.
Lsn first_held(const Gate& gate) {
  Lsn first = UINT64_MAX;
  for (std::size_t level = 0; level < kCommitLevels; ++level)
    first = std::min(first, gate.awaited(static_cast<CommitLevel>(level)));
  return first;
}

ConnectionId connection_of(const Event& event) {
  return std::visit([](const auto& one) { return one.connection; }, event);
}

}  // namespace

Runner::Runner(asio::io_context& io, const Clock& clock, ConnectionLog& log)
    : io_(io),
      clock_(clock),
      log_(log),
      batches_(kNoBound, [this] { asio::post(io_, [this] { drain(); }); }),
      closures_(kNoBound, [this] { asio::post(io_, [this] { drain(); }); }),
      timer_(io) {}

void Runner::lead(const Config& config, Role role) {
  ENSURE(!role_, "a node leads once");
  role_.emplace(std::move(role));
  flushing_ = role_->feed.needs_flush();
  committer_.emplace(
      role_->store, config, role_->tables_at,
      Committer::Ports{[this](Lsn written, Lsn flushed) {
                         post([this, written, flushed](Primary&, Instant) {
                           role_->feed.local(written, flushed);
                         });
                       },
                       [this] { post([](Primary& p, Instant) { p.tables_written(); }); },
                       role_->archived, [this] { return followed_.load(); },
                       [this] { return allowance_.load(); }, &measures_});
  committer_->set_flush(flushing_);
  body_reader_.emplace(role_->store, [this](const BodiesRead& read) {
    post([read](Primary& p, Instant now) {
      p.bodies_read(read.request, read.bodies, read.lost, now);
    });
  });
  finish_batch(clock_.now());
}

std::uint8_t Runner::add_sink(Sink sink) {
  ENSURE(sinks_.size() < 256, "a connection id has 8 bits for its sink");
  sinks_.push_back(std::move(sink));
  owed_.push_back(0);
  return static_cast<std::uint8_t>(sinks_.size() - 1);
}

void Runner::put_events(std::uint8_t sink, std::vector<Event>& events) {
  batches_.put({sink, true, std::exchange(events, {})});
}

void Runner::put_answer(PasswordChecked answer) {
  Batch batch{connection_sink(answer.connection), false, {}};
  batch.events.emplace_back(std::move(answer));
  batches_.put(std::move(batch));
}

void Runner::post(Closure closure, std::function<void()> otherwise) {
  closures_.put({std::move(closure), std::move(otherwise)});
}

void Runner::run_events(std::uint8_t sink, std::vector<Event>& events) {
  if (role_->feed.moves()) return put_events(sink, events);
  const Instant now = clock_.now();
  step_all(events, now);
  finish_batch(now);
  take_events(sink, events.size());
  events.clear();
}

void Runner::run(const Closure& closure) {
  const Instant now = clock_.now();
  closure(role_->primary, now);
  finish_batch(now);
}

void Runner::turn_away() {
  for (const Posted& posted : drained_closures_)
    if (posted.otherwise) posted.otherwise();
  drained_closures_.clear();
  drained_batches_.clear();
}

void Runner::drain() {
  // Clients wait while the leadership moves to the standby, and all else once that was offered.
  held_ = role_ && role_->feed.moves();
  if (role_ && role_->feed.has_offered()) return;
  if (!held_) batches_.drain(drained_batches_);
  closures_.drain(drained_closures_);
  if (drained_batches_.empty() && drained_closures_.empty()) return;  // One wake-up too many.
  if (!role_) return turn_away();
  const Instant now = clock_.now();
  for (Batch& batch : drained_batches_) step_all(batch.events, now);
  for (const Posted& posted : drained_closures_) posted.closure(role_->primary, now);
  finish_batch(now);
  for (const Batch& batch : drained_batches_) {
    if (batch.counted) take_events(batch.sink, batch.events.size());
  }
  drained_batches_.clear();
  drained_closures_.clear();
}

void Runner::step_all(std::vector<Event>& events, Instant now) {
  for (Event& event : events) {
    step(event, now);
    // A fan-out multiplies: its outputs leave, and are bounded by the outboxes, as they come.
    if (role_->primary.effects().output_count() >= kOutputsMax) finish_batch(now);
  }
}

void Runner::step(Event& event, Instant now) {
  if (may_accept_client(event)) return step_accepting(event, now);
  if (const auto* closed = std::get_if<Closed>(&event)) {
    if (const Connection* connection = find_connection(closed->connection))
      log_.closed(*connection, closed->why, now);
  }
  role_->primary.step(std::move(event), now);
}

void Runner::step_accepting(Event& event, Instant now) {
  const ConnectionId id = connection_of(event);
  const Connection* before = find_connection(id);
  const bool was_ready = before != nullptr && before->phase == ConnectionPhase::ready;
  role_->primary.step(std::move(event), now);
  const Connection* after = find_connection(id);
  if (!was_ready && after != nullptr && after->phase == ConnectionPhase::ready)
    log_.connected(*after, now);
}

const Connection* Runner::find_connection(ConnectionId id) const {
  return std::as_const(role_->primary.broker()).world().connections.find(id);
}

void Runner::finish_batch(Instant now) {
  Primary& primary = role_->primary;
  Feed& feed = role_->feed;
  primary.rest(feed.has_offered());
  if (primary.next_due() <= now) primary.tick(now);
  const std::size_t held_before = primary.gate().held_count();
  auto record = primary.seal(now, feed.verifies() || feed.moves());
  if (primary.gate().held_count() > held_before) commit_timer_.held(primary.position().lsn);
  feed.await(primary.awaited());
  if (record) {
    feed.append(*record, now);
    committer_->append(std::move(*record));
  }
  feed.verify();  // What is to be sealed is, so that the State stands where the log does.
  if (feed.next_due() <= now) feed.tick(now);
  role_->replicate(now);
  commit();
  if (auto changes = primary.take_tables()) committer_->write_tables(std::move(*changes));
  if (auto request = primary.take_body_request()) body_reader_->read(std::move(*request));
  for (Outputs& outputs : primary.take_outputs()) carry_out(std::move(outputs));
  if (owes_) pay_events();
  if (held_ && !feed.moves()) asio::post(io_, [this] { drain(); });
  set_timer(now);
}

void Runner::commit() {
  Feed& feed = role_->feed;
  if (feed.levels() != role_->primary.gate().released()) {
    role_->primary.committed(feed.levels());
    commit_timer_.released(first_held(role_->primary.gate()));
    feed.await(role_->primary.awaited());
  }
  if (feed.needs_flush() != flushing_) {
    flushing_ = !flushing_;
    committer_->set_flush(flushing_);
  }
  allowance_ = feed.log_allowance();  // Before what it belongs to.
  followed_ = feed.needed_from();
}

void Runner::take_events(std::uint8_t sink, std::size_t count) {
  owed_[sink] += count;
  owes_ = true;
  pay_events();
}

// A disk that is slower than the clients slows them down, and so may a standby.
void Runner::pay_events() {
  if (committer_->backlog_bytes() > kBacklogBytes || role_->feed.is_lagging()) return;
  owes_ = false;
  for (std::size_t sink = 0; sink < owed_.size(); ++sink) {
    const std::size_t count = std::exchange(owed_[sink], 0);
    if (count > 0) sinks_[sink].events_taken(count);
  }
}

void Runner::finish() {
  if (!role_) return;
  const Instant now = clock_.now();
  if (auto record = role_->primary.seal(now)) {
    role_->feed.append(*record, now);
    committer_->append(std::move(*record));
  }
  role_->replicate(now);
  committer_->stop();
}

void Runner::carry_out(Outputs&& outputs) {
  if (outputs.empty()) return;
  if (have_one_sink(outputs)) {
    sinks_[connection_sink(outputs.list.front().connection)].carry_out(std::move(outputs));
    return;
  }
  split_outputs(std::move(outputs), by_sink_);
  for (std::size_t sink = 0; sink < by_sink_.size(); ++sink) {
    if (!by_sink_[sink].empty()) sinks_[sink].carry_out(std::exchange(by_sink_[sink], {}));
  }
}

void Runner::set_timer(Instant now) {
  // A timer that is set too early costs a tick that finds nothing; one for each change of the next
  // deadline would cost a system call a batch.
  const Instant due = std::min(role_->primary.next_due(), role_->feed.next_due());
  if (due >= timer_at_) return;
  timer_at_ = due;
  timer_.expires_after(std::chrono::milliseconds(std::max<std::int64_t>(0, ms_between(now, due))));
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;  // It was set anew.
    timer_at_ = Instant::never();
    finish_batch(clock_.now());
  });
}

}  // namespace tandemq
