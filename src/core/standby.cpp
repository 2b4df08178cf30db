#include "core/standby.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
Standby::Standby(State& state, const Config& config, const Position& end, Lsn tables_at,
                 Term term_seen)
    : state_(state),
      bodies_max_bytes_(config.memory.bodies_max_bytes),
      timeout_ms_(config.replication.timeout_ms),
      answers_at_once_(config.replication.mode < ReplicationMode::written),
      follower_(state, end),
      materialiser_(state, tables_at),
      tables_at_(tables_at),
      term_seen_(std::max(term_seen, end.term)) {}

// ---------------------------------------------------------------- the link

Hello Standby::connected(Hello hello, Instant now) {
  hello.term_seen = term_seen_;
  hello.end = follower_.end();
  hello.tables_at = tables_at_;
  hello.history = state_.terms();
  hello.wants_image = wants_image_;
  phase_ = Phase::greeting;
  ping_ = 0;
  heard_at_ = now_ = now;
  return hello;
}

void Standby::disconnected() {
  phase_ = Phase::absent;
  frames_.clear();
}

void Standby::take(Frame&& frame, Instant now) {
  if (phase_ == Phase::absent) return;  // What was on its way when we hung up.
  heard_at_ = now_ = now;
  if (auto* records = std::get_if<Records>(&frame)) {
    on(std::move(*records));
  } else if (const auto* ping = std::get_if<Ping>(&frame)) {
    on(*ping);
  } else if (auto* welcome = std::get_if<Welcome>(&frame)) {
    on(std::move(*welcome));
  } else if (const auto* refused = std::get_if<Refused>(&frame)) {
    on(*refused);
  } else if (const auto* digest = std::get_if<StateDigest>(&frame)) {
    on(*digest);
  } else if (const auto* said = std::get_if<HandOver>(&frame)) {
    on(*said);
  } else if (std::holds_alternative<Outdated>(frame)) {
    in_sync_ = false;
    demands_.emplace_back(NoteOutdated{});
  } else if (const auto* begin = std::get_if<ImageBegin>(&frame); begin && phase_ == Phase::image) {
    demands_.emplace_back(StartImage{*begin});
  } else if (auto* rows = std::get_if<ImageRows>(&frame); rows && phase_ == Phase::image) {
    demands_.emplace_back(std::move(*rows));
  } else if (const auto* end = std::get_if<ImageEnd>(&frame); end && phase_ == Phase::image) {
    demands_.emplace_back(*end);
  } else {
    hang_up("the primary has sent a frame that does not belong here");
  }
}

void Standby::outdated() {
  in_sync_ = false;
  demands_.emplace_back(NoteOutdated{});
  if (phase_ != Phase::absent) hang_up("the primary goes on alone");
}

void Standby::on(Welcome&& welcome) {
  if (phase_ != Phase::greeting) return hang_up("a second welcome");
  primary_end_ = welcome.end;
  if (welcome.feature_level > kFeatureLevel)
    return hang_up("the primary is at feature level " + std::to_string(welcome.feature_level) +
                       ", this node can follow " + std::to_string(kFeatureLevel) +
                       ": upgrade this node",
                   true);
  if (welcome.term < term_seen_)
    return hang_up("it leads in a term that is over: a newer one is known here", true);
  if (term_seen_ < welcome.term) {
    term_seen_ = welcome.term;
    demands_.emplace_back(NoteTerm{welcome.term});
  }
  in_sync_ = false;  // It may have gone on alone; it says anew when it needs us.
  switch (welcome.way) {
    case Welcome::Way::stream:
      if (welcome.lsn != follower_.end().lsn + 1)
        return hang_up("it would go on at another position than this log");
      leader_ = welcome.term;
      follower_.begin(welcome.term);
      phase_ = Phase::following;
      answers_ = true;
      break;
    case Welcome::Way::cut:
      if (welcome.lsn >= follower_.end().lsn || welcome.lsn < tables_at_)
        return hang_up("it would have a tail cut off that is not there");
      demands_.emplace_back(CutTail{welcome.lsn});
      phase_ = Phase::absent;
      break;
    case Welcome::Way::image:
      image_fork_ = welcome.lsn;
      phase_ = Phase::image;
      break;
  }
}

void Standby::on(const Refused& refused) {
  primary_end_ = refused.end;
  // Two standbys that greet each other are no news.
  hang_up("refused: " + refused.text, refused.why == Refused::Why::feature_level);
}

void Standby::on(Records&& records) {
  if (phase_ != Phase::following) return hang_up("records without a welcome");
  const auto taken = follower_.take(std::move(records));
  primary_end_.lsn = std::max(primary_end_.lsn, follower_.end().lsn);
  answers_ = answers_ || answers_at_once_;
  if (!taken) differ(taken.error().text);
}

void Standby::on(const Ping& ping) {
  ping_ = ping.number;
  if (phase_ == Phase::image) return answer();
  if (phase_ != Phase::following) return;
  follower_.take(ping);
  answers_ = true;
  if (ping.in_sync && !in_sync_) demands_.emplace_back(NoteInSync{});
  in_sync_ = ping.in_sync;
}

void Standby::on(const StateDigest& digest) {
  if (phase_ != Phase::following) return hang_up("a digest without a welcome");
  const auto ours = follower_.digest_like(digest);
  if (!ours) return differ(ours.error().text);
  frames_.emplace_back(*ours);
  if (*ours != digest)
    differ("the digest of the sessions from " + std::to_string(digest.first_session) + " to " +
           std::to_string(digest.last_session) + " is another one");
}

void Standby::on(const HandOver& said) {
  if (phase_ != Phase::following) return hang_up("an offer without a welcome");
  if (said.say == HandOver::Say::refused) {
    demands_.emplace_back(MoveRefused{said.text});
  } else if (said.say != HandOver::Say::offered) {
    hang_up("the primary says what is the standby's to say");
  } else if (!in_sync_ || said.end != follower_.end()) {
    decline("its log ends at " + std::to_string(follower_.end().lsn) + ", not at " +
            std::to_string(said.end.lsn) + ", or it is not in sync");
  } else {
    demands_.emplace_back(TakeOver{});
  }
}

void Standby::ask_to_lead() {
  frames_.emplace_back(HandOver{HandOver::Say::asked, follower_.end(), {}});
}

void Standby::decline(const std::string& why) {
  frames_.emplace_back(HandOver{HandOver::Say::declined, follower_.end(), why});
}

// What is here cannot be trusted to be what the log says: all of it has to come anew.
void Standby::differ(const std::string& why) {
  wants_image_ = true;
  in_sync_ = false;
  frames_.emplace_back(Differs{follower_.end().lsn, why});
  hang_up("this node differs from the primary: " + why, true);
}

void Standby::hang_up(std::string why, bool alarm) {
  phase_ = Phase::absent;
  demands_.emplace_back(HangUp{std::move(why), alarm});
}

void Standby::tick(Instant now) {
  now_ = now;
  if (phase_ == Phase::absent) return;
  if (ms_between(heard_at_, now) >= timeout_ms_)
    hang_up("the primary has said nothing for " + std::to_string(timeout_ms_) + " ms");
}

Instant Standby::next_due() const {
  const Instant round = materialiser_.next_due(follower_.settled());
  return phase_ == Phase::absent ? round : std::min(round, heard_at_.plus_ms(timeout_ms_));
}

// ---------------------------------------------------------------- the store

void Standby::local(Lsn written, Lsn flushed) {
  follower_.local(written, flushed);
  answers_ = phase_ == Phase::following;
}

void Standby::tables_written() {
  materialiser_.written();
  state_.keep_bodies_within(bodies_max_bytes_);
}

void Standby::image_taken(std::uint64_t rows) {
  if (phase_ == Phase::image) frames_.emplace_back(ImageTaken{rows});
}

void Standby::answer() {
  Durable progress = follower_.progress();
  progress.ping = ping_;
  frames_.emplace_back(progress);
}

std::vector<Record> Standby::take_records() {
  return follower_.take_records();
}

std::optional<TableChanges> Standby::take_tables() {
  // The State stands at the end of the log; a round of it waits until that is settled.
  if (!wants_image_ && materialiser_.due(follower_.end().lsn, now_))
    materialiser_.collect(follower_.end(), now_);
  auto changes = materialiser_.take(follower_.settled());
  if (changes) tables_at_ = changes->at.lsn;
  return changes;
}

std::optional<TableChanges> Standby::finish_tables() {
  if (!materialiser_.under_way()) return std::nullopt;
  auto changes = materialiser_.take(UINT64_MAX);
  if (changes) {
    tables_at_ = changes->at.lsn;
  } else {
    tables_written();
  }
  return changes;
}

std::vector<Frame> Standby::take_frames() {
  if (std::exchange(answers_, false) && phase_ == Phase::following) answer();
  return std::exchange(frames_, {});
}

std::vector<Demand> Standby::take_demands() {
  return std::exchange(demands_, {});
}

}  // namespace tandemq
