// Standby: the role of the node that follows. It keeps the same log as the primary and a State that
// is warm, so that promotion scans and loads nothing; its tables lag as the primary's do, and never
// run ahead of what is settled. It says hello, follows, and names what only the shell
// (node/following) can do: cutting a tail, taking an image, writing a term down.
// Never serves a client, never leads. Pure; core thread.
#pragma once

#include "config/config.hpp"
#include "core/materialiser.hpp"
#include "replication/follower.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandemq {

// ---- What the shell has to do, in order.
struct NoteTerm {  // Before anything is answered: node.state.
  Term term;
};
struct NoteOutdated {};  // The primary goes on alone: node.state.
struct NoteInSync {};    // Everything that was ever committed is here.
struct CutTail {         // Export what is behind, cut, recover, begin anew.
  Lsn lsn = 0;
};
struct StartImage {
  ImageBegin begin;
};
struct TakeOver {};   // The primary seals nothing more, all of it is here: lead, or decline().
struct MoveRefused {  // The primary goes on, although it was asked.
  std::string why;
};
struct HangUp {
  std::string why;
  bool alarm = false;  // Somebody should know.
};
using Demand = std::variant<NoteTerm, NoteOutdated, NoteInSync, CutTail, StartImage, ImageRows,
                            ImageEnd, TakeOver, MoveRefused, HangUp>;

class Standby {
 public:
  enum class Phase : std::uint8_t { absent, greeting, following, image };

  // The State is what the store holds at `end`, its tables at `tables_at`.
  Standby(State& state, const Config& config, const Position& end, Lsn tables_at, Term term_seen);

  // ---- The link to the primary.
  // Who this node is; what the log says of it is filled in here.
  [[nodiscard]] Hello connected(Hello about_us, Instant now);
  void disconnected();
  void take(Frame&& frame, Instant now);
  // As the frame of that name, said on another path: what is still on its way on this link was sent
  // before, and means nothing any more.
  void outdated();
  void tick(Instant now);
  [[nodiscard]] Instant next_due() const;

  // ---- The leadership moves by plan.
  void ask_to_lead();  // Only of a primary that is followed.
  void decline(const std::string& why);

  // ---- The store.
  void local(Lsn written, Lsn flushed);
  void tables_written();
  void image_taken(std::uint64_t rows);

  [[nodiscard]] std::vector<Record> take_records();
  [[nodiscard]] std::optional<TableChanges> take_tables();
  [[nodiscard]] std::vector<Frame> take_frames();
  [[nodiscard]] std::vector<Demand> take_demands();

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const Position& end() const { return follower_.end(); }
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const Position& primary_end() const { return primary_end_; }
  // What is behind it is not in the primary's log, of the last Welcome to an image.
  [[nodiscard]] Lsn image_fork() const { return image_fork_; }
  [[nodiscard]] Term term_seen() const { return term_seen_; }
  [[nodiscard]] Instant heard_at() const { return heard_at_; }  // The primary; zero: never.
  // The primary has said so, and may have gone on since if the link is lost.
  [[nodiscard]] bool in_sync() const { return in_sync_; }
  // What is here is not what the log says: it must not lead.
  [[nodiscard]] bool differs() const { return wants_image_; }
  [[nodiscard]] bool wants_flush() const { return follower_.wants_flush(); }
  // Before a promotion, when the writer has finished: what is left to write to the tables, if
  // anything. Then tables_written().
  [[nodiscard]] std::optional<TableChanges> finish_tables();
  [[nodiscard]] Lsn tables_at() const { return tables_at_; }

 private:
  void on(Welcome&& welcome);
  void on(const Refused& refused);
  void on(Records&& records);
  void on(const Ping& ping);
  void on(const StateDigest& digest);
  void on(const HandOver& said);
  void hang_up(std::string why, bool alarm = false);
  void differ(const std::string& why);
  void answer();

  State& state_;
  const std::uint64_t bodies_max_bytes_;
  const std::uint32_t timeout_ms_;
  const bool answers_at_once_;  // The primary waits for less than a write.
  Follower follower_;
  Materialiser materialiser_;
  Lsn tables_at_;
  Phase phase_ = Phase::absent;
  Term term_seen_;
  Term leader_;
  Position primary_end_;
  Lsn image_fork_ = 0;
  Instant heard_at_;
  Instant now_;
  std::uint64_t ping_ = 0;  // The last one of this link.
  bool in_sync_ = false;
  bool wants_image_ = false;  // What it has is not what the log says.
  bool answers_ = false;      // Something has come since the last Durable.
  std::vector<Frame> frames_;
  std::vector<Demand> demands_;
};

}  // namespace tandemq
