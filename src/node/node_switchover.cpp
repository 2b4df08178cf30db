// The leadership moves to the standby by plan: asked for here or there, and how it ends. Feed holds
// what is sealed and says how far it is; the rules of failover say who does what.
#include "node/node.hpp"

#include <utility>

#include <asio/post.hpp>

namespace tandemq {

void Node::answer_move(Result<Json> answer) {
  if (const Answered answered = std::exchange(moved_, nullptr)) answered(std::move(answer));
}

// ---------------------------------------------------------------- asked for

void Node::switchover(Answered answered) {
  if (!peer_port_) return answered(failure("This node has no peer: replication.peer is not set."));
  const auto begun = runner_.leads() ? begin_move() : following_->ask_to_lead();
  if (!begun) return answered(tl::unexpected(begun.error()));
  answer_move(failure("It was asked for once more."));
  moved_at_ = clock_.now();
  moved_ = std::move(answered);
}

Result<void> Node::begin_move() {
  if (again_ || !stop_at_.is_never()) return failure("This node is about to stop.");
  if (agent_->witness() != nullptr && !agent_->facts().witness.answers)
    return failure("The witness does not answer, and without it the standby could not lead.");
  Result<void> begun;
  runner_.run([&](Primary&, Instant now) { begun = feed_->begin_move(now); });
  if (!begun) return begun;
  log_->info("switchover: {} is to lead; clients wait", feeding_->peer());
  return {};
}

void Node::demote(Answered answered) {
  if (!runner_.leads()) return answered(failure("This node is a standby already."));
  if (!peer_port_) return answered(failure("This node has no peer: replication.peer is not set."));
  const auto begun = begin_move();
  if (!begun) {
    const auto stepped = step_down();
    return answered(stepped ? Result<Json>(Json{{"role", "standby"}})
                            : tl::unexpected(stepped.error()));
  }
  demotes_ = true;
  moved_ = [answered = std::move(answered)](const Result<Json>&) {
    answered(Json{{"role", "standby"}});
  };
}

Result<void> Node::step_down() {
  const auto written =
      file_.change([](NodeState& state) { state.role = NodeState::Role::standby; });
  if (written) agent_->take(failover::Event::demote);
  return written;
}

// By the standby.
void Node::switch_as_asked() {
  if (again_ || !feed_) return;
  if (const auto begun = begin_move(); !begun)
    runner_.run([&](Primary&, Instant) { feed_->refuse_move(begun.error().text); });
}

// ---------------------------------------------------------------- the standby

void Node::take_over() {
  look();
  if (agent_->machine().role() != failover::Role::insync)
    return decline_move("it may lack something, or its peer was told that it may lead");
  if (agent_->witness() == nullptr) return lead_as_offered();
  agent_->claim_as_offered([this](const Result<void>& agreed) {
    agreed ? lead_as_offered() : decline_move(agreed.error().text);
  });
}

void Node::decline_move(const std::string& why) {
  following_->decline(why);
  answer_move(failure("This node does not lead: " + why));
}

// It is answered when the new term is on the disk: from then on the old one cannot go on. Once the
// witness has agreed nothing is declined any more.
void Node::lead_as_offered() {
  if (again_ || !stop_at_.is_never()) return;
  if (agent_->machine().role() != failover::Role::insync)
    return answer_move(failure("The connection to the primary was lost meanwhile."));
  const Term seen = file_.state().term_seen;
  const PeerPort::Link link = following_->give_link();
  const auto led = agent_->take_over();
  const bool began = seen < file_.state().term_seen;
  const Position from = primary_ ? primary_->position() : Position{};
  if (link && link->is_open() && (began || agent_->witness() == nullptr))
    link->send(began ? HandOver{HandOver::Say::taken, from, {}}
                     : HandOver{HandOver::Say::declined, from, led ? "" : led.error().text});
  if (link) link->close();
  if (!led) return answer_move(tl::unexpected(led.error()));
  answer_move(Json{{"from", peer_node_},
                   {"to", config_.node_id},
                   {"term", from.term.counter},
                   {"lsn", from.lsn},
                   {"took_ms", ms_between(moved_at_, clock_.now())}});
}

// ---------------------------------------------------------------- how it ends

void Node::conclude_move() {
  if (!feed_) {
    if (moved_ && !following_->has_link())
      answer_move(failure("The connection to the primary was lost: see 'tandemqctl status'."));
    return;
  }
  const auto why = feed_->take_move_failure();
  if (!why) return;
  log_->warn("switchover: {}", *why);
  answer_move(failure(*why));
  if (demotes_ && !feed_->has_offered()) static_cast<void>(step_down());
}

// This life ends with it.
void Node::end_move() {
  if (!feed_ || !feed_->has_offered()) return;
  if (feed_->move() != Feed::Move::taken)
    return answer_move(
        failure("Whether the standby leads now is not known: see 'tandemqctl status'."));
  const Position& heir = feed_->heir();
  log_->info("switchover: {} leads in term {}, from log position {}", feeding_->peer(),
             heir.term.counter, heir.lsn);
  answer_move(Json{{"from", config_.node_id},
                   {"to", feeding_->peer()},
                   {"term", heir.term.counter},
                   {"lsn", heir.lsn},
                   {"took_ms", ms_between(moved_at_, clock_.now())}});
}

}  // namespace tandemq
