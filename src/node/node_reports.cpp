// What a node says of its role: since when it has it and why, what would become of the clients if
// the other node died now, and whether a load balancer may send clients here.
#include "failover/outlook.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kStarted = "started";
constexpr int kFenceGlances = 350;  // It has 30 s.

// That nobody answered, or what was answered.
Result<Json> flat(Result<Result<Json>> answer) {
  if (!answer) return tl::unexpected(answer.error());
  return std::move(*answer);
}

// It may take its time.
Result<Json> await_core(asio::io_context& io, std::function<void(Node::Answered)> question,
                        int glances = 50) {
  const auto promise = std::make_shared<std::promise<Result<Json>>>();
  std::future<Result<Json>> answer = promise->get_future();
  asio::post(io, [promise, question = std::move(question)] {
    question([promise](Result<Json> json) { promise->set_value(std::move(json)); });
  });
  return await(io, std::move(answer), glances);
}

}  // namespace

// A life that follows another one in this process has said why at the end of that one.
void Node::note_begin() {
  const auto& events = history_.events();
  if (!events.empty() && events.back().event == failover::kAnew) return;
  const bool alone = config_.replication.peer.empty();
  const failover::Role role = alone ? failover::Role::solo : failover::Role::reconciling;
  note_role({}, std::string(kStarted), std::string(name_of(role)),
            alone ? "it has no peer" : "it has no primary yet");
}

void Node::note_role(std::string from, std::string event, std::string to, std::string why) {
  const Term term = runner_.leads() ? primary_->position().term : file_.state().term_seen;
  failover::RoleEvent noted{clock_.now(),     term.counter,  std::move(from),
                            std::move(event), std::move(to), std::move(why)};
  role_counts_.add(noted);
  history_.add(std::move(noted));
}

const failover::RoleEvent& Node::last_change() const {
  const auto& events = history_.events();
  const auto last = std::find_if(events.rbegin(), events.rend(), [](const auto& event) {
    return event.event != failover::kFenced;
  });
  return last == events.rend() ? events.back() : *last;
}

Json Node::failover_status() const {
  const failover::Machine& machine = agent_->machine();
  const failover::Outlook outlook =
      failover::outlook_of(machine.role(), agent_->facts(), machine.settings());
  const failover::RoleEvent& last = last_change();
  return {{"role", name_of(machine.role())},
          {"policy", failover::name_of(machine.settings().policy)},
          {"since", last.at.ms},
          {"event", last.event},
          {"why", last.why},
          {"if_peer_dies", outlook.text},
          {"serves_if_peer_dies", outlook.serves},
          {"wake", wake_status()}};
}

Json Node::vip_status() const {
  Json vip{{"address", config_.failover.vip_address}};
  if (const auto here = agent_->address_here()) vip["here"] = *here;
  return vip;
}

// What the other node says of itself, or why there is no connection to it.
void Node::add_peer_report(Json& peer) const {
  if (const auto& about = peer_about_.last()) {
    peer["version"] = about->version;
    peer["clock_offset_ms"] = peer_about_.clock_offset_ms();
    if (about->address != About::Address::unknown)
      peer["vip_here"] = about->address == About::Address::here;
  }
  const bool connected = peer.value("connected", false);
  if (!connected && !peer_port_->problem().empty()) peer["problem"] = peer_port_->problem();
}

void Node::add_role_ports(CommandPorts& ports) {
  ports.replication = [this] {
    return ask_core(io_, [this] {
      look();  // A deadline may be over that nobody has noticed.
      return replication_status();
    });
  };
  ports.promote = [this](bool force) {
    return flat(ask_core(io_, [this, force]() -> Result<Json> {
      if (auto led = promote(force); !led) return tl::unexpected(led.error());
      return replication_status();
    }));
  };
  ports.witness = [this](bool establish) {
    return flat(ask_core(io_, [this, establish] { return witness(establish); }));
  };
  ports.demote = [this] {
    return await_core(io_, [this](Answered answered) { demote(std::move(answered)); });
  };
  ports.switchover = [this] {
    return await_core(io_, [this](Answered answered) { switchover(std::move(answered)); });
  };
  ports.fence = [this](bool force) {
    return await_core(
        io_, [this, force](Answered answered) { fence(force, std::move(answered)); },
        kFenceGlances);
  };
  ports.role_events = [this] { return ask_core(io_, [this] { return history_.events(); }); };
  ports.begin_comparison = [this] {
    return ask(runner_, [this](Primary&, Instant) { return feed_->begin_comparison(); });
  };
  ports.comparison = [this] {
    return ask(runner_, [this](Primary&, Instant) { return feed_->comparison(); });
  };
  ports.health = [this] { return ask_health(); };
  ports.certificates = [this] { return ask_core(io_, [this] { return certificates_.rows(); }); };
  ports.reload_certificates = [this]() -> Result<std::vector<std::string>> {
    auto lines = ask_core(io_, [this] { return reload_certificates(); });
    if (!lines) return tl::unexpected(lines.error());
    return std::move(*lines);
  };
  ports.config = [this] { return ask_core(io_, [this] { return config_; }); };
}

}  // namespace tandemq
