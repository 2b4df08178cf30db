// WitnessDialogue: what this node wants of the witness, what it asks for that, and what follows
// from the answers. One request is under way at a time. A swap whose outcome is unknown is asked
// again until one is done: no read ends the doubt (see WitnessUnknown). Deadlines count from the
// sending of a request, so that what the witness knows never ends before what this node believes.
// It sends nothing and asks no clock: the agent does, and the simulator. Core thread.
#pragma once

#include "base/time.hpp"
#include "failover/witness.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandemq::failover {

// For so long after its last renewal was sent a primary may still serve.
inline constexpr std::int64_t kRenewalHolds_ms = 800;
// For so long a standby sees the record unmoved before it claims: longer than that.
inline constexpr std::int64_t kUnmoved_ms = 900;

class WitnessDialogue {
 public:
  enum class Want : std::uint8_t {
    watch,      // To know what stands there.
    claim,      // To lead, in a new term.
    hold,       // To be known as alive while it leads.
    admit,      // Its standby in sync.
    alone,      // Nobody but itself.
    release,    // To be waited for no more.
    establish,  // A record where there is none that is of use.
  };
  enum class Verdict : std::uint8_t { pending, done, refused };
  // Nothing expected: a read.
  struct Request {
    std::optional<std::uint64_t> expects;
    WitnessRecord record;
  };
  struct Claim {
    Term term;
    bool forced = false;     // The operator answers for what may be missing.
    bool pair_here = false;  // See claim() of witness_record.hpp.
    bool peer_dead = false;  // A renewal that is seen now is older than its end.
    // By the primary of this term, which is alive and serves nobody in it until it is told that
    // nothing was claimed. So what stands there is read first, and without an answer none is.
    std::optional<Term> offered = std::nullopt;
    bool operator==(const Claim&) const = default;
  };

  WitnessDialogue(WitnessMember us, ReplicationMode mode) : us_(std::move(us)), mode_(mode) {}

  // ---- What is wanted. A new wish ends the last one; a request under way is waited for.
  void watch();
  void claim(const Claim& claim);
  void hold();  // What was claimed.
  void admit(const WitnessMember& standby);
  void alone();
  void release();
  // Whatever stands there: of a leader the record of its term, otherwise the first one of a
  // cluster.
  void establish(const WitnessRecord& record);
  // Ask soon, and often: the primary is silent.
  void set_urgent(bool urgent) { urgent_ = urgent; }

  // ---- The shell: sends this, if there is something, and brings its outcome.
  std::optional<Request> due(Instant now);
  void take(const WitnessOutcome& outcome, Instant now);

  // ---- What follows.
  [[nodiscard]] const WitnessMember& us() const { return us_; }
  [[nodiscard]] Term ours() const { return ours_; }  // Of the last claim.
  [[nodiscard]] Want want() const { return want_; }
  [[nodiscard]] Verdict verdict() const { return verdict_; }     // Of the wish.
  [[nodiscard]] const std::string& why() const { return why_; }  // It was refused.
  // The last that was seen; nothing is known before the first answer.
  [[nodiscard]] bool knows() const { return knows_; }
  [[nodiscard]] const WitnessEntry& entry() const { return entry_; }
  [[nodiscard]] Instant unmoved_since() const { return unmoved_since_; }
  [[nodiscard]] Instant answered_at() const { return answered_at_; }  // Zero: never.
  // When the last swap of this term that was done was sent. Zero: none.
  [[nodiscard]] Instant renewed_at() const { return renewed_at_; }
  // Somebody else leads there, in a newer term than ours.
  [[nodiscard]] bool superseded() const;
  // Why it does not answer, or what stands there is of no use; empty: all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  // The record by which this node would lead; the error says why it may not.
  [[nodiscard]] Result<WitnessRecord> claimed(const Claim& claim) const;

 private:
  void begin(Want want, Verdict verdict);
  std::optional<Request> read(Instant now);
  std::optional<Request> swap(Instant now);
  void know(const WitnessEntry& entry, Instant now);
  void take_conflict();
  void refuse(std::string why);
  [[nodiscard]] Result<WitnessRecord> wanted() const;
  [[nodiscard]] bool is_ours() const;

  const WitnessMember us_;
  const ReplicationMode mode_;
  Want want_ = Want::watch;
  Verdict verdict_ = Verdict::done;
  std::string why_;
  Claim claim_;
  Term ours_;  // Of the last claim, done or not.
  WitnessMember standby_;
  WitnessRecord record_;  // To establish.

  bool knows_ = false;
  WitnessEntry entry_;
  std::uint64_t damaged_revision_ = 0;  // Of what is no record.
  Instant unmoved_since_ = Instant::never();
  Instant answered_at_;
  Instant renewed_at_;
  std::string trouble_;

  bool urgent_ = false;
  bool asking_ = false;
  bool swapping_ = false;
  std::uint64_t wishes_ = 0;
  std::uint64_t asked_wish_ = 0;
  Instant wished_at_;  // The first swap for it was sent. Zero: none was.
  Instant sent_at_;
  Instant again_at_;  // Not sooner.
};

}  // namespace tandemq::failover
