#include "node/following.hpp"

#include "recovery/diverged.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

constexpr std::uint64_t kReceivedBacklogBytes = 32U << 20U;  // Received, and not taken by the disk.

}  // namespace

Following::Following(asio::io_context& io, const Clock& clock, const Config& config, Data& data,
                     NodeFile& file, Hello about_us, std::shared_ptr<spdlog::logger> log,
                     Ports ports)
    : io_(io),
      clock_(clock),
      config_(config),
      data_(data),
      file_(file),
      about_us_(std::move(about_us)),
      log_(std::move(log)),
      ports_(std::move(ports)),
      standby_(*data.state, config, data.position, data.tables_at, file.state().term_seen),
      timer_(io),
      committer_(*data.store, config, data.tables_at,
                 {[this](Lsn written, Lsn flushed) {
                    post([this, written, flushed] { standby_.local(written, flushed); });
                  },
                  [this] { post([this] { standby_.tables_written(); }); }, ports_.archived, nullptr,
                  nullptr, &ports_.measures}) {
  flushing_ = config.replication.mode == ReplicationMode::flushed;
  committer_.set_flush(flushing_);
}

Following::~Following() {
  stop();
}

void Following::post(std::function<void()> work) {
  asio::post(io_, [this, work = std::move(work)] {
    if (stopped_) return;
    work();
    if (!stopped_) drain();
  });
}

// ---------------------------------------------------------------- the link

void Following::take(PeerPort::Link link) {
  link_ = std::move(link);
  peer_ = link_->peer();
  PeerLink::Handlers handlers;
  handlers.opened = [] {};
  handlers.frame = [this](Frame&& frame) {
    if (const auto* about = std::get_if<About>(&frame))
      return ports_.about.take(*about, peer_, clock_.now());
    if (const auto* piece = std::get_if<Ephemeral>(&frame)) return clients_.take(*piece);
    if (std::holds_alternative<Refused>(frame) || std::holds_alternative<Welcome>(frame))
      ports_.answered(frame);
    if (stopped_) return;  // It has been promoted.
    standby_.take(std::move(frame), clock_.now());
    drain();
  };
  handlers.closed = [this](const std::string& why, bool) {
    const bool followed = standby_.phase() != Standby::Phase::greeting;
    if (followed) log_->warn("replication: the link to {} has ended: {}", peer_, why);
    link_.reset();
    offered_ = false;
    standby_.disconnected();
    if (followed) ports_.link_lost();
  };
  link_->set_handlers(std::move(handlers));
  Hello hello = about_us_;
  hello.outdated = file_.state().outdated;
  if (image_) hello.image = image_->progress;
  link_->send(standby_.connected(std::move(hello), clock_.now()));
  ports_.about.connected();
  drain();
}

void Following::drop_link(const std::string& why) {
  standby_.disconnected();
  offered_ = false;
  if (const PeerPort::Link link = std::exchange(link_, nullptr)) {
    // Each of two standbys asks the other one again and again: that is told once.
    if (std::exchange(last_words_, why) != why)
      log_->info("replication: the link to {} is closed: {}", peer_, why);
    link->close();
  }
}

Result<void> Following::ask_to_lead() {
  if (!link_ || standby_.phase() != Standby::Phase::following)
    return failure("This node follows nobody: see 'tandemqctl promote'.");
  standby_.ask_to_lead();
  drain();
  return {};
}

void Following::decline(const std::string& why) {
  if (stopped_ || !std::exchange(offered_, false)) return;
  log_->warn("replication: {} wants this node to lead, and it does not: {}", peer_, why);
  standby_.decline(why);
  drain();
}

PeerPort::Link Following::give_link() {
  standby_.disconnected();
  PeerPort::Link link = std::exchange(link_, nullptr);
  PeerLink::Handlers handlers;
  handlers.opened = [] {};
  handlers.frame = [](Frame&&) {};
  handlers.closed = [](const std::string&, bool) {};
  if (link) link->set_handlers(std::move(handlers));
  return link;
}

void Following::set_disk_low(bool low) {
  disk_low_ = low;
  if (low) drop_link("the disk is nearly full");
}

bool Following::outdate() {
  if (stopped_) return false;
  standby_.outdated();
  drain();
  return file_.state().outdated;
}

// ---------------------------------------------------------------- carry out

void Following::drain() {
  for (Record& record : standby_.take_records()) committer_.append(std::move(record));
  if (standby_.wants_flush() != flushing_) {
    flushing_ = !flushing_;
    committer_.set_flush(flushing_);
  }
  if (auto changes = standby_.take_tables()) committer_.write_tables(std::move(*changes));
  for (Demand& demand : standby_.take_demands()) {
    if (stopped_) return;
    obey(std::move(demand));
  }
  set_timer();
  // What the disk does not keep up with is not acknowledged, so no more of it comes.
  if (committer_.backlog_bytes() > kReceivedBacklogBytes) return;
  send_frames();
}

void Following::send_frames() {
  const std::vector<Frame> frames = standby_.take_frames();
  if (link_ && link_->is_open())
    for (const Frame& frame : frames) link_->send(frame);
  if (!link_ || !link_->is_open() || standby_.phase() == Standby::Phase::greeting) return;
  if (const auto about = ports_.about.due(clock_.now())) link_->send(*about);
}

void Following::obey(Demand&& demand) {
  if (const auto* term = std::get_if<NoteTerm>(&demand)) {
    // Somebody else leads: whatever this node was before, it is no reason to lead again.
    note([term](NodeState& state) {
      state.term_seen = term->term;
      state.role = NodeState::Role::standby;
    });
  } else if (std::holds_alternative<NoteOutdated>(demand)) {
    log_->warn("replication: the primary goes on alone: this node may lack what it acknowledges");
    note([](NodeState& state) { state.outdated = true; });
  } else if (std::holds_alternative<NoteInSync>(demand)) {
    note_in_sync();
  } else if (const auto* cut = std::get_if<CutTail>(&demand)) {
    obey(*cut);
  } else if (const auto* start = std::get_if<StartImage>(&demand)) {
    obey(*start);
  } else if (auto* rows = std::get_if<ImageRows>(&demand)) {
    if (receiver_) receiver_->take(std::move(*rows));
  } else if (const auto* end = std::get_if<ImageEnd>(&demand)) {
    if (receiver_) receiver_->finish(*end);
  } else if (std::holds_alternative<TakeOver>(demand)) {
    offered_ = true;
    post(ports_.take_over);  // It ends this object's work.
  } else if (const auto* refused = std::get_if<MoveRefused>(&demand)) {
    ports_.move_refused(refused->why);
  } else {
    obey(std::get<HangUp>(demand));
  }
}

// A node that cannot write down what it must know before it answers does not answer.
void Following::note(const std::function<void(NodeState&)>& how) {
  const auto written = file_.change(how);
  if (written) return;
  log_->error("replication: {}", written.error().text);
  drop_link("node.state cannot be written");
}

void Following::note_in_sync() {
  last_words_.clear();
  const bool was_installed = file_.state().sync == NodeState::Sync::installed;
  log_->info("replication: this node is in sync with {}", peer_);
  note([](NodeState& state) {
    state.outdated = false;
    state.role = NodeState::Role::standby;
    state.sync = NodeState::Sync::none;
  });
  if (!was_installed) return;
  std::error_code error;  // What stays is removed with the next image.
  std::filesystem::remove_all(config_.data_dir + "/store.old", error);
}

// What only this node has is exported before it goes; if it cannot be, it stays.
bool Following::export_tail(Lsn from, const Position& end) {
  log_->error(
      "replication: records {} to {} of term {} are not in the log of {}: they are exported and "
      "cut off",
      from, end.lsn, end.term.counter, peer_);
  const auto exported = export_diverged(*data_.store, from, end, config_.data_dir + "/diverged");
  if (exported) {
    log_->warn("replication: see 'tandemqctl diverged list': {}", *exported);
  } else {
    log_->error("replication: the tail is not cut off: {}", exported.error().text);
    ports_.again("the tail could not be exported");
  }
  return exported.has_value();
}

void Following::obey(const CutTail& cut) {
  const Position end = standby_.end();
  stop();
  if (!export_tail(cut.lsn + 1, end)) return;
  data_.store->cut(cut.lsn + 1);
  data_.store->sync();
  ports_.again("a tail was cut off");
}

void Following::obey(const StartImage& start) {
  const bool resumed = start.begin.resumed && image_;
  if (!resumed) {
    log_->info("replication: a full sync from {} begins: about {} rows, {} MB", peer_,
               start.begin.rows, start.begin.bytes / 1'000'000);
    image_ = Image{start.begin, {start.begin.image, {}, {}, 0}, clock_.now()};
    note([](NodeState& state) { state.sync = NodeState::Sync::receiving; });
  }
  if (!receiver_) {
    receiver_.emplace(
        config_.data_dir + "/store.image",
        ImageReceiver::Ports{[this](const ImageProgress& progress) {
                               post([this, progress] {
                                 if (image_) image_->progress = progress;
                                 standby_.image_taken(progress.rows);
                               });
                             },
                             [this](const Position& at) { post([this, at] { installed(at); }); },
                             [this](const std::string& why) {
                               post([this, why] {
                                 log_->error("replication: the full sync has failed: {}", why);
                                 image_.reset();
                                 drop_link("the full sync begins anew");
                               });
                             }});
  }
  receiver_->begin(start.begin);
}

void Following::installed(const Position& at) {
  log_->info("replication: the full sync is whole, at log position {}", at.lsn);
  const Position end = standby_.end();
  stop();
  const Lsn from = std::max(standby_.image_fork() + 1, data_.store->first_lsn());
  if (from <= end.lsn && !export_tail(from, end)) return;
  note([](NodeState& state) { state.sync = NodeState::Sync::installing; });
  ports_.again("a full sync was taken");
}

void Following::obey(const HangUp& hang_up) {
  if (hang_up.alarm) log_->error("replication: {}", hang_up.why);
  send_frames();  // The primary may have to be told why.
  drop_link(hang_up.why);
}

void Following::stop() {
  if (std::exchange(stopped_, true)) return;
  drop_link("this node stops following");
  timer_.cancel();
  committer_.stop();
}

void Following::set_timer() {
  const Instant due = standby_.next_due();
  if (due >= timer_at_) return;
  timer_at_ = due;
  const Instant now = clock_.now();
  timer_.expires_after(std::chrono::milliseconds(std::max<std::int64_t>(0, ms_between(now, due))));
  timer_.async_wait([this](const asio::error_code& error) {
    if (error || stopped_) return;
    timer_at_ = Instant::never();
    standby_.tick(clock_.now());
    drain();
  });
}

}  // namespace tandemq
