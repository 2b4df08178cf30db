#include "failover/heartbeat.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

std::string Heartbeat::beat(const Beat& about_us, Instant now) {
  HeartbeatFrame frame;
  frame.cluster = us_.cluster;
  frame.node = us_.node;
  frame.number = {us_.incarnation, ++sequence_};
  if (peer_) frame.answers = peer_->number;
  if (const auto stranger = std::exchange(stranger_, std::nullopt)) frame.answers = *stranger;
  frame.term = about_us.term;
  frame.leads = about_us.leads;
  frame.in_sync = about_us.in_sync;
  frame.outdated = about_us.outdated;
  frame.asks = about_us.asks;
  if (noted_.incarnation == frame.answers.incarnation) frame.noted = noted_.sequence;
  sent_.push_back({sequence_, now});
  if (sent_.size() > kSentKept) sent_.pop_front();
  return codec_.encode(frame);
}

Result<Heartbeat::Taken> Heartbeat::take(ByteView bytes, Instant now) {
  const auto frame = codec_.decode(bytes);
  if (!frame) return tl::unexpected(frame.error());
  if (frame->cluster != us_.cluster) return failure("it is of another cluster (cluster.id)");
  if (frame->node == us_.node)
    return failure("it bears the node.id of this node: does heartbeat.peer name this node itself?");
  const bool known = peer_ && peer_->number.incarnation == frame->number.incarnation;
  if (known && frame->number.sequence <= peer_->number.sequence) return Taken{};
  const Number& answers = frame->answers;
  // Of a new process only what answers as much as the last one did: it may have been recorded.
  const bool is_ours = answers.incarnation == us_.incarnation && answers.sequence <= sequence_;
  if (!is_ours || (!known && answers.sequence < std::max<std::uint64_t>(1, answered_))) {
    stranger_ = frame->number;
    return Taken{false, true};
  }
  peer_ = *frame;
  heard_at_ = now;
  meet(answers.sequence);
  return Taken{true, false};
}

void Heartbeat::meet(std::uint64_t sequence) {
  answered_ = std::max(answered_, sequence);
  const auto sent =
      std::lower_bound(sent_.begin(), sent_.end(), sequence,
                       [](const Sent& one, std::uint64_t wanted) { return one.sequence < wanted; });
  if (sent != sent_.end() && sent->sequence == sequence) met_at_ = std::max(met_at_, sent->at);
}

bool Heartbeat::is_asked(Term term) const {
  if (!peer_ || !peer_->leads || peer_->asks == 0 || peer_->term != term) return false;
  return noted_ != Number{peer_->number.incarnation, peer_->asks};
}

void Heartbeat::note() {
  if (peer_) noted_ = {peer_->number.incarnation, peer_->asks};
}

bool Heartbeat::has_noted(std::uint64_t loss) const {
  return peer_ && loss != 0 && peer_->noted == loss;
}

}  // namespace tandemq
