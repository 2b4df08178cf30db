#include "failover/agent.hpp"

#include "base/ensure.hpp"

#include <chrono>
#include <utility>

#include <asio/post.hpp>

namespace tandemq::failover {
namespace {

constexpr std::chrono::milliseconds kLookEvery{25};
// A machine that is switched off by its power strip takes a while.
constexpr std::uint32_t kFenceTimeout_ms = 30'000;
constexpr std::int64_t kFenceAgain_ms = 500;
constexpr std::int64_t kAddressEvery_ms = 1'000;
constexpr std::uint32_t kMissingLooks = 5;  // keepalived takes it within 0.2 s.

std::string text(std::string_view view) {
  return std::string(view);
}

}  // namespace

Agent::Agent(asio::io_context& io, Config config, std::unique_ptr<Witness> witness, Ports ports)
    : io_(io),
      config_(std::move(config)),
      ports_(std::move(ports)),
      machine_(config_.settings),
      witness_(std::move(witness)),
      vip_command_(io, config_.vip_command, config_.vip.address,
                   [this](VipCommand::Deed deed, const CommandEnd& end) {
                     ports_.log(
                         end.succeeded ? Weight::info : Weight::error,
                         "vip.command " + text(name_of(deed)) + ": " + end.what + " " + end.output);
                   }),
      fence_(io),
      timer_(io) {
  if (witness_) dialogue_.emplace(config_.us, config_.mode);
}

Result<void> Agent::start() {
  auto vip = Vip::open(config_.vip);
  if (!vip) return tl::unexpected(std::move(vip.error()));
  vip_.emplace(std::move(*vip));
  look();
  look_later();
  return {};
}

void Agent::stop() {
  if (std::exchange(stopped_, true)) return;
  timer_.cancel();
  fence_.cancel();
  tell_keepalived();
}

void Agent::look_later() {
  timer_.expires_after(kLookEvery);
  timer_.async_wait([this](const asio::error_code& error) {
    if (error || stopped_) return;
    look();
    look_later();
  });
}

void Agent::look() {
  if (stopped_ || std::exchange(looking_, true)) return;
  machine_.wake(ports_.now());
  take_verdict();
  while (const auto event = machine_.classify(facts(), ports_.now())) {
    take(*event);
    if (stopped_) break;
  }
  watch_address();
  const bool due = may_prove(machine_.role(), facts(), config_.settings, ports_.now());
  if (due && !proving_ && !stopped_) prove();
  ask_witness();
  looking_ = false;
}

Facts Agent::facts() const {
  Facts facts = ports_.facts();
  facts.awake_since = machine_.awake_since();
  // What is on its way to the Feed is wanted no more.
  if (permitted_ == Feed::Wish::alone) facts.wants_alone = false;
  if (permitted_ == Feed::Wish::pair) facts.wants_pair = false;
  if (dialogue_)
    facts.witness = witnessed(*dialogue_, facts.standing, config_.term_number, ports_.now());
  return facts;
}

void Agent::take(Event event) {
  act(change(event));
}

Result<void> Agent::promote(bool forced) {
  if (rule_for(machine_.role(), Event::promote).action != Action::lead || offered_)
    return failure("This node is about to change its role: ask again.");
  if (dialogue_) {
    promotes_ = true;
    begin_claim(forced, facts());
    look();
    return {};
  }
  change(Event::promote);
  return lead();
}

Result<void> Agent::take_over() {
  if (change(Event::handed_over) != Action::lead)
    return failure("this node is " + text(name_of(machine_.role())) + " and not in sync");
  return lead();
}

Action Agent::change(Event event) {
  const Role before = machine_.role();
  const Action action = machine_.take(event, ports_.now());
  const Role role = machine_.role();
  if (role == before && action == Action::none) return action;
  if (role != before) {
    proving_ = awaits_verdict_ = admits_ = false;
    const bool gives_up =
        before == Role::claiming && role != Role::promoting && !promotes_ && !offered_;
    if (dialogue_ && gives_up) dialogue_->watch();
    ports_.log(Weight::info, "failover: " + text(name_of(before)) + " -> " + text(name_of(role)) +
                                 " (" + text(name_of(event)) +
                                 "): " + text(rule_for(before, event).why));
    ports_.changed(machine_.changes().back());
  }
  if (role == Role::stalled || role == Role::handing || role == Role::demoting)
    permitted_ = Feed::Wish::none;
  tell_keepalived();
  return action;
}

void Agent::act(Action action) {
  switch (action) {
    case Action::none:
    case Action::prove:     // When it may, see look().
    case Action::take_vip:  // The files are written already.
      return;
    case Action::lead:
      return asio::post(io_, [this] {
        if (!stopped_ && machine_.role() == Role::promoting) static_cast<void>(lead());
      });
    case Action::pair:
      admits_ = dialogue_.has_value();
      if (admits_) return dialogue_->admit(ports_.standby());
      permitted_ = Feed::Wish::pair;
      return asio::post(io_, ports_.wish_permitted);
    case Action::go_alone:
      permitted_ = Feed::Wish::alone;
      return asio::post(io_, ports_.wish_permitted);
    case Action::offer:
      return ports_.offer();
    case Action::step_down:
    case Action::step_aside: {
      const bool aside = action == Action::step_aside;
      const std::string why = machine_.changes().empty() ? std::string("it has to")
                                                         : text(machine_.changes().back().why);
      return asio::post(io_, [this, why, aside] { ports_.step_down(why, aside); });
    }
  }
}

Result<void> Agent::lead() {
  auto led = ports_.lead(term_);
  if (led) {
    if (dialogue_) dialogue_->hold();
    look();
  } else {
    ports_.log(Weight::error, led.error().text);
    take(Event::failed);
  }
  return led;
}

void Agent::granted() {
  permitted_ = Feed::Wish::none;
}

bool Agent::permits(Feed::Wish wish) const {
  return wish != Feed::Wish::none && permitted_ == wish;
}

// ---------------------------------------------------------------- what the policy asks for

void Agent::prove() {
  const Facts seen = facts();
  const bool fences = needs_fence(machine_.role(), seen, config_.settings);
  // One that runs is of a proof before; it is asked again a little after its end.
  if (fences && (fence_.is_running() || ports_.now() < fence_again_at_)) return;
  const bool waits = releases_ || promotes_ || offered_ || ports_.now() < ask_again_at_;
  if (dialogue_ && waits) return;
  proving_ = true;
  const std::uint64_t proof = ++proof_;
  if (dialogue_) {
    awaits_verdict_ = true;
    if (machine_.role() == Role::stalled) return dialogue_->alone();
    return begin_claim(false, seen);
  }
  if (!fences) return proven(proof, true, "nothing else is asked for");
  fence_to_prove(proof);
}

// One that the operator has ordered comes to its end first.
void Agent::fence_to_prove(std::uint64_t proof) {
  if (fence_.is_running()) {
    next_fence_ = proof;
    return;
  }
  ports_.log(Weight::warning, "failover: the fence command runs");
  run_fence([this, proof](const CommandEnd& end) { proven(proof, end.succeeded, end.what); });
}

Result<void> Agent::fence(OutsideCommand::Done ended) {
  if (stopped_) return failure("This node is about to stop.");
  if (fence_.is_running()) return failure("The fence command runs already: see the log.");
  ports_.log(Weight::warning, "failover: the fence command runs, as the operator has ordered");
  run_fence(std::move(ended));
  return {};
}

void Agent::run_fence(OutsideCommand::Done ended) {
  fence_.run(config_.fence_command, kFenceTimeout_ms,
             [this, ended = std::move(ended)](const CommandEnd& end) {
               ports_.log(end.succeeded ? Weight::info : Weight::error,
                          "failover.fence_command: " + end.what + " " + end.output);
               fence_again_at_ = ports_.now().plus_ms(kFenceAgain_ms);
               ended(end);
               const auto next = std::exchange(next_fence_, std::nullopt);
               if (next && proving_ && *next == proof_) fence_to_prove(*next);
             });
}

// A primary whose standby could not be ended goes on asking for it: it holds what it would
// acknowledge, and that is safe.
void Agent::proven(std::uint64_t proof, bool holds, const std::string& how) {
  if (stopped_ || proof != proof_ || !proving_) return;
  proving_ = false;
  if (!holds && machine_.role() == Role::stalled) return;
  ports_.log(Weight::info, "failover: " + text(name_of(config_.settings.policy)) + ": " +
                               (holds ? "it may: " : "it may not: ") + how);
  take(holds ? Event::proven : Event::refuted);
}

// ---------------------------------------------------------------- the address

// Whoever is disconnected is told so while the address is here; it goes with stop().
// Written again at each change of the role, so that a file that was removed comes back.
// Who takes over outbids the other node, which may hang and not let go, until that one follows it:
// with equal bids one late advertisement would give the address to a node that does not serve.
void Agent::tell_keepalived() {
  const Role role = machine_.role();
  if (!vip_ || (role == Role::demoting && !stopped_)) return;
  const bool may_hold = !stopped_ && traits_of(role).may_hold_vip;
  const bool begins = role == Role::promoting || (may_hold && !holds_vip_);
  claims_ = !stopped_ && (begins || (claims_ && may_hold)) && role != Role::paired;
  if (auto written = vip_->set_role(may_hold); !written)
    ports_.log(Weight::error, "failover: " + written.error().text);
  if (auto written = vip_->set_claim(claims_); !written)
    ports_.log(Weight::error, "failover: " + written.error().text);
  if (std::exchange(holds_vip_, may_hold) == may_hold || config_.vip_command.empty()) return;
  vip_command_.run(may_hold ? VipCommand::Deed::take : VipCommand::Deed::release);
}

// A keepalived that was killed leaves it where it was.
void Agent::watch_address() {
  if (config_.vip.address.empty() || !vip_) return;
  if (ms_between(address_seen_at_, ports_.now()) < kAddressEvery_ms) return;
  address_seen_at_ = ports_.now();
  const auto here = vip_->address_is_here();
  address_here_ = here ? std::optional(*here) : std::nullopt;
  strange_looks_ = here && *here && !holds_vip_ ? strange_looks_ + 1 : 0;
  missing_looks_ = here && !*here && holds_vip_ ? missing_looks_ + 1 : 0;
  if (strange_looks_ == 2)
    ports_.log(Weight::error, "failover: vip.address " + vip_->address() +
                                  " is on this machine, and this node does not lead: is keepalived "
                                  "dead? 'systemctl restart keepalived' removes the address");
  if (missing_looks_ == kMissingLooks)
    ports_.log(Weight::error, "failover: this node leads, and vip.address " + vip_->address() +
                                  " is not on this machine, so no client reaches it: is keepalived "
                                  "running, and does it read vip.role_file? 'tandemqctl doctor' "
                                  "looks");
}

}  // namespace tandemq::failover
