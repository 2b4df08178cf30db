// PairNode as the standby: node/following, node/image_receiver.
#include "tests/sim/pair_node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {

void PairNode::greet(WireId wire) {
  Life& life = *life_;
  life.link = wire;
  life.let_peer_lead = !has(PairFault::claims_anyway);
  Hello hello = about_us();
  hello.outdated = file_.outdated;
  if (life.image) hello.image = life.image->progress;
  hello = life.standby->connected(std::move(hello), world_.now);
  if (has(PairFault::forgets_term_start) && hello.history.size() > 1) hello.history.pop_back();
  world_.net->send(wire, index_, hello, world_.now);
  drain();
}

void PairNode::drain() {
  Life& life = *life_;
  for (Record& record : life.standby->take_records()) {
    world_.judge.taken(index_, record);
    if (has(PairFault::applies_twice)) apply_twice(record);
    if (has(PairFault::skips_a_record) && world_.luck.once_in(30)) tamper_record(record);
    life.writer->append(std::move(record), world_.now);
  }
  if (life.standby->wants_flush() != life.flushing) {
    life.flushing = !life.flushing;
    life.writer->set_flush(life.flushing, world_.now);
  }
  if (auto changes = life.standby->take_tables()) {
    world_.judge.tables(index_, changes->at);
    life.writer->write_tables(std::move(*changes), world_.now);
  }
  for (Demand& demand : life.standby->take_demands()) {
    if (!life_ || life_->stopped) return;
    obey(std::move(demand));
  }
  for (Frame& frame : life.standby->take_frames()) {
    auto* durable = std::get_if<Durable>(&frame);
    if (durable != nullptr && has(PairFault::flushed_too_early))
      durable->written = durable->flushed = durable->received;
    if (life.link != 0) world_.net->send(life.link, index_, frame, world_.now);
  }
}

void PairNode::obey(Demand&& demand) {
  Life& life = *life_;
  if (const auto* term = std::get_if<NoteTerm>(&demand)) {
    // Another one leads: what this node led before gives it no right to any more.
    note([term](NodeState& state) {
      state.term_seen = term->term;
      state.role = NodeState::Role::standby;
    });
  } else if (std::holds_alternative<NoteOutdated>(demand)) {
    note([](NodeState& state) { state.outdated = true; });
  } else if (std::holds_alternative<NoteInSync>(demand)) {
    tell("is in sync");
    note([](NodeState& state) {
      state.outdated = false;
      state.role = NodeState::Role::standby;
      state.sync = NodeState::Sync::none;
    });
  } else if (const auto* cut = std::get_if<CutTail>(&demand)) {
    cut_tail(cut->lsn);
  } else if (const auto* start = std::get_if<StartImage>(&demand)) {
    start_image(start->begin);
  } else if (auto* rows = std::get_if<ImageRows>(&demand)) {
    life.image_work.push_back(
        {std::move(*rows), world_.now.plus_ms(world_.luck.below(world_.plan.wire_lag_ms))});
  } else if (const auto* end = std::get_if<ImageEnd>(&demand)) {
    life.image_work.push_back({*end, world_.now});
  } else if (std::holds_alternative<TakeOver>(demand)) {
    take_over();
  } else {
    const auto& hang_up = std::get<HangUp>(demand);
    tell("hangs up: " + hang_up.why);
    if (hang_up.alarm) world_.judge.alarm(index_, hang_up.why);
    life.standby->disconnected();
    drop_link();
  }
}

void PairNode::take_over() {
  Life& life = *life_;
  look();
  if (life.machine.role() != failover::Role::insync)
    return life.standby->decline("it may lack something");
  if (life.witness.promotes) return life.standby->decline("its operator has it promoted already");
  has_witness() ? claim_as_offered() : lead_as_offered();
}

void PairNode::lead_as_offered() {
  Life& life = *life_;
  if (life.machine.role() != failover::Role::insync) return;
  const WireId link = std::exchange(life.link, 0);
  take(failover::Event::handed_over);
  world_.judge.moved();
  if (link == 0) return;
  if (!life.primary) return world_.net->close(link, index_, world_.now);
  world_.net->send(link, index_, HandOver{HandOver::Say::taken, end(), {}}, world_.now);
  world_.net->close(link, index_, world_.now);
}

void PairNode::stop_following() {
  Life& life = *life_;
  life.stopped = true;
  life.standby->disconnected();
  drop_link();
  life.image_work.clear();
  life.writer->finish();
}

void PairNode::cut_tail(Lsn lsn) {
  const Position end = life_->standby->end();
  tell("cuts its tail behind " + std::to_string(lsn) + ", its log ended at " +
       std::to_string(end.lsn));
  stop_following();
  world_.judge.exported(index_, end, lsn + 1);
  world_.judge.cut(index_, end, lsn);
  if (!has(PairFault::keeps_the_tail)) {
    store_->cut(lsn + 1);
    store_->sync();
  }
  begin_again("a tail was cut off");
}

// ---------------------------------------------------------------- the image

void PairNode::start_image(const ImageBegin& begin) {
  Life& life = *life_;
  if (!begin.resumed || !life.image) {
    tell("takes an image of " + std::to_string(begin.at.lsn));
    life.image = Image{begin, {begin.image, {}, {}, 0}};
    note([](NodeState& state) { state.sync = NodeState::Sync::receiving; });
  }
  life.image_work.push_back({begin, world_.now});
}

// What the receiver's thread does, in order, a piece at a time.
void PairNode::work_on_image() {
  Life& life = *life_;
  const ImageWork work = std::move(life.image_work.front().what);
  life.image_work.pop_front();
  if (const auto* begin = std::get_if<ImageBegin>(&work)) return open_image(*begin);
  if (!life.target) return;
  if (const auto* rows = std::get_if<ImageRows>(&work)) {
    if (const auto taken = life.target->take(*rows); !taken)
      return image_failed(taken.error().text);
    life.image->progress = life.target->progress();
    life.standby->image_taken(life.image->progress.rows);
    return drain();
  }
  if (const auto whole = life.target->finish(std::get<ImageEnd>(work)); !whole)
    return image_failed(whole.error().text);
  image_store_->sync();
  State state;
  RecoverOptions options;
  options.bodies_max_bytes = 0;
  const Recovery recovery = recover(*image_store_, state, options);
  if (!recovery.damage.empty() || !recovery.broken.empty())
    return image_failed(report_of(recovery));
  if (recovery.position != life.image->begin.at) return image_failed("it stands elsewhere");
  life.target.reset();
  installed(life.image->begin.at);
}

void PairNode::open_image(const ImageBegin& begin) {
  Life& life = *life_;
  if (begin.resumed && life.target && life.target->progress().image == begin.image) return;
  life.target.reset();
  image_store_ = std::make_unique<MemoryStore>();
  life.target.emplace(*image_store_, begin);
}

void PairNode::image_failed(const std::string& why) {
  Life& life = *life_;
  tell("has no image: " + why);
  life.target.reset();
  life.image.reset();
  life.standby->disconnected();
  drop_link();
}

void PairNode::installed(const Position& at) {
  Life& life = *life_;
  tell("has an image of " + std::to_string(at.lsn));
  const Position end = life.standby->end();
  stop_following();
  const Lsn from = std::max(life.standby->image_fork() + 1, store_->first_lsn());
  if (from <= end.lsn) world_.judge.exported(index_, end, from);
  note([](NodeState& state) { state.sync = NodeState::Sync::installing; });
  begin_again("a full sync was taken");
}

}  // namespace tandemq::sim
