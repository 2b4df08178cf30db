// Agent: carries out what the Machine says: it looks at the facts now and then and whenever
// somebody says that they have changed, proves what the policy asks for, tells keepalived by its
// files, and has the node lead, pair, go alone or step down. Each step is logged with its reason.
// It decides nothing. Owned by node; the core's io_context and thread.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "failover/machine.hpp"
#include "failover/outside_command.hpp"
#include "failover/vip.hpp"
#include "failover/vip_command.hpp"
#include "failover/witness.hpp"
#include "failover/witness_dialogue.hpp"
#include "replication/feed.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq::failover {

class Agent {
 public:
  struct Config {
    Settings settings;
    std::vector<std::string> fence_command;  // Of parse_command().
    std::vector<std::string> vip_command;
    VipConfig vip;
    // Of the witness, if settings say that there is one.
    WitnessMember us;
    ReplicationMode mode{};
    std::uint64_t term_number = 0;
  };
  enum class Weight : std::uint8_t { info, warning, error };
  struct Ports {
    std::function<Instant()> now;
    std::function<Facts()> facts;
    // In that term; without one in the next.
    std::function<Result<void>(std::optional<Term>)> lead;
    std::function<WitnessMember()> standby;  // Of a leader: the one that follows.
    // `aside`: see Action::step_aside.
    std::function<void(const std::string& why, bool aside)> step_down;
    std::function<void()> wish_permitted;                 // See permits().
    std::function<void()> offer;                          // To the standby, that it leads; at once.
    std::function<void(const Machine::Change&)> changed;  // The role.
    std::function<void(Weight, const std::string&)> log;
  };

  // `witness` is null if there is none.
  Agent(asio::io_context& io, Config config, std::unique_ptr<Witness> witness, Ports ports);
  // The role file says 0 from now on. The error is for the operator.
  Result<void> start();
  // The role file says 0 and nothing more is done. When the clients are gone.
  void stop();

  // The facts may have changed.
  void look();
  void take(Event event);
  // The operator's wish, whatever speaks against it. With a witness that has to agree first, which
  // takes a moment: this node leads later, or the log says why not. `forced`: whom it lists does
  // not matter.
  Result<void> promote(bool forced);
  // The clients are leaving: the standby need not wait. Then has_released() comes true, or never.
  void release();
  [[nodiscard]] bool has_released() const;
  // The operator wants the other node ended: the fence command, if there is one, runs, whatever the
  // rules say of it. `ended` is called later on this thread, but not after stop(). The error says
  // why it is not run.
  Result<void> fence(OutsideCommand::Done ended);
  // Writes the record of the witness where there is none: of a leader that it leads, and with whom;
  // otherwise the first one, by which this node is going to lead. The log says when it is done.
  Result<void> establish();
  // The primary offers that this node leads. The witness is asked; `answered` says later, on this
  // thread, whether it agrees: then take_over() has to follow, otherwise the offer is to be
  // declined.
  void claim_as_offered(std::function<void(const Result<void>&)> answered);
  // Of what was offered, and claimed if there is a witness.
  Result<void> take_over();
  // Whether the wish of the Feed may be made durable and granted.
  [[nodiscard]] bool permits(Feed::Wish wish) const;
  void granted();  // That one; the next has to be asked for.

  [[nodiscard]] const Machine& machine() const { return machine_; }
  // Null: there is no witness.
  [[nodiscard]] const WitnessDialogue* witness() const { return dialogue_ ? &*dialogue_ : nullptr; }
  [[nodiscard]] Facts facts() const;  // With what the witness says.
  // Whether vip.address was on this machine when it was last looked for; nothing: it cannot be
  // seen.
  [[nodiscard]] std::optional<bool> address_here() const { return address_here_; }

 private:
  Action change(Event event);
  void act(Action action);
  Result<void> lead();
  void prove();
  void fence_to_prove(std::uint64_t proof);
  void run_fence(OutsideCommand::Done ended);
  // agent_witness.cpp
  void begin_claim(bool forced, const Facts& facts);
  void ask_witness();
  void take_verdict();
  void end_promotion();
  void end_offer();
  void answer_offer(Result<void> answer);
  void end_admission();
  void tell_trouble();
  void proven(std::uint64_t proof, bool holds, const std::string& how);
  void tell_keepalived();
  void watch_address();
  void look_later();

  asio::io_context& io_;
  const Config config_;
  const Ports ports_;
  Machine machine_;
  std::unique_ptr<Witness> witness_;
  std::optional<WitnessDialogue> dialogue_;
  std::optional<Term> term_;  // That was claimed.
  bool told_trouble_ = false;
  bool awaits_verdict_ = false;  // Of what is proven.
  bool fences_ = false;          // What was claimed asks for it.
  bool promotes_ = false;        // The operator waits for the witness.
  bool admits_ = false;          // The standby waits for it.
  // Not null: the primary waits for it.
  std::function<void(const Result<void>&)> offered_;
  bool releases_ = false;
  Instant ask_again_at_;  // Not sooner, what was refused.
  std::optional<Vip> vip_;
  VipCommand vip_command_;
  OutsideCommand fence_;
  asio::steady_timer timer_;
  Feed::Wish permitted_ = Feed::Wish::none;
  Instant fence_again_at_;                   // Not sooner.
  std::optional<std::uint64_t> next_fence_;  // For this proof, when the one that runs has ended.
  std::uint64_t proof_ = 0;  // The number of the one under way; one that is old says nothing.
  bool proving_ = false;
  bool holds_vip_ = false;   // What the role file says.
  bool claims_ = false;      // What the claim file says.
  Instant address_seen_at_;  // It was looked for.
  std::optional<bool> address_here_;
  std::uint32_t strange_looks_ = 0;  // So often it was here and should not.
  std::uint32_t missing_looks_ = 0;  // So often it was not, and should.
  bool looking_ = false;
  bool stopped_ = false;
};

}  // namespace tandemq::failover
