#include "replication/feed.hpp"

#include "base/ensure.hpp"
#include "replication/term_history.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kRecentBytes = 32U << 20U;  // Kept in memory at the most.
constexpr std::uint64_t kWindowBytes = 8U << 20U;   // Sent and not received.
constexpr std::uint64_t kPieceBytes = 1U << 20U;    // Of the log, about, a frame.
constexpr std::uint64_t kNearBytes = 1U << 20U;     // So far behind is nearly there.
constexpr std::int64_t kImageKeptMs = 60'000;       // After the link was lost.
constexpr std::int64_t kLogKeptMs = 600'000;        // The same, of the log behind an image.
constexpr std::int64_t kCompareMs = 1'000;
constexpr std::int64_t kHoldDownMs = 2'000;
constexpr std::int64_t kHoldDownMaxMs = 300'000;
constexpr std::int64_t kSteadyMs = 600'000;  // In sync for so long: what was before is forgiven.

}  // namespace

Feed::Feed(const State& state, const ReplicationConfig& config, Term term, const Position& end,
           bool relaxed, std::uint64_t seed)
    : state_(state),
      config_(config),
      term_(term),
      commit_(config.mode, relaxed, end.lsn),
      end_(end),
      next_image_(seed),
      due_(Instant::never()) {}

// ---------------------------------------------------------------- this node's log

void Feed::append(const Record& record, Instant now) {
  ENSURE(record.position.lsn == end_.lsn + 1, "the log has no gaps");
  end_ = record.position;
  if (config_.peer.empty()) return;
  recent_.push_back({record.bytes, now, appended_bytes_});
  recent_bytes_ += record.bytes.size();
  appended_bytes_ += record.bytes.size();
  while (recent_bytes_ > kRecentBytes && recent_.size() > 1) {
    recent_bytes_ -= recent_.front().bytes.size();
    recent_.pop_front();
  }
  if (phase_ != Phase::streaming && phase_ != Phase::catching_up) return;
  allow_lag();
  pump();
  if (now >= compare_at_ && next_ > end_.lsn) {  // Otherwise it would stand between others.
    compare_at_ = now.plus_ms(kCompareMs);
    compare();
  }
  set_due(now);
}

void Feed::local(Lsn written, Lsn flushed) {
  if (!superseded_by_ && !ended_) commit_.local(written, flushed);
}

// ---------------------------------------------------------------- the link

void Feed::connected(const Hello& hello, Lsn first_lsn, Instant now) {
  if (phase_ != Phase::absent) lose("it has connected anew", now);
  ++link_;
  hello_ = hello;
  sent_.clear();
  unreceived_bytes_ = 0;
  acknowledged_ = {};
  has_answered_ = false;
  forget_requests();
  frames_.clear();
  hang_up_.reset();
  heard_at_ = pinged_at_ = now;
  pings_ = 0;
  unanswered_.clear();
  near_since_ = Instant::never();
  compare_at_ = now.plus_ms(kCompareMs);
  phase_ = Phase::probing;
  probe(hello, first_lsn);
  pump();
  set_due(now);
}

void Feed::probe(const Hello& hello, Lsn first_lsn) {
  if (hello.term_seen > term_) supersede(hello.term_seen);
  if (superseded_by_)
    return refuse(Refused::Why::not_primary, "a newer term has begun: this node steps down");
  if (hello.is_primary)
    return refuse(Refused::Why::superseded, "your term is over: a newer one has begun here");
  if (hello.feature_level < kFeatureLevel)
    return refuse(Refused::Why::feature_level,
                  "this cluster is at feature level " + std::to_string(kFeatureLevel) +
                      ", yours is " + std::to_string(hello.feature_level) + ": upgrade that node");
  if (hello.wants_image) return begin_image(hello.end.lsn);
  const Lsn fork = fork_of(state_.terms(), end_, hello.history, hello.end);
  if (fork < hello.end.lsn) {
    // The tables of the standby are not undone, so what they hold is not cut.
    if (fork >= hello.tables_at && fork + 1 >= first_lsn) return welcome(Welcome::Way::cut, fork);
    return begin_image(fork);
  }
  if (fork == end_.lsn) {
    if (end_.chain == hello.end.chain) return stream_from(fork + 1);
    alarms_.push_back("the standby's log differs at position " + std::to_string(fork) +
                      ", where it should be the same: it gets an image; please report this");
    return begin_image(0);
  }
  if (fork + 1 < first_lsn) return begin_image(fork);
  next_ = fork + 1;
  if (!recent_.empty() && next_ >= recent_first())
    return check_probe(recent_[next_ - recent_first()].bytes);
  ask(ReadLog{next_, 1});
}

// Nothing more is committed in a term that is over.
void Feed::supersede(Term term) {
  superseded_by_ = term;
  wish_ = Wish::none;
}

// The record behind the standby's end says what must stand before it.
void Feed::check_probe(const std::string& record) {
  const auto opened = open_record(record);
  if (opened && opened->previous_chain == hello_.end.chain) return stream_from(next_);
  alarms_.push_back("the standby's log differs at position " + std::to_string(next_ - 1) +
                    ", where it should be the same: it gets an image; please report this");
  begin_image(0);
}

void Feed::welcome(Welcome::Way way, Lsn lsn) {
  frames_.emplace_back(Welcome{kFeatureLevel, term_, way, lsn, end_, commit_.committed()});
}

void Feed::refuse(Refused::Why why, std::string text) {
  frames_.emplace_back(Refused{why, term_, end_, text});
  hang_up_ = "refused: " + std::move(text);
  phase_ = Phase::absent;
}

void Feed::stream_from(Lsn lsn) {
  welcome(Welcome::Way::stream, lsn);
  next_ = lsn;
  acknowledged_.received = lsn - 1;
  phase_ = Phase::catching_up;
  image_sent_ = false;
  drop_image();
}

void Feed::disconnected(Instant now) {
  if (phase_ != Phase::absent) lose("the connection was lost", now);
}

// From now on nothing is sent; but it is needed until the shell grants that it is not.
void Feed::lose(const std::string& why, Instant now) {
  ++link_;
  silent_since_ = std::min(heard_at_, waiting_since());
  const bool streamed = phase_ == Phase::streaming || phase_ == Phase::catching_up;
  if (streamed && has_answered_) absent_needs_ = acknowledged_.received + 1;
  phase_ = Phase::absent;
  forget_requests();
  absent_since_ = now;
  near_since_ = Instant::never();
  comparison_.end("the standby was lost meanwhile: " + why, false);
  if (commit_.phase() != CommitPoint::Phase::solo && wish_ != Wish::alone) {
    const bool steady =
        commit_.phase() == CommitPoint::Phase::paired && ms_between(paired_at_, now) >= kSteadyMs;
    hold_down_ms_ = steady ? 0 : std::clamp(hold_down_ms_ * 2, kHoldDownMs, kHoldDownMaxMs);
    frames_.emplace_back(Outdated{term_, commit_.committed()});  // If it still hears us.
    alarms_.push_back("the standby is lost: " + why);
    wish_ = Wish::alone;
    commit_.leave();
  }
  fail_move(why);
  set_due(now);
}

void Feed::take(Frame&& frame, Instant now) {
  if (phase_ == Phase::absent) return;  // What was on its way when we hung up.
  heard_at_ = now;
  if (const auto* durable = std::get_if<Durable>(&frame)) return on(*durable, now);
  if (const auto* taken = std::get_if<ImageTaken>(&frame)) {
    while (!pieces_.empty() && pieces_.front() <= taken->rows) pieces_.pop_front();
    pump_image(now);
  } else if (const auto* digest = std::get_if<StateDigest>(&frame)) {
    comparison_.take(*digest);
  } else if (const auto* said = std::get_if<HandOver>(&frame)) {
    on(*said, now);
  } else if (const auto* differs = std::get_if<Differs>(&frame)) {
    comparison_.end("the standby differs: " + differs->text, true);
    alarms_.push_back("the standby differs at position " + std::to_string(differs->lsn) + ": " +
                      differs->text + ": it gets an image; please report this");
  } else {
    hang_up_ = "the standby has sent a frame that is the primary's to send";
    lose(*hang_up_, now);
  }
  set_due(now);
}

void Feed::on(const Durable& durable, Instant now) {
  if (phase_ != Phase::streaming && phase_ != Phase::catching_up) return;
  if (durable.received >= next_ || durable.written > durable.received ||
      durable.flushed > durable.written || durable.ping > pings_) {
    hang_up_ = "the standby acknowledges what was not sent";
    return lose(*hang_up_, now);
  }
  acknowledged_ = durable;
  has_answered_ = true;
  for (; !unanswered_.empty() && unanswered_.front().ping <= durable.ping; unanswered_.pop_front())
    promised_at_ = unanswered_.front().at;
  while (!sent_.empty() && sent_.front().last <= durable.received) {
    unreceived_bytes_ -= sent_.front().bytes;
    sent_.pop_front();
  }
  commit_.standby(durable);
  allow_lag();
  pump();
  consider_admission(now);
  set_due(now);
}

// ---------------------------------------------------------------- admission

void Feed::consider_admission(Instant now) {
  if (wish_ == Wish::alone) return;
  if (commit_.phase() == CommitPoint::Phase::admitting) {
    if (commit_.has_barrier()) wish_ = Wish::pair;
    return;
  }
  if (commit_.phase() == CommitPoint::Phase::paired) return;
  const bool near = phase_ == Phase::streaming && has_answered_ && unreceived_bytes_ <= kNearBytes;
  if (!near) {
    near_since_ = Instant::never();
    return;
  }
  if (near_since_.is_never()) near_since_ = now;
  if (ms_between(near_since_, now) < hold_down_ms_) return;
  admitted_at_ = now;
  commit_.admit(end_.lsn);
  allow_lag();
  commit_.standby(acknowledged_);
  if (commit_.has_barrier()) wish_ = Wish::pair;
}

// What has left the memory is not counted; that is more than anybody may lag.
std::uint64_t Feed::lag_bytes() const {
  if (next_ > end_.lsn || recent_.empty()) return unreceived_bytes_;
  const Recent& unsent = recent_[std::max(next_, recent_first()) - recent_first()];
  return unreceived_bytes_ + appended_bytes_ - unsent.bytes_before;
}

// ---------------------------------------------------------------- the log

void Feed::pump() {
  if (phase_ == Phase::streaming || phase_ == Phase::catching_up) send_recent();
}

void Feed::send_recent() {
  while (next_ <= end_.lsn && unreceived_bytes_ < kWindowBytes) {
    if (recent_.empty() || next_ < recent_first()) {
      phase_ = Phase::catching_up;
      // What the disk has not taken yet cannot be read back.
      if (!asked_ && next_ <= commit_.local().written) ask(ReadLog{next_, kPieceBytes});
      return;
    }
    std::vector<std::string> records;
    std::uint64_t bytes = 0;
    for (Lsn lsn = next_; lsn <= end_.lsn && bytes < kPieceBytes; ++lsn) {
      records.push_back(recent_[lsn - recent_first()].bytes);
      bytes += records.back().size();
    }
    send_records(std::move(records));
  }
  if (next_ <= end_.lsn) return;
  phase_ = Phase::streaming;
  log_allowance_ = 0;
}

void Feed::send_records(std::vector<std::string>&& records) {
  std::uint64_t bytes = 0;
  for (const std::string& record : records) bytes += record.size();
  const Lsn first = next_;
  next_ += records.size();
  sent_.push_back({next_ - 1, bytes});
  unreceived_bytes_ += bytes;
  const bool flush = config_.mode == ReplicationMode::flushed || awaited_.flushed != UINT64_MAX;
  frames_.emplace_back(Records{first, commit_.committed(), flush, std::move(records)});
}

void Feed::ask(std::variant<ReadLog, OpenImage, ReadImage, DropImage> what) {
  ENSURE(!asked_, "one request at a time");
  asked_ = !std::holds_alternative<DropImage>(what);
  requests_.push_back({link_, std::move(what)});
}

// The one that has no answer stands: nobody else would let the snapshot go.
void Feed::forget_requests() {
  asked_ = false;
  std::erase_if(requests_,
                [](const auto& one) { return !std::holds_alternative<DropImage>(one.what); });
}

void Feed::answer(FeedAnswer&& answer, Instant now) {
  if (answer.link != link_ || phase_ == Phase::absent) return;
  asked_ = false;
  if (auto* piece = std::get_if<LogPiece>(&answer.what)) {
    take_piece(std::move(*piece), now);
  } else if (auto* begin = std::get_if<ImageBegin>(&answer.what)) {
    image_ = *begin;
    log_allowance_ = begin->bytes;
    image_rows_ = begin->resumed && hello_.image ? hello_.image->rows : 0;
    frames_.emplace_back(*begin);
  } else if (auto* rows = std::get_if<ImageRows>(&answer.what)) {
    take_rows(std::move(*rows), now);
  } else if (auto* end = std::get_if<ImageEnd>(&answer.what)) {
    frames_.emplace_back(*end);
    image_sent_ = true;
  } else {
    hang_up_ = "it cannot be read: " + std::get<ReadFailed>(answer.what).why;
    alarms_.push_back("replication: " + *hang_up_);
    return lose(*hang_up_, now);
  }
  pump_image(now);
  set_due(now);
}

void Feed::take_piece(LogPiece&& piece, Instant now) {
  if (piece.records.empty()) {
    if (phase_ == Phase::probing) return begin_image(next_ - 1);
    hang_up_ = "the log that the standby needs is gone";
    return lose(*hang_up_, now);
  }
  if (phase_ == Phase::probing) {
    check_probe(piece.records.front());
    return pump();
  }
  if (phase_ == Phase::catching_up && piece.from == next_) send_records(std::move(piece.records));
  pump();
}

// ---------------------------------------------------------------- time

void Feed::tick(Instant now) {
  if (phase_ == Phase::absent) {
    if (image_open_ && ms_between(absent_since_, now) >= kImageKeptMs) {
      drop_image();
    }
    if (image_sent_ && ms_between(absent_since_, now) >= kLogKeptMs) image_sent_ = false;
    if (!image_open_ && !image_sent_) log_allowance_ = 0;
    return set_due(now);
  }
  const Instant waiting = waiting_since();
  const bool stalled = !waiting.is_never() && ms_between(waiting, now) >= config_.timeout_ms;
  if (stalled || ms_between(heard_at_, now) >= config_.timeout_ms) {
    hang_up_ = "it has not answered for " + std::to_string(config_.timeout_ms) + " ms";
    return lose(*hang_up_, now);
  }
  if (move_ == Move::draining && ms_between(move_at_, now) >= config_.timeout_ms)
    fail_move("not everything was acknowledged within " + std::to_string(config_.timeout_ms) +
              " ms");
  if (ms_between(pinged_at_, now) >= ping_ms()) ping(now);
  pump();
  consider_admission(now);
  pump_image(now);
  set_due(now);
}

// However much else is said: its answer is a promise (failover.md section 5), and counts from here.
void Feed::ping(Instant now) {
  unanswered_.push_back({++pings_, now});
  frames_.emplace_back(Ping{commit_.committed(), in_sync(), pings_});
  pinged_at_ = now;
}

std::int64_t Feed::ping_ms() const {
  return std::min(config_.heartbeat_ms, config_.timeout_ms / 4);
}

void Feed::set_due(Instant now) {
  if (phase_ == Phase::absent) {
    const std::int64_t kept = image_open_ ? kImageKeptMs : kLogKeptMs;
    due_ = image_open_ || image_sent_ ? absent_since_.plus_ms(kept) : Instant::never();
    return;
  }
  const std::int64_t timeout = config_.timeout_ms;
  due_ = std::min(heard_at_.plus_ms(timeout), pinged_at_.plus_ms(ping_ms()));
  due_ = std::min(due_, waiting_since().plus_ms(timeout));
  if (!near_since_.is_never() && commit_.phase() == CommitPoint::Phase::solo)
    due_ = std::min(due_, near_since_.plus_ms(hold_down_ms_));
  if (phase_ == Phase::image && image_next_at_ > now) due_ = std::min(due_, image_next_at_);
  due_ = std::max(due_, now.plus_ms(1));
}

// ---------------------------------------------------------------- what the shell takes

std::vector<Frame> Feed::take_frames() {
  return std::exchange(frames_, {});
}

std::vector<FeedRequest> Feed::take_requests() {
  return std::exchange(requests_, {});
}

std::optional<std::string> Feed::take_hang_up() {
  return std::exchange(hang_up_, std::nullopt);
}

std::vector<std::string> Feed::take_alarms() {
  return std::exchange(alarms_, {});
}

Feed::Status Feed::status(Instant now) const {
  Status status;
  status.phase = phase_;
  status.commit = commit_.phase();
  status.standby = acknowledged_;
  status.silent_since = silent_since_;
  status.promised_at = promised_at_;
  status.heard_at = heard_at_;
  status.answers = (phase_ == Phase::streaming || phase_ == Phase::catching_up) && has_answered_;
  if (phase_ != Phase::absent && phase_ != Phase::probing) {
    status.lag_records = end_.lsn - std::min(end_.lsn, acknowledged_.received);
    status.lag_bytes = lag_bytes();
    const Instant since = unacknowledged_since();
    if (!since.is_never()) status.lag_ms = ms_between(since, now);
  }
  if (phase_ == Phase::image) {
    status.image = image_;
    status.image_rows = image_rows_;
    status.image_bytes = image_bytes_;
    status.image_ms = ms_between(image_began_, now);
  }
  return status;
}

}  // namespace tandemq
