// Feed: the primary's side of replication. It finds out what the standby that has connected lacks
// (failover.md section 8: the log from the fork, or an image), sends it, keeps it up to date with
// each record that is sealed, and knows how far the log is committed. It says what it wants; the
// shell (node/replicator) carries frames, reads log and tables, and writes the role down.
//
// An order that safety rests on: a standby that is lost is needed by every commit until the shell
// has made the wish `alone` durable and granted it; one that has caught up is called in sync only
// when the wish `pair` was granted (invariants I4 and I5).
// Never reads a log or a clock. Pure; core thread.
#pragma once

#include "config/config.hpp"
#include "replication/commit_point.hpp"
#include "replication/comparison.hpp"
#include "replication/protocol.hpp"
#include "session/state.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandemq {

// ---- What a Feed asks its shell to read, one thing at a time, and the answers.
struct ReadLog {
  Lsn from = 0;
  std::uint64_t bytes_max = 0;
};
struct OpenImage {
  std::uint64_t image = 0;                // The number for a new one,
  std::optional<ImageProgress> progress;  // or go on behind this if it is still there.
};
struct ReadImage {
  std::uint64_t bytes_max = 0;
};
struct DropImage {};  // Has no answer.

struct FeedRequest {
  std::uint64_t link = 0;  // Comes back with the answer.
  std::variant<ReadLog, OpenImage, ReadImage, DropImage> what;
};

struct LogPiece {
  Lsn from = 0;
  std::vector<std::string> records;  // Without any: the log begins later.
};
struct ReadFailed {
  std::string why;
};
struct FeedAnswer {
  using What = std::variant<LogPiece, ImageBegin, ImageRows, ImageEnd, ReadFailed>;
  std::uint64_t link = 0;
  What what;
};

class Feed {
 public:
  enum class Phase : std::uint8_t { absent, probing, image, catching_up, streaming };
  enum class Wish : std::uint8_t { none, alone, pair };

  // The log of this node ends at `end`, and all of it is committed; `term` is the one that begins.
  // `relaxed`: see CommitPoint. `seed`: of the numbers of images.
  Feed(const State& state, const ReplicationConfig& config, Term term, const Position& end,
       bool relaxed, std::uint64_t seed);

  // ---- This node's log. The State stands right behind the record.
  void append(const Record& record, Instant now);
  void local(Lsn written, Lsn flushed);
  // This node stops to lead: what a standby that may take over has not is not committed any more.
  // Who leads alone has no such standby, and commits the last of it.
  void end() { ended_ = commit_.phase() != CommitPoint::Phase::solo; }
  // Before append(): what acknowledgements wait for.
  void await(const Awaited& awaited) { awaited_ = awaited; }

  // ---- The link. One standby at a time: a new one takes the place of the last.
  void connected(const Hello& hello, Lsn first_lsn, Instant now);
  void take(Frame&& frame, Instant now);
  void disconnected(Instant now);
  void answer(FeedAnswer&& answer, Instant now);
  void tick(Instant now);
  [[nodiscard]] Instant next_due() const { return due_; }

  // ---- A comparison of the whole State that somebody has asked for. The error says why there is
  // none.
  Result<void> begin_comparison();
  // As long as it is, and the State stands right behind the end of the log: the next part.
  [[nodiscard]] bool verifies() const { return comparison_.wants_part(); }
  void verify();
  [[nodiscard]] const Comparison& comparison() const { return comparison_; }

  // ---- The leadership moves by plan: what was sealed is acknowledged, then the standby is asked
  // to lead. From the offer on nothing is sealed, for whoever leads then goes on behind it.
  enum class Move : std::uint8_t {
    none,
    draining,  // No new work; what is under way is acknowledged, and the standby gets all of it.
    drained,   // It has all, and nobody waits for anything.
    offered,   // It may lead from now on; whether it does nobody knows until it answers.
    taken,     // It leads.
  };
  // The error says why not now.
  Result<void> begin_move(Instant now);
  void offer();                              // Only what is drained.
  void refuse_move(const std::string& why);  // Of take_move_wish().
  [[nodiscard]] Move move() const;
  // New work waits.
  [[nodiscard]] bool moves() const { return move_ != Move::none; }
  // So does all else: this node may be the primary no more.
  [[nodiscard]] bool has_offered() const { return move_ == Move::offered || move_ == Move::taken; }
  // The new primary's first record, of a move that is taken.
  [[nodiscard]] const Position& heir() const { return heir_; }
  [[nodiscard]] bool take_move_wish();  // The standby's operator wants a move.
  // Why a move came to nothing, or may have.
  [[nodiscard]] std::optional<std::string> take_move_failure();

  // ---- What follows from it.
  [[nodiscard]] std::vector<Frame> take_frames();
  [[nodiscard]] std::vector<FeedRequest> take_requests();
  // The link is to be closed, after the frames: why, for the log.
  [[nodiscard]] std::optional<std::string> take_hang_up();
  // Sentences that somebody should read: a difference, a lost standby.
  [[nodiscard]] std::vector<std::string> take_alarms();
  [[nodiscard]] Wish wish() const;
  void grant(Instant now);  // The wish is durable.
  // What the standby has said of itself; of the last one, if there is none.
  [[nodiscard]] const Hello& standby_hello() const { return hello_; }

  [[nodiscard]] Lsn committed() const { return commit_.committed(); }  // At the node's level.
  [[nodiscard]] const Committed& levels() const { return commit_.levels(); }
  [[nodiscard]] bool needs_flush() const;
  // In async the standby is too far behind: publishers are to be slowed.
  [[nodiscard]] bool is_lagging() const;
  // The log is needed from here on, as far as replication.log_bytes_max allows, and so many bytes
  // more: as many as an image weighs until what was written since has been taken too. Else a
  // standby that gets one while clients write would only ever get the next one.
  [[nodiscard]] Lsn needed_from() const;
  [[nodiscard]] std::uint64_t log_allowance() const { return log_allowance_; }
  // Somebody has led in a newer term than ours: this node must step down.
  [[nodiscard]] const std::optional<Term>& superseded_by() const { return superseded_by_; }

  struct Status {
    Phase phase = Phase::absent;
    CommitPoint::Phase commit = CommitPoint::Phase::solo;
    Durable standby;
    std::uint64_t lag_records = 0;
    std::uint64_t lag_bytes = 0;
    // The oldest record that the standby has not acknowledged as the mode asks waits for so long;
    // or longer, of one that is not among the last ones.
    std::int64_t lag_ms = 0;
    ImageBegin image;  // Of Phase::image.
    std::uint64_t image_rows = 0;
    std::uint64_t image_bytes = 0;
    std::int64_t image_ms = 0;  // Since it began.
    Instant silent_since;       // Of a standby that is lost: it has not answered since.
    Instant heard_at;           // Whoever was here last said something then.
    bool answers = false;       // Of one that is here: it follows, and has said so.
    Instant promised_at;        // It does not claim for heartbeat.timeout_ms from here on.
  };
  [[nodiscard]] Status status(Instant now) const;

 private:
  struct Recent {
    std::string bytes;
    Instant at;
    std::uint64_t bytes_before = 0;  // Of all records that were appended before.
  };
  struct Sent {
    Lsn last = 0;
    std::uint64_t bytes = 0;
  };

  void probe(const Hello& hello, Lsn first_lsn);
  void supersede(Term term);
  void welcome(Welcome::Way way, Lsn lsn);
  void refuse(Refused::Why why, std::string text);
  void begin_image(Lsn fork);
  void drop_image();
  void check_probe(const std::string& record);
  void stream_from(Lsn lsn);
  void pump();
  void pump_image(Instant now);
  void send_recent();
  void send_records(std::vector<std::string>&& records);
  void ask(std::variant<ReadLog, OpenImage, ReadImage, DropImage> what);
  void on(const Durable& durable, Instant now);
  void take_piece(LogPiece&& piece, Instant now);
  void take_rows(ImageRows&& rows, Instant now);
  void consider_admission(Instant now);
  void compare();
  // Of the sessions from `first` on, as many as the core should stop for.
  [[nodiscard]] StateDigest digest_from(std::size_t first) const;
  void on(const HandOver& said, Instant now);
  void fail_move(const std::string& why);
  void lose(const std::string& why, Instant now);
  void ping(Instant now);
  void set_due(Instant now);
  [[nodiscard]] std::int64_t ping_ms() const;
  [[nodiscard]] Lsn recent_first() const { return end_.lsn - recent_.size() + 1; }
  [[nodiscard]] Instant waiting_since() const;
  [[nodiscard]] Instant unacknowledged_since() const;  // Never: it has all.
  [[nodiscard]] Lsn awaited_of_standby() const;
  [[nodiscard]] std::uint64_t lag_bytes() const;
  [[nodiscard]] bool in_sync() const;
  void allow_lag();
  void forget_requests();

  const State& state_;
  const ReplicationConfig config_;
  const Term term_;
  CommitPoint commit_;
  Awaited awaited_;
  Position end_;
  Wish wish_ = Wish::none;
  Phase phase_ = Phase::absent;
  std::optional<Term> superseded_by_;
  bool ended_ = false;

  std::deque<Recent> recent_;  // The last records; the back is end_.
  std::uint64_t recent_bytes_ = 0;
  std::uint64_t appended_bytes_ = 0;  // Of all records that were appended here.

  // Of the link.
  std::uint64_t link_ = 0;
  Hello hello_;
  Lsn next_ = 0;           // The next record to send.
  std::deque<Sent> sent_;  // And not received, frame by frame.
  std::uint64_t unreceived_bytes_ = 0;
  Durable acknowledged_;
  bool has_answered_ = false;  // It has acknowledged something.
  Instant heard_at_;
  Instant pinged_at_;
  std::uint64_t pings_ = 0;  // Of the link.
  struct Asked {
    std::uint64_t ping = 0;
    Instant at;
  };
  std::deque<Asked> unanswered_;
  Instant promised_at_;  // The last one that was answered was sent then.
  Instant silent_since_;
  bool asked_ = false;  // A request is under way.
  std::vector<FeedRequest> requests_;
  std::vector<Frame> frames_;
  std::optional<std::string> hang_up_;
  std::vector<std::string> alarms_;

  // Admission. A standby that comes and goes waits longer each time.
  Instant near_since_ = Instant::never();
  Instant admitted_at_;
  std::int64_t hold_down_ms_ = 0;
  Instant paired_at_;

  // The image under way.
  std::uint64_t next_image_;
  ImageBegin image_;
  std::deque<std::uint64_t> pieces_;  // Rows up to the end of each piece that is not taken.
  std::uint64_t image_rows_ = 0;
  std::uint64_t image_bytes_ = 0;
  Instant image_began_;
  Instant image_next_at_;
  bool image_open_ = false;  // The shell holds a snapshot, or is about to.
  bool image_sent_ = false;
  std::uint64_t log_allowance_ = 0;
  Instant absent_since_;
  Lsn absent_needs_ = UINT64_MAX;  // What a standby that is away had not received.

  Move move_ = Move::none;
  Instant move_at_;  // It began.
  Position heir_;
  bool move_wish_ = false;
  std::optional<std::string> move_failure_;

  // The comparison of digests.
  Instant compare_at_;
  std::size_t compare_from_ = 0;
  Comparison comparison_;
  Instant due_;
};

}  // namespace tandemq
