// The roles of a node: when it follows, when it leads, and how the one becomes the other.
#include "config/sync_policy.hpp"
#include "node/node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kPhases[] = {"absent", "probing", "image", "catching up", "streaming"};
constexpr std::string_view kModes[] = {"async", "received", "written", "flushed"};

// Whether the log that ends at `one` may hold what the other does not.
bool is_ahead(const Position& one, const Position& other) {
  return one.term != other.term ? other.term < one.term : other.lsn < one.lsn;
}

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
                      [this](const std::string& why) { lead_if_alone(why); }});
  follow();
  if (auto started = peer_port_->start(); !started) return started;
  log_->info("replication: this node follows, at log position {}; listening on {}",
             data_.position.lsn, config_.replication.listen);
  supervisor_.ready("following");
  return {};
}

void Node::follow() {
  following_ = std::make_unique<Following>(
      io_, clock_, config_, data_, file_, about_us(), log_,
      Following::Ports{archived(), [this](const std::string& why) { begin_again(why); },
                       [this](const Frame& answer) { take_answer(answer); }});
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
  const bool newer = hello.term_seen < seen;
  link->send(Refused{
      hello.is_primary && newer ? Refused::Why::superseded : Refused::Why::not_primary, seen, end,
      newer && hello.is_primary ? "a newer term has begun" : "this node does not lead"});
  link->close();
  if (runner_.leads()) {
    if (seen < hello.term_seen) begin_again("the node " + peer_node_ + " leads in a newer term");
  } else if (hello.led_paired && !(seen < hello.term_seen) && is_ahead(end, hello.end) &&
             is_whole()) {
    // It led with this node until it ended, so all that it has is here, and the end of its log too.
    lead_again(peer_node_ + " led before, and this node has more of its log");
  }
}

// What the peer says first to a Hello.
void Node::take_answer(const Frame& answer) {
  if (std::holds_alternative<Welcome>(answer)) peer_end_.reset();  // It leads, and may go on.
  const auto* refused = std::get_if<Refused>(&answer);
  if (refused == nullptr) return;
  peer_end_ = refused->end;
  lead_if_alone("it does not lead");
}

void Node::answer_call(const PeerPort::Link& link) {
  peer_node_ = link->peer();
  if (!feeding_) return following_->take(link);
  Hello hello = about_us();
  hello.end = primary_->position();
  feeding_->call(link, std::move(hello));
}

// A node that led alone has all there is and leads again, unless somebody has led since; one that
// led with a standby does so when the standby has no more than it.
void Node::lead_if_alone(const std::string& why) {
  if (runner_.leads() || again_) return;
  const Position& end = following_->standby().end();
  switch (file_.state().role) {
    case NodeState::Role::standby:
      return;
    case NodeState::Role::solo:
      if (peer_end_ && end.term < peer_end_->term) return;
      break;
    case NodeState::Role::primary:
      if (!peer_end_ || is_ahead(*peer_end_, end)) return;
      break;
  }
  lead_again("it led before; " + config_.replication.peer + ": " + why);
}

void Node::lead_again(const std::string& why) {
  log_->info("replication: this node leads: {}", why);
  if (const auto led = lead(); !led) {
    log_->error("{}", led.error().text);
    begin_again("it could not lead");
  }
}

bool Node::is_whole() const {
  return !following_->standby().differs() && !following_->image() && !file_.state().outdated;
}

// ---------------------------------------------------------------- promotion

Result<void> Node::may_lead() const {
  const Standby& standby = following_->standby();
  const Position& end = standby.end();
  const std::string here = "Here the log ends at " + std::to_string(end.lsn) + " of term " +
                           std::to_string(end.term.counter);
  std::string there = "; of the peer nothing is known";
  std::optional<Position> peer = peer_end_;
  if (standby.primary_end().lsn > 0) peer = standby.primary_end();
  if (peer)
    there = "; the peer's was last seen at " + std::to_string(peer->lsn) + " of term " +
            std::to_string(peer->term.counter);
  const std::int64_t heard_ms = standby.heard_at().ms;
  if (heard_ms > 0)
    there += ", " + std::to_string(ms_between(standby.heard_at(), clock_.now()) / 1'000) + " s ago";
  const auto refuse = [&](const std::string& why) {
    return failure(why + " " + here + there + ". 'promote --force' leads nevertheless.");
  };
  if (following_->has_link() && standby.phase() != Standby::Phase::greeting)
    return refuse("The primary " + following_->peer() + " is connected: demote it first.");
  if (standby.differs() || following_->image())
    return refuse("What is here is not whole: it needs a full sync.");
  if (file_.state().outdated)
    return refuse("The primary went on without this node: acknowledged messages may be missing.");
  if (peer_end_ && is_ahead(*peer_end_, end)) return refuse("The peer has more: promote that one.");
  const bool alone = file_.state().role == NodeState::Role::solo;
  const bool fresh = end.lsn == 0 && file_.state().term_seen == Term{};
  if (standby.in_sync() || peer_end_ || alone || fresh) return {};
  return refuse("This node was not in sync when it last heard of the primary.");
}

Result<void> Node::promote(bool force) {
  if (runner_.leads()) return failure("This node is the primary already.");
  if (auto may = may_lead(); !may && !force) return may;
  if (following_->standby().differs())
    return failure("What is in memory is not what the log says: restart this node first.");
  auto led = lead();
  if (!led) begin_again("it could not lead");
  return led;
}

Result<void> Node::lead() {
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
  Term term = std::max(file_.state().term_seen, end.term);
  term = {term.counter + 1, term_number_of(config_.node_id)};
  const auto written = file_.change([term](NodeState& state) {
    state.term_seen = term;
    state.role = NodeState::Role::solo;
    state.outdated = false;
  });
  if (!written) return written;

  const Instant now = clock_.now();
  primary_ = std::make_unique<Primary>(*data_.state, config_, access_, term, end, tables_at);
  feed_ =
      std::make_unique<Feed>(*data_.state, config_.replication, term, end, is_relaxed(config_),
                             incarnation_);
  primary_->broker().set_disk_low(disk_guard_.is_low());
  primary_->start(now);
  // The term is on the disk before anything is done in it (invariant I2).
  const auto record = primary_->seal(now);
  data_.store->append({&*record, 1});
  data_.store->sync();
  feed_->append(*record, now);
  feed_->local(record->position.lsn, record->position.lsn);
  std::function<void(Instant)> replicate = [](Instant) {};
  if (peer_port_) {
    feeding_ = std::make_unique<Feeding>(runner_, *feed_, *data_.store, file_, log_,
                                         [this](const std::string& why) { begin_again(why); });
    replicate = [this](Instant at) { feeding_->replicate(at); };
  }
  runner_.lead(config_,
               {*primary_, *feed_, *data_.store, tables_at, archived(), std::move(replicate)});
  log_->info("leading in term {}, from log position {}", term.counter, record->position.lsn);
  if (auto opened = open_listeners(); !opened) return opened;
  supervisor_.ready("serving");
  return {};
}

Result<void> Node::demote() {
  if (!runner_.leads()) return failure("This node is a standby already.");
  if (!peer_port_) return failure("This node has no peer: replication.peer is not set.");
  const auto written =
      file_.change([](NodeState& state) { state.role = NodeState::Role::standby; });
  if (!written) return written;
  begin_again("it was demoted");
  return {};
}

void Node::begin_again(const std::string& why) {
  if (std::exchange(again_, true)) return;
  log_->warn("this node starts anew: {}", why);
  if (runner_.leads())
    static_cast<void>(
        file_.change([](NodeState& state) { state.role = NodeState::Role::standby; }));
  stop();
}

// ---------------------------------------------------------------- status

Json Node::replication_status() const {
  const bool leads = runner_.leads();
  const Term term = leads ? primary_->position().term : file_.state().term_seen;
  Json json{{"role", leads ? "primary" : "standby"},
            {"node", config_.node_id},
            {"cluster", config_.cluster_id},
            {"term", term.counter},
            {"lsn", leads ? primary_->position().lsn : following_->standby().end().lsn}};
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
        {"lag_bytes", status.lag_bytes}});
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
  json["peer"] = std::move(peer);
  json["replication"] = std::move(replication);
  return json;
}

}  // namespace tandemq
