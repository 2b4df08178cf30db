// PairNode as the primary, and how it becomes one: node/node_roles, node/feeding, node/runner.
#include "base/ensure.hpp"
#include "tests/sim/pair_node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
Hello PairNode::about_us() const {
  Hello hello;
  hello.incarnation = life_->incarnation;
  hello.boot_id = boot();
  hello.is_primary = leads();
  hello.led_paired = !leads() && file_.role == NodeState::Role::primary;
  hello.term_seen = file_.term_seen;
  return hello;
}

void PairNode::lead(bool forced) {
  Life& life = *life_;
  stop_following();
  const Position end = life.standby->end();
  Term term = std::max({file_.term_seen, end.term, life.peer_term});
  term = life.witness.term.value_or(Term{term.counter + 1, number()});
  world_.judge.leads(index_, term, end, forced);
  if (const auto changes = life.standby->finish_tables()) {
    world_.judge.tables(index_, changes->at);
    store_->write_tables(*changes);
    life.standby->tables_written();
  }
  const Lsn tables_at = life.standby->tables_at();
  note([term](NodeState& state) {
    state.term_seen = term;
    state.role = NodeState::Role::solo;
    state.outdated = false;
  });
  if (world_.plan.dies_early > 0 && world_.luck.once_in(world_.plan.dies_early))
    return begin_again("it dies before its term's first record");
  world_.insync = {index_};
  tell("leads in term " + std::to_string(term.counter) + " behind " + std::to_string(end.lsn));
  life.primary =
      std::make_unique<Primary>(life.state, config_, world_.access, term, end, tables_at);
  life.feed =
      std::make_unique<Feed>(life.state, config_.replication, term, end, false, life.incarnation);
  life.primary->start(world_.now);
  const auto record = life.primary->seal(world_.now);
  world_.judge.sealed(index_, *record, file_);
  store_->append({&*record, 1});
  store_->sync();
  life.feed->append(*record, world_.now);
  life.feed->local(record->position.lsn, record->position.lsn);
  life.writer.emplace(*store_, world_.luck, Fault::none, config_.store.log_bytes_max, tables_at,
                      disk_lag_ms_);
  life.flushing = life.feed->needs_flush();
  life.writer->set_flush(life.flushing, world_.now);
  if (!has(PairFault::trims_too_early))
    life.writer->set_followed([this] { return life_->feed->needed_from(); },
                              [this, most = config_.replication.log_bytes_max] {
                                return most +
                                       std::min(life_->feed->log_allowance(), UINT64_MAX / 2);
                              });
  life.source.emplace(*store_);
  life.reader.emplace(*store_, world_.luck);
  world_.led(index_);
  if (has_witness()) life.witness.dialogue->hold();
  finish_batch();
}

void PairNode::demote() {
  note([](NodeState& state) { state.role = NodeState::Role::standby; });
  take(failover::Event::demote);
}

void PairNode::switch_over() {
  if (has_witness() && !failover_facts().witness.answers)
    return tell("cannot hand over: the witness does not answer");
  const auto begun = life_->feed->begin_move(world_.now);
  tell(begun ? "is to hand over" : "cannot hand over: " + begun.error().text);
  finish_batch();
}

// ---------------------------------------------------------------- a batch

void PairNode::finish_batch() {
  Life& life = *life_;
  Primary& primary = *life.primary;
  const Instant now = world_.now;
  primary.rest(life.feed->has_offered());
  if (primary.next_due() <= now) primary.tick(now);
  auto record = primary.seal(now, life.feed->moves());
  life.feed->await(primary.awaited());
  if (record) {
    world_.judge.sealed(index_, *record, file_);
    life.feed->append(*record, now);
    life.writer->append(std::move(*record), now);
  }
  if (life.feed->next_due() <= now) life.feed->tick(now);
  replicate();
  commit();
  if (auto changes = primary.take_tables()) {
    world_.judge.tables(index_, changes->at);
    life.writer->write_tables(std::move(*changes), now);
  }
  if (auto request = primary.take_body_request()) life.reader->ask(std::move(*request), now);
  std::vector<Outputs> outputs = primary.take_outputs();
  if (has(PairFault::releases_unordered)) std::reverse(outputs.begin(), outputs.end());
  for (Outputs& one : outputs) life.front.carry_out(one);
}

void PairNode::commit() {
  Life& life = *life_;
  const bool alone = life.feed->status(world_.now).commit == CommitPoint::Phase::solo;
  const bool was_alone = std::exchange(life.alone, alone);
  const bool early = has(PairFault::acknowledges_early);
  const Committed levels = early ? life.primary->position().lsn : life.feed->levels();
  const bool rises = levels != life.primary->gate().released();
  if (rises) release(levels, alone, was_alone);
  life.feed->await(life.primary->awaited());
  if (life.feed->needs_flush() != life.flushing) {
    life.flushing = !life.flushing;
    life.writer->set_flush(life.flushing, world_.now);
  }
}

void PairNode::release(const Committed& levels, bool alone, bool was_alone) {
  Life& life = *life_;
  const Committed before = life.primary->gate().released();
  // A node that stops to lead has noted so, and lets out what its standby has.
  if (alone && life.again_at.is_never()) {
    world_.judge.acknowledges_alone(index_, file_);
    if (has_witness())
      world_.judge.acknowledges_alone(index_, life.primary->position().term,
                                      world_.witness->entry());
  }
  // What was committed just before a standby was admitted did not need it.
  if (!alone && !was_alone)
    world_.judge.relies_on(other(index_), world_.disk_of(other(index_)), before, levels);
  life.primary->committed(levels);
  world_.judge.released(index_, life.primary->position(), life.primary->settled());
}

void PairNode::replicate() {
  Life& life = *life_;
  fulfil();
  watch_move();
  for (const Frame& frame : life.feed->take_frames())
    if (life.link != 0) world_.net->send(life.link, index_, frame, world_.now);
  for (FeedRequest& request : life.feed->take_requests())
    life.questions.push_back({std::move(request), world_.now.plus_ms(world_.luck.below(10))});
  for (const std::string& alarm : life.feed->take_alarms()) world_.judge.alarm(index_, alarm);
  if (const auto why = life.feed->take_hang_up()) {
    tell("hangs up: " + *why);
    drop_link();
  }
}

void PairNode::fulfil() {
  Feed& feed = *life_->feed;
  const Feed::Wish wish = feed.wish();
  if (wish == Feed::Wish::none || wish != life_->permitted) return;
  const bool alone = wish == Feed::Wish::alone;
  if (!alone || !has(PairFault::alone_unnoted))
    note([alone](NodeState& state) {
      state.role = alone ? NodeState::Role::solo : NodeState::Role::primary;
    });
  if (alone) world_.insync = {index_};
  if (!alone) world_.insync = {index_, other(index_)};
  // What it has answered may be gone with it already.
  if (!alone && world_.runs(other(index_))) world_.judge.paired();
  tell(alone ? "goes on alone" : "has a standby in sync");
  feed.grant(world_.now);
  life_->permitted = Feed::Wish::none;
}

void PairNode::watch_move() {
  Feed& feed = *life_->feed;
  const Feed::Move move = feed.move();
  if (move == Feed::Move::drained || move != life_->moved) life_->look_at = world_.now;
  life_->moved = move;
  if (const auto why = feed.take_move_failure()) tell(*why);
}

void PairNode::drop_link() {
  if (const WireId link = std::exchange(life_->link, 0))
    world_.net->close(link, index_, world_.now);
}

void PairNode::answer_question() {
  Life& life = *life_;
  const FeedRequest request = std::move(life.questions.front().what);
  life.questions.pop_front();
  auto answer = life.source->read(request);
  if (!answer) return;
  tamper_answer(*answer);
  life.feed->answer(std::move(*answer), world_.now);
  finish_batch();
}

// ---------------------------------------------------------------- the peer

void PairNode::take_call(WireId wire, Hello&& hello) {
  Life& life = *life_;
  if (life.primary && !hello.is_primary) return take_standby(wire, std::move(hello));
  const Term seen = file_.term_seen;
  if (!hello.is_primary) life.peer_end = hello.end;
  life.peer_term = hello.term_seen;
  life.peer_yields =
      hello.led_paired && !(seen < hello.term_seen) && failover::is_ahead(end(), hello.end);
  const bool newer = hello.is_primary && hello.term_seen < seen;
  world_.net->send(wire, index_,
                   Refused{newer ? Refused::Why::superseded : Refused::Why::not_primary, seen,
                           end(), newer ? "a newer term has begun" : "this node does not lead"},
                   world_.now);
  world_.net->close(wire, index_, world_.now);
  if (life.primary && seen < hello.term_seen) return begin_again("the peer leads in a newer term");
  if (!follows()) return;
  if (!hello.is_primary && !has(PairFault::claims_anyway)) life.let_peer_lead = true;
  life.tried_peer = true;
  look();
}

void PairNode::take_standby(WireId wire, Hello&& hello) {
  Life& life = *life_;
  drop_link();
  life.link = wire;
  tell("is called by a standby, whose log ends at " + std::to_string(hello.end.lsn) + " of term " +
       std::to_string(hello.end.term.counter));
  const Lsn first = has(PairFault::trims_too_early) ? 1 : store_->first_lsn();
  life.feed->connected(hello, first, world_.now);
  finish_batch();
}

void PairNode::on_call_answered(const Frame& frame) {
  world_.net->close(std::exchange(life_->call, 0), index_, world_.now);
  const auto* refused = std::get_if<Refused>(&frame);
  if (refused != nullptr && refused->why == Refused::Why::superseded)
    begin_again("the peer leads in a newer term");
}

}  // namespace tandemq::sim
