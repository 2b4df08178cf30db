// The roles of a node: when it follows, when it leads, and how the one becomes the other.
#include "config/sync_policy.hpp"
#include "node/node.hpp"
#include "node/node_witness.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kPhases[] = {"absent", "probing", "image", "catching up", "streaming"};
constexpr std::string_view kModes[] = {"async", "received", "written", "flushed"};

Json image_json(const ImageBegin& image, std::uint64_t rows, std::int64_t ms) {
  const std::uint64_t total = std::max(image.rows, rows);
  const double seconds = static_cast<double>(ms) / 1'000;
  const double rate = seconds > 0 ? static_cast<double>(rows) / seconds : 0;
  const double share = total == 0 ? 1 : static_cast<double>(rows) / static_cast<double>(total);
  Json json{{"rows", rows},
            {"rows_about", image.rows},
            {"bytes", static_cast<std::uint64_t>(share * static_cast<double>(image.bytes))},
            {"bytes_about", image.bytes},
            {"rows_per_s", static_cast<std::uint64_t>(rate)}};
  if (rate > 0) json["left_s"] = static_cast<double>(total - rows) / rate;
  return json;
}

}  // namespace

Result<void> Node::begin_replication() {
  note_begin();
  if (config_.replication.peer.empty()) return lead();
  peer_port_ = std::make_unique<PeerPort>(
      io_, clock_, config_, log_,
      PeerPort::Ports{[this](PeerPort::Link link, Hello&& hello) {
                        take_call(std::move(link), std::move(hello));
                      },
                      [this] {
                        return feeding_ ? !feeding_->has_link()
                                        : following_ && following_->wants_link();
                      },
                      [this](const PeerPort::Link& link) { answer_call(link); },
                      [this](const std::string&, bool refused) {
                        if (refused) refused_at_ = clock_.now();
                        tried_peer_ = true;
                        look();
                      }});
  auto agent = make_agent();
  if (!agent) return tl::unexpected(std::move(agent.error()));
  agent_ = std::move(*agent);
  prepare_wake();
  follow();
  if (auto started = peer_port_->start(); !started) return started;
  if (auto opened = open_paths(); !opened) return opened;
  log_->info("replication: this node follows, at log position {}; listening on {}",
             data_.position.lsn, config_.replication.listen);
  supervisor_.ready("following");
  return agent_->start();
}

void Node::follow() {
  following_ = std::make_unique<Following>(
      io_, clock_, config_, data_, file_, about_us(), log_,
      Following::Ports{archived(), [this](const std::string& why) { begin_again(why); },
                       [this](const Frame& answer) { take_answer(answer); },
                       [this] { look_at_peer(); }, [this] { take_over(); },
                       [this](const std::string& why) { answer_move(failure(why)); }, peer_about_,
                       runner_.measures()});
}

// Null: the log is not archived.
std::function<Lsn()> Node::archived() const {
  if (!archiver_) return nullptr;
  return [archiver = archiver_.get()] { return archiver->archived(); };
}

Hello Node::about_us() const {
  Hello hello;
  hello.incarnation = incarnation_;
  hello.boot_id = boot_id().value_or("");
  hello.is_primary = runner_.leads();
  hello.led_paired = !runner_.leads() && file_.state().role == NodeState::Role::primary;
  hello.term_seen = file_.state().term_seen;
  return hello;
}

// ---------------------------------------------------------------- the peer

void Node::take_call(PeerPort::Link link, Hello&& hello) {
  peer_node_ = link->peer();
  if (feeding_ && !hello.is_primary) return feeding_->take(std::move(link), std::move(hello));
  const Term seen = file_.state().term_seen;
  const Position end = runner_.leads() ? primary_->position() : following_->standby().end();
  peer_end_ = hello.is_primary ? std::nullopt : std::optional(hello.end);
  peer_term_ = hello.term_seen;
  peer_yields_ =
      hello.led_paired && !(seen < hello.term_seen) && failover::is_ahead(end, hello.end);
  const bool newer = hello.term_seen < seen;
  link->send(Refused{
      hello.is_primary && newer ? Refused::Why::superseded : Refused::Why::not_primary, seen, end,
      newer && hello.is_primary ? "a newer term has begun" : "this node does not lead"});
  link->close();
  if (runner_.leads()) {
    if (seen < hello.term_seen) begin_again("the node " + peer_node_ + " leads in a newer term");
    return;
  }
  // From our answer it may find that it can lead, so this node must not take over any more.
  if (!hello.is_primary) let_peer_lead_ = true;
  tried_peer_ = true;
  look();
}

// What the peer says first to a Hello.
void Node::take_answer(const Frame& answer) {
  if (std::holds_alternative<Welcome>(answer)) {  // It leads, and may go on.
    peer_end_.reset();
    peer_term_ = {};
    let_peer_lead_ = peer_yields_ = false;
  }
  if (const auto* refused = std::get_if<Refused>(&answer)) {
    peer_end_ = refused->end;
    peer_term_ = refused->term;
    tried_peer_ = true;
  }
  look();
}

void Node::answer_call(const PeerPort::Link& link) {
  peer_node_ = link->peer();
  if (!feeding_) {
    let_peer_lead_ = true;  // Our Hello tells it too, until it answers that it leads.
    return following_->take(link);
  }
  Hello hello = about_us();
  hello.end = primary_->position();
  feeding_->call(link, std::move(hello));
}

// ---------------------------------------------------------------- failover

Result<std::unique_ptr<failover::Agent>> Node::make_agent() {
  const FailoverConfig& config = config_.failover;
  failover::Agent::Config about;
  about.settings = failover::settings_of(config_);
  about.vip = {config.vip_role_file, config.vip_claim_file, config.vip_address};
  const auto take_command = [](std::string_view key, const std::string& text,
                               std::vector<std::string>& words) -> Result<void> {
    if (text.empty()) return {};
    auto parsed = parse_command(text);
    if (!parsed) return failure(std::string(key) + ": " + parsed.error().text);
    words = std::move(*parsed);
    return {};
  };
  for (const auto& taken :
       {take_command("failover.fence_command", config.fence_command, about.fence_command),
        take_command("vip.command", config.vip_command, about.vip_command)})
    if (!taken) return tl::unexpected(taken.error());
  failover::Agent::Ports ports;
  ports.now = [this] { return clock_.now(); };
  ports.facts = [this] { return failover_facts(); };
  ports.lead = [this](std::optional<Term> term) { return lead(term); };
  ports.standby = [this] {
    const Hello& hello = feed_->standby_hello();
    return WitnessMember{peer_node_, hello.incarnation, hello.boot_id};
  };
  ports.step_down = [this](const std::string& why, bool aside) { begin_again(why, aside); };
  ports.wish_permitted = [this] {
    if (runner_.leads()) runner_.run([](Primary&, Instant) {});
  };
  ports.changed = [this](const failover::Machine::Change& change) {
    note_role(std::string(name_of(change.from)), std::string(name_of(change.event)),
              std::string(name_of(change.to)), std::string(change.why));
  };
  ports.offer = [this] { runner_.run([this](Primary&, Instant) { feed_->offer(); }); };
  ports.log = [this](failover::Agent::Weight weight, const std::string& text) {
    const bool grave = weight == failover::Agent::Weight::error;
    log_->log(grave                                        ? spdlog::level::err
              : weight == failover::Agent::Weight::warning ? spdlog::level::warn
                                                           : spdlog::level::info,
              "{}", text);
  };
  about.us = {config_.node_id, incarnation_, boot_id().value_or("")};
  about.mode = config_.replication.mode;
  about.term_number = term_number_of(config_.node_id);
  auto witness = make_witness(io_, config_);
  if (!witness) return tl::unexpected(std::move(witness.error()));
  return std::make_unique<failover::Agent>(io_, std::move(about), std::move(*witness),
                                           std::move(ports));
}

failover::Standing Node::standing() const {
  const Standby& standby = following_->standby();
  failover::Standing standing;
  standing.was = file_.state().role;
  standing.outdated = file_.state().outdated;
  standing.whole = !standby.differs() && !following_->image();
  standing.follows = following_->has_link() && standby.phase() != Standby::Phase::greeting;
  standing.in_sync = standby.in_sync() && !let_peer_lead_;
  standing.term_seen = file_.state().term_seen;
  standing.end = standby.end();
  standing.peer_end = peer_end_;
  standing.peer_term = peer_term_;
  standing.peer_yields = peer_yields_;
  return standing;
}

failover::Facts Node::failover_facts() const {
  failover::Facts facts;
  facts.tried_peer = tried_peer_;
  if (runner_.leads()) {
    const Feed::Status status = feed_->status(clock_.now());
    facts.heard_at = status.silent_since;
    facts.seen_at = status.heard_at;
    facts.serves = serves_;
    facts.wants_pair = feed_->wish() == Feed::Wish::pair;
    // Who has offered the lead hears of its own disk no more, so the wish would not come.
    facts.wants_alone =
        feed_->wish() == Feed::Wish::alone || (feed_->has_offered() && !feeding_->has_link());
    facts.standby_answers = status.answers;
    facts.superseded = feed_->superseded_by().has_value();
    facts.promised_at = status.promised_at;
    facts.move = feed_->move();
  } else {
    facts.standing = standing();
    facts.heard_at = following_->standby().heard_at();
  }
  // In the same millisecond too: whoever dies is heard of just before.
  add_paths(facts);
  facts.refused = refused_at_.ms > 0 && std::max(facts.heard_at, facts.seen_at) <= refused_at_;
  return facts;
}

void Node::look() {
  if (agent_) agent_->look();
  if (heartbeat_port_) heartbeat_port_->tell();
  conclude_move();
}

// Whether its process is dead is known at once.
void Node::look_at_peer() {
  asio::post(io_, [this] {
    if (again_ || !stop_at_.is_never()) return;
    if (feeding_ ? !feeding_->has_link() : following_->wants_link()) peer_port_->dial_now();
    look();
  });
}

// ---------------------------------------------------------------- promotion

Result<void> Node::may_lead() const {
  const failover::Objection objection = failover::objection_to_lead(standing());
  if (objection == failover::Objection::none) return {};
  // What this node does not know the witness does.
  const bool is_here =
      objection == failover::Objection::follows || objection == failover::Objection::not_whole;
  if (!is_here && agent_->facts().witness.may_claim) return {};
  const Standby& standby = following_->standby();
  std::string known = "Here the log ends at " + std::to_string(standby.end().lsn) + " of term " +
                      std::to_string(standby.end().term.counter);
  std::optional<Position> peer = peer_end_;
  if (standby.primary_end().lsn > 0) peer = standby.primary_end();
  known += peer ? "; the peer's was last seen at " + std::to_string(peer->lsn) + " of term " +
                      std::to_string(peer->term.counter)
                : "; of the peer nothing is known";
  if (standby.heard_at().ms > 0)
    known += ", " + std::to_string(ms_between(standby.heard_at(), clock_.now()) / 1'000) + " s ago";
  return failure(std::string(failover::sentence_of(objection)) + " " + known +
                 ". 'promote --force' leads nevertheless.");
}

Result<void> Node::promote(bool force) {
  if (runner_.leads()) return failure("This node is the primary already.");
  if (auto may = may_lead(); !may && !force) return may;
  if (following_->standby().differs())
    return failure("What is in memory is not what the log says: restart this node first.");
  return agent_->promote(force);
}

Result<void> Node::lead(std::optional<Term> claimed) {
  Position end = data_.position;
  Lsn tables_at = data_.tables_at;
  if (following_) {
    Standby& standby = following_->standby();
    following_->stop();
    end = standby.end();
    if (const auto changes = standby.finish_tables()) {
      data_.store->write_tables(*changes);
      standby.tables_written();
    }
    tables_at = standby.tables_at();
  }
  Term term = std::max({file_.state().term_seen, end.term, peer_term_});
  term = claimed.value_or(Term{term.counter + 1, term_number_of(config_.node_id)});
  const auto written = file_.change([term](NodeState& state) {
    state.term_seen = term;
    state.role = NodeState::Role::solo;
    state.outdated = false;
  });
  if (!written) return written;

  const Instant now = clock_.now();
  primary_ = std::make_unique<Primary>(*data_.state, config_, access_, term, end, tables_at);
  feed_ = std::make_unique<Feed>(*data_.state, config_.replication, term, end, is_relaxed(config_),
                                 incarnation_);
  primary_->broker().set_disk_low(disk_guard_.is_low());
  listen_to_audit();
  primary_->start(now);
  // The term is on the disk before anything is done in it (invariant I2).
  const auto record = primary_->seal(now);
  data_.store->append({&*record, 1});
  data_.store->sync();
  feed_->append(*record, now);
  feed_->local(record->position.lsn, record->position.lsn);
  std::function<void(Instant)> replicate = [](Instant) {};
  if (peer_port_) {
    feeding_ = std::make_unique<Feeding>(
        runner_, *feed_, *data_.store, file_, client_roll_, log_,
        Feeding::Ports{
            [this](Feed::Wish wish) { return agent_->permits(wish); },
            [this] { agent_->granted(); }, [this] { asio::post(io_, [this] { look(); }); },
            [this] { asio::post(io_, [this] { switch_as_asked(); }); }, [this] { look_at_peer(); },
            [this](const std::string& why) { begin_again(why); }, peer_about_});
    replicate = [this](Instant at) { feeding_->replicate(at); };
  }
  runner_.lead(config_,
               {*primary_, *feed_, *data_.store, tables_at, archived(), std::move(replicate)});
  log_->info("leading in term {}, from log position {}", term.counter, record->position.lsn);
  if (auto opened = open_listeners(); !opened) return opened;
  serves_ = true;
  wake_clients();
  supervisor_.ready("serving");
  return {};
}

Result<Json> Node::witness(bool establish) {
  if (!agent_ || agent_->witness() == nullptr)
    return failure("There is no witness: witness.etcd is not set.");
  if (establish) {
    if (auto begun = agent_->establish(); !begun) return tl::unexpected(begun.error());
  }
  return witness_json(*agent_->witness(), clock_.now());
}

void Node::begin_again(const std::string& why, bool aside) {
  if (std::exchange(again_, true)) return;
  log_->warn("this node starts anew: {}", why);
  end_move();
  const failover::Role role = agent_ ? agent_->machine().role() : failover::Role::solo;
  note_role(std::string(name_of(role)), std::string(failover::kAnew),
            std::string(name_of(failover::Role::reconciling)), why);
  if (runner_.leads()) feed_->end();
  // Who may have been followed by its standby leads again if that one says that it has not. And a
  // standby that has begun a term may have died before it led in it.
  const bool was_paired = file_.state().role == NodeState::Role::primary;
  const bool may_lead_again =
      feed_ && (feed_->move() == Feed::Move::offered ||
                (was_paired && agent_ && agent_->machine().is_superseded()));
  if (runner_.leads() && (demotes_ || !(aside || may_lead_again)))
    static_cast<void>(
        file_.change([](NodeState& state) { state.role = NodeState::Role::standby; }));
  stop();
}

// ---------------------------------------------------------------- status

Json Node::replication_status() const {
  const bool leads = runner_.leads();
  // One that is about to end commits nothing any more.
  const bool ends =
      !stop_at_.is_never() || (agent_ && agent_->machine().role() == failover::Role::demoting);
  const Term term = leads ? primary_->position().term : file_.state().term_seen;
  Json json{{"role", leads && !ends ? "primary" : "standby"},
            {"node", config_.node_id},
            {"cluster", config_.cluster_id},
            {"term", term.counter},
            {"lsn", leads ? primary_->position().lsn : following_->standby().end().lsn},
            {"durable_sessions", data_.state->durable_count()}};
  if (leads) json["memory"] = {{"pressure", name(primary_->broker().world().overload.pressure())}};
  if (!peer_port_) return json;
  Json peer{{"address", config_.replication.peer}, {"node", peer_node_}};
  Json replication{{"mode", kModes[static_cast<std::size_t>(config_.replication.mode)]}};
  const Instant now = clock_.now();
  if (leads) {
    const Feed::Status status = feed_->status(now);
    const bool paired = status.commit == CommitPoint::Phase::paired;
    const bool connected = feeding_->has_link();
    peer.update(Json{{"connected", connected},
                     {"role", connected ? "standby" : "unknown"},
                     {"lsn", connected ? status.standby.received : feeding_->peer_end().lsn},
                     {"in_sync", paired}});
    replication.update(Json{
        {"committed", feed_->committed()},
        {"acknowledges", paired                                      ? "with its standby"
                         : status.commit == CommitPoint::Phase::solo ? "alone"
                                                                     : "while a standby joins"},
        {"phase", kPhases[static_cast<std::size_t>(status.phase)]},
        {"lag_records", status.lag_records},
        {"lag_bytes", status.lag_bytes},
        {"lag_ms", status.lag_ms}});
    if (status.phase == Feed::Phase::image)
      replication["image"] = image_json(status.image, status.image_rows, status.image_ms);
  } else {
    const Standby& standby = following_->standby();
    const bool follows = following_->has_link() && standby.phase() != Standby::Phase::greeting;
    const Lsn theirs = std::max(standby.primary_end().lsn, standby.end().lsn);
    peer.update(Json{{"connected", following_->has_link()},
                     {"role", follows     ? "primary"
                              : peer_end_ ? "standby"
                                          : "unknown"},
                     {"lsn", peer_end_ && !follows ? peer_end_->lsn : theirs},
                     {"in_sync", standby.in_sync()}});
    replication.update(Json{{"outdated", file_.state().outdated},
                            {"phase", following_->image() ? "image"
                                      : follows           ? "following"
                                      : peer_end_         ? "nobody leads"
                                                          : "no connection"},
                            {"lag_records", follows ? theirs - standby.end().lsn : 0}});
    if (standby.heard_at().ms > 0) peer["heard_ms_ago"] = ms_between(standby.heard_at(), now);
    if (const auto& image = following_->image())
      replication["image"] =
          image_json(image->begin, image->progress.rows, ms_between(image->began_at, now));
  }
  add_peer_report(peer);
  json["failover"] = failover_status();
  json["failover"].update(paths_status());
  if (!config_.failover.vip_address.empty()) json["vip"] = vip_status();
  if (const auto* witness = agent_->witness()) json["witness"] = witness_json(*witness, now);
  json["peer"] = std::move(peer);
  json["replication"] = std::move(replication);
  return json;
}

}  // namespace tandemq
