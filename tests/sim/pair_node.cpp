#include "tests/sim/pair_node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::int64_t kDialEveryMs = 250;

// Where they stand.
Position tables_of(const MemoryStore& store) {
  Position position;
  static_cast<void>(store.read_table(Table::meta, [&](ByteView key, ByteView value) {
    if (const auto at = read_tables_at(key, value)) position = at->position;
    return false;
  }));
  return position;
}

}  // namespace

PairNode::PairNode(NodeIndex index, PairWorld& world)
    : index_(index),
      world_(world),
      config_(world.plan.plan.config),
      store_(std::make_unique<MemoryStore>()),
      disk_lag_ms_(world.plan.plan.writer_lag_ms) {
  file_.node = index == 0 ? "a" : "b";
}

void PairNode::tell(const std::string& what) const {
  if (world_.story != nullptr)
    *world_.story << world_.now.ms << " node " << file_.node << ' ' << what << '\n';
}

void PairNode::note(const std::function<void(NodeState&)>& how) {
  const NodeState before = file_;
  how(file_);
  world_.judge.noted(index_, before, file_);
}

// ---------------------------------------------------------------- the process

// As node/data does it.
void PairNode::place_image() {
  if (file_.sync == NodeState::Sync::receiving) {
    image_store_.reset();
    note([](NodeState& state) { state.sync = NodeState::Sync::none; });
  } else if (file_.sync == NodeState::Sync::installing) {
    store_ = std::move(image_store_);
    ++images_;
    note([](NodeState& state) { state.sync = NodeState::Sync::installed; });
  }
}

void PairNode::start() {
  place_image();
  store_->sync();  // RocksDB writes what it replays to files.
  life_ = std::make_unique<Life>(failover::settings_of(config_));
  life_->look_at = world_.now;
  meet_witness();
  RecoverOptions options;
  options.bodies_max_bytes = config_.memory.bodies_max_bytes;
  const Recovery recovery = recover(*store_, life_->state, options);
  if (const std::string bad = report_of(recovery); !bad.empty()) {
    world_.judge.find("node " + file_.node + ": recovery: " + bad);
    life_.reset();
    return;
  }
  life_->position = recovery.position;
  life_->tables_at = recovery.tables_at;
  life_->incarnation = world_.luck.below(UINT32_MAX);
  life_->standby = std::make_unique<Standby>(life_->state, config_, recovery.position,
                                             recovery.tables_at, file_.term_seen);
  life_->writer.emplace(*store_, world_.luck, Fault::none, config_.store.log_bytes_max,
                        recovery.tables_at, disk_lag_ms_);
  life_->flushing = config_.replication.mode == ReplicationMode::flushed;
  life_->writer->set_flush(life_->flushing, world_.now);
  life_->dial_at = world_.now;
  open_paths();
  note_disk();
  tell("starts at " + std::to_string(recovery.position.lsn) + " of term " +
       std::to_string(recovery.position.term.counter) + ", its tables at " +
       std::to_string(recovery.tables_at));
}

void PairNode::end_life(bool power) {
  if (!life_) return;
  if (life_->witness.promotes && life_->forced)
    world_.judge.permit_loss("the witness may have it lead by force in its next life");
  world_.ends(index_);
  world_.net->end_of(index_, power, world_.now);
  life_.reset();
}

void PairNode::crash() {
  tell("crashes");
  end_life(false);
}

void PairNode::lose_power() {
  const std::size_t unsynced = store_->unsynced();
  const std::size_t survivors = world_.luck.below(unsynced + 1);
  end_life(true);
  ++boots_;
  store_->lose_power(survivors);
  if (image_store_ && file_.sync == NodeState::Sync::receiving)
    image_store_->lose_power(world_.luck.below(image_store_->unsynced() + 1));
  tell("loses power, " + std::to_string(survivors) + " of " + std::to_string(unsynced) +
       " writes survive; its log ends at " + std::to_string(store_->last_lsn()));
}

// A process that stops by itself says goodbye, and the next one begins a little later.
void PairNode::begin_again(const std::string& why, bool aside) {
  if (!life_->again_at.is_never()) return;
  tell("starts anew: " + why);
  life_->again_at = world_.now.plus_ms(world_.luck.below(300));
  if (!leads()) return;
  life_->feed->end();
  const bool may_lead_again =
      life_->feed->move() == Feed::Move::offered ||
      (life_->machine.is_superseded() && file_.role == NodeState::Role::primary);
  if (!aside && !may_lead_again)
    note([](NodeState& state) { state.role = NodeState::Role::standby; });
  if (may_lead_again && has(PairFault::forgets_its_offer))
    note([](NodeState& state) { state.role = NodeState::Role::solo; });
  life_->primary->broker().say_goodbye(world_.now, life_->primary->effects());
  finish_batch();
}

void PairNode::set_disk_lag(std::uint32_t ms) {
  disk_lag_ms_ = ms;
  if (life_) life_->writer->set_lag(ms, world_.now);
}

Instant PairNode::next_due() const {
  if (!life_ || hangs_) return Instant::never();
  const Life& life = *life_;
  Instant due = std::min({life.writer->next_due(), life.again_at, life.beat_at, life.ask_at});
  if (life.again_at.is_never()) due = std::min({due, life.look_at, life.proof_at, life.witness.at});
  if (!life.questions.empty()) due = std::min(due, life.questions.front().at);
  if (!life.image_work.empty()) due = std::min(due, life.image_work.front().at);
  if (wants_to_dial() && !world_.net->is_dialling(index_)) due = std::min(due, life.dial_at);
  if (life.primary) {
    due = std::min({due, life.primary->next_due(), life.feed->next_due()});
    if (!life.feed->has_offered()) due = std::min(due, life.reader->next_due());
  } else if (!life.stopped) {
    due = std::min(due, life.standby->next_due());
  }
  return due;
}

void PairNode::act() {
  Life& life = *life_;
  const Instant now = world_.now;
  if (life.again_at <= now) {
    if (leads()) {
      finish_batch();
      if (auto record = life.primary->seal(now)) {
        world_.judge.sealed(index_, *record, file_);
        life.feed->append(*record, now);
        life.writer->append(std::move(*record), now);
      }
      replicate();
    }
    life.writer->finish();
    end_life(false);
    start();
  } else if (life.writer->next_due() <= now) {
    run_writer();
  } else if (life.beat_at <= now) {
    send_beat();
  } else if (life.ask_at <= now) {
    ask_gateway();
  } else if (life.again_at.is_never() && life.proof_at <= now) {
    end_proof();
  } else if (life.again_at.is_never() && life.witness.at <= now) {
    carry_question();
  } else if (life.again_at.is_never() && life.look_at <= now) {
    look();
  } else if (!life.questions.empty() && life.questions.front().at <= now) {
    answer_question();
  } else if (!life.image_work.empty() && life.image_work.front().at <= now) {
    work_on_image();
  } else if (wants_to_dial() && !world_.net->is_dialling(index_) && life.dial_at <= now) {
    world_.net->dial(index_, now);
    life.dial_at = now.plus_ms(kDialEveryMs);
  } else if (life.primary) {
    const bool reads = !life.feed->has_offered() && life.reader->next_due() <= now;
    if (!reads || life.reader->act(*life.primary, now)) finish_batch();
  } else if (!life.stopped) {
    life.standby->tick(now);
    drain();
  }
}

void PairNode::run_writer() {
  const SlowWriter::Report report = life_->writer->act(world_.now);
  note_disk();
  if (life_->primary) {
    if (report.progress) life_->feed->local(report.progress->written, report.progress->flushed);
    if (report.tables_written) life_->primary->tables_written();
    if (report.progress || report.tables_written) finish_batch();
    return;
  }
  if (life_->stopped) return;
  if (report.progress) life_->standby->local(report.progress->written, report.progress->flushed);
  if (report.tables_written) life_->standby->tables_written();
  if (report.progress || report.tables_written) drain();
}

// ---------------------------------------------------------------- the network

PeerNet::Handlers PairNode::handlers() {
  PeerNet::Handlers handlers;
  handlers.listens = [this] { return runs(); };
  handlers.dialled = [this](WireId wire) { on_dialled(wire); };
  handlers.unreachable = [this] {
    if (!runs()) return;
    const NodeIndex peer = other(index_);
    if (!world_.runs(peer) && !world_.net->is_dark(peer)) life_->refused_at = world_.now;
    life_->tried_peer = true;
    look();
  };
  handlers.frame = [this](WireId wire, Frame&& frame) {
    if (!runs()) return;
    tamper(frame);
    on_frame(wire, std::move(frame));
  };
  handlers.closed = [this](WireId wire) {
    if (runs()) on_closed(wire);
  };
  return handlers;
}

bool PairNode::wants_to_dial() const {
  const Life& life = *life_;
  return life.again_at.is_never() && life.link == 0 && (life.primary || !life.stopped);
}

void PairNode::on_dialled(WireId wire) {
  if (life_->stopped && !life_->primary) return world_.net->close(wire, index_, world_.now);
  if (!life_->primary) return greet(wire);
  if (life_->call != 0) world_.net->close(life_->call, index_, world_.now);
  life_->call = wire;
  Hello hello = about_us();
  hello.end = life_->primary->position();
  world_.net->send(wire, index_, hello, world_.now);
}

void PairNode::on_frame(WireId wire, Frame&& frame) {
  Life& life = *life_;
  if (wire == life.call && wire != 0) return on_call_answered(frame);
  if (wire == life.link && life.primary) {
    life.feed->take(std::move(frame), world_.now);
    return finish_batch();
  }
  if (wire == life.link) {
    const auto* refused = std::get_if<Refused>(&frame);
    const std::optional<Position> end =
        refused != nullptr ? std::optional(refused->end) : std::nullopt;
    const bool welcome = std::holds_alternative<Welcome>(frame);
    if (welcome) life.let_peer_lead = life.peer_yields = false;
    if (welcome) life.peer_end.reset(), life.peer_term = {};
    if (end) life.peer_end = end;
    if (end) life.peer_term = refused->term;
    if (end) life.tried_peer = true;
    if (end || welcome) look();
    if (life.stopped || life.primary) return;
    life.standby->take(std::move(frame), world_.now);
    return drain();
  }
  if (auto* hello = std::get_if<Hello>(&frame)) return take_call(wire, std::move(*hello));
  world_.net->close(wire, index_, world_.now);
}

void PairNode::on_closed(WireId wire) {
  Life& life = *life_;
  if (wire == life.call) life.call = 0;
  if (wire != life.link) return;
  life.link = 0;
  if (!life.primary) {
    life.standby->disconnected();
    return look();
  }
  life.feed->disconnected(world_.now);
  finish_batch();
  look();
}

// ---------------------------------------------------------------- for the judges

Position PairNode::end() const {
  return life_->primary ? life_->primary->position() : life_->standby->end();
}

void PairNode::note_disk() {
  disk_.written = std::max(disk_.written, stored_lsn());
  disk_.flushed = std::max({disk_.flushed, life_->writer->flushed(), life_->position.lsn});
}

std::string PairNode::shown() const {
  const std::string text = "node " + file_.node;
  if (!life_) return text + " is down";
  const char* const role = file_.role == NodeState::Role::standby   ? "standby"
                           : file_.role == NodeState::Role::primary ? "primary"
                                                                    : "solo";
  return text + " was " + role + ", " + (file_.outdated ? "is outdated, " : "") +
         (world_.insync.contains(index_) ? "has all, " : "") + "at " + std::to_string(end().lsn) +
         " of term " + std::to_string(end().term.counter);
}

bool PairNode::is_idle() const {
  return life_->reader->is_idle() && life_->primary->effects().record.empty();
}

Position PairNode::kept() const {
  return life_ && !life_->stopped && !life_->primary ? end() : stored();
}

const MemoryStore& PairNode::next_store() const {
  return file_.sync == NodeState::Sync::installing ? *image_store_ : *store_;
}

Lsn PairNode::stored_lsn() const {
  const MemoryStore& store = next_store();
  const Lsn last = store.last_lsn() < store.first_lsn() ? 0 : store.last_lsn();
  return std::max(last, tables_of(store).lsn);
}

Position PairNode::stored() const {
  const MemoryStore& store = next_store();
  Position position = tables_of(store);
  if (store.last_lsn() < store.first_lsn() || store.last_lsn() <= position.lsn) return position;
  static_cast<void>(store.read(store.last_lsn(), [&](Lsn, ByteView bytes) {
    if (const auto record = open_record(bytes)) position = record->position;
    return false;
  }));
  return position;
}

}  // namespace tandemq::sim
