#include "failover/agent.hpp"

#include <chrono>
#include <utility>

#include <asio/post.hpp>

namespace tandemq::failover {
namespace {

constexpr std::chrono::milliseconds kLookEvery{25};
// A machine that is switched off by its power strip takes a while.
constexpr std::uint32_t kFenceTimeout_ms = 30'000;
constexpr std::int64_t kFenceAgain_ms = 500;
constexpr std::int64_t kClaimMax_ms = 5'000;
constexpr std::int64_t kAddressEvery_ms = 1'000;

std::string text(std::string_view view) {
  return std::string(view);
}

}  // namespace

Agent::Agent(asio::io_context& io, Config config, Ports ports)
    : io_(io),
      config_(std::move(config)),
      ports_(std::move(ports)),
      machine_(config_.settings),
      vip_command_(io, config_.vip_command, config_.vip.address,
                   [this](VipCommand::Deed deed, const CommandEnd& end) {
                     ports_.log(
                         end.succeeded ? Weight::info : Weight::error,
                         "vip.command " + text(name_of(deed)) + ": " + end.what + " " + end.output);
                   }),
      fence_(io),
      timer_(io) {}

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
  while (const auto event = machine_.classify(ports_.facts(), ports_.now())) {
    take(*event);
    if (stopped_) break;
  }
  end_claim();
  watch_address();
  const bool due = may_prove(machine_.role(), ports_.facts(), config_.settings, ports_.now());
  if (due && !proving_ && !stopped_) prove();
  looking_ = false;
}

void Agent::take(Event event) {
  act(change(event));
}

Result<void> Agent::promote() {
  if (change(Event::promote) != Action::lead)
    return failure("This node is about to change its role: ask again.");
  return lead();
}

Action Agent::change(Event event) {
  const Role before = machine_.role();
  const Action action = machine_.take(event, ports_.now());
  const Role role = machine_.role();
  if (role == before && action == Action::none) return action;
  if (role != before) {
    proving_ = false;
    ports_.log(Weight::info, "failover: " + text(name_of(before)) + " -> " + text(name_of(role)) +
                                 " (" + text(name_of(event)) +
                                 "): " + text(rule_for(before, event).why));
  }
  if (role == Role::stalled || role == Role::demoting) permitted_ = Feed::Wish::none;
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
      permitted_ = Feed::Wish::pair;
      return asio::post(io_, ports_.wish_permitted);
    case Action::go_alone:
      permitted_ = Feed::Wish::alone;
      return asio::post(io_, ports_.wish_permitted);
    case Action::step_down: {
      const std::string why = machine_.changes().empty() ? std::string("it has to")
                                                         : text(machine_.changes().back().why);
      return asio::post(io_, [this, why] { ports_.step_down(why); });
    }
  }
}

Result<void> Agent::lead() {
  auto led = ports_.lead();
  if (led) {
    look();
  } else {
    ports_.log(Weight::error, led.error().text);
    take(Event::failed);
  }
  return led;
}

bool Agent::permits(Feed::Wish wish) const {
  return wish != Feed::Wish::none && permitted_ == wish;
}

// ---------------------------------------------------------------- what the policy asks for

void Agent::prove() {
  const bool fences = needs_fence(machine_.role(), ports_.facts(), config_.settings);
  // One that runs is of a proof before; it is asked again a little after its end.
  if (fences && (fence_.is_running() || ports_.now() < fence_again_at_)) return;
  proving_ = true;
  const std::uint64_t proof = ++proof_;
  if (!fences) return proven(proof, true, "nothing else is asked for");
  ports_.log(Weight::warning, "failover: the fence command runs");
  fence_.run(config_.fence_command, kFenceTimeout_ms, [this, proof](const CommandEnd& end) {
    ports_.log(end.succeeded ? Weight::info : Weight::error,
               "failover.fence_command: " + end.what + " " + end.output);
    fence_again_at_ = ports_.now().plus_ms(kFenceAgain_ms);
    proven(proof, end.succeeded, end.what);
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
void Agent::tell_keepalived() {
  const Role role = machine_.role();
  if (!vip_ || (role == Role::demoting && !stopped_)) return;
  const bool may_hold = !stopped_ && traits_of(role).may_hold_vip;
  const bool claims = !stopped_ && (role == Role::promoting || role == Role::solo) && !holds_vip_;
  if (auto written = vip_->set_role(may_hold); !written)
    ports_.log(Weight::error, "failover: " + written.error().text);
  if (auto written = vip_->set_claim(claims); !written)
    ports_.log(Weight::error, "failover: " + written.error().text);
  claimed_at_ = claims ? ports_.now() : Instant::never();
  if (std::exchange(holds_vip_, may_hold) == may_hold || config_.vip_command.empty()) return;
  vip_command_.run(may_hold ? VipCommand::Deed::take : VipCommand::Deed::release);
}

// A keepalived that was killed leaves it where it was.
void Agent::watch_address() {
  if (config_.vip.address.empty() || !vip_) return;
  if (ms_between(address_seen_at_, ports_.now()) < kAddressEvery_ms) return;
  address_seen_at_ = ports_.now();
  const auto here = vip_->address_is_here();
  strange_looks_ = here && *here && !holds_vip_ ? strange_looks_ + 1 : 0;
  if (strange_looks_ == 2)
    ports_.log(Weight::error, "failover: vip.address " + vip_->address() +
                                  " is on this machine, and this node does not lead: is keepalived "
                                  "dead? 'systemctl restart keepalived' removes the address");
}

// It outbids whoever has the address and should not, until it is here.
void Agent::end_claim() {
  if (claimed_at_.is_never() || machine_.role() == Role::promoting) return;
  const auto here = vip_->address_is_here();
  if (!(here && *here) && ms_between(claimed_at_, ports_.now()) < kClaimMax_ms) return;
  claimed_at_ = Instant::never();
  if (auto written = vip_->set_claim(false); !written)
    ports_.log(Weight::error, "failover: " + written.error().text);
}

}  // namespace tandemq::failover
