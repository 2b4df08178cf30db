#include "broker/log_trail.hpp"

#include "mqtt/reason.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

// The topic of a message that the record stores before this mutation; empty if it does not.
std::string topic_before(const OpenedRecord& record, std::size_t i, MessageId id) {
  while (i-- > 0) {
    const auto* stored = std::get_if<MessageStored>(&record.mutations[i]);
    if (stored != nullptr && stored->message->id == id) return stored->message->topic;
  }
  return {};
}

}  // namespace

// One overload a kind of mutation; `m` is of the client's session.
struct LogTrail::Step {
  LogTrail& trail;
  const OpenedRecord& record;
  std::size_t i;

  void operator()(const SessionOpened& m) const {
    const bool ours = m.client_id == trail.client_id_;
    if (!ours && m.session != trail.session_) return;
    trail.begin(ours ? m.session : SessionId::none);
    if (!ours) return;
    trail.whole_ = true;
    trail.add(record, Happening::opened).at = m.at;
  }
  void operator()(const SessionResumed& m) const {
    if (is_ours(m.session)) trail.add(record, Happening::resumed).at = m.at;
  }
  void operator()(const SessionSuspended& m) const {
    if (is_ours(m.session)) trail.add(record, Happening::suspended).at = m.at;
  }
  void operator()(const SessionEnded& m) const {
    if (!is_ours(m.session)) return;
    const bool assumed = trail.assumed_;
    trail.add(record, Happening::ended);
    if (assumed) return trail.begin(SessionId::none);  // It was somebody else's.
    trail.session_ = SessionId::none;
  }
  void operator()(const Subscribed& m) const {
    if (is_ours(m.session)) trail.add(record, Happening::subscribed).text = m.filter;
  }
  void operator()(const Unsubscribed& m) const {
    if (is_ours(m.session)) trail.add(record, Happening::unsubscribed).text = m.filter;
  }
  void operator()(const Queued& m) const {
    if (!is_ours(m.session)) return;
    Underway underway{m.message, topic_before(record, i, m.message), m.qos, true, false,
                      m.sequence};
    const bool nothing_before = m.sequence == 0;  // Sequences begin anew with an empty queue.
    if (nothing_before) trail.inflight_.clear();
    if (nothing_before || m.packet_id != 0) {
      trail.queue_.clear();
      trail.whole_ = true;
    }
    if (m.packet_id != 0) {
      trail.add(record, Happening::publish_out, m.packet_id, underway);
      trail.inflight_[m.packet_id] = std::move(underway);
    } else {
      trail.add(record, Happening::queued, 0, underway);
      trail.rows_.back().detail = static_cast<std::uint8_t>(Wait::unsaid);
      trail.queue_[m.sequence] = std::move(underway);
    }
  }
  void operator()(const Sent& m) const {
    if (!is_ours(m.session)) return;
    Underway underway;
    if (trail.whole_ && !trail.queue_.empty())
      underway = std::move(trail.queue_.extract(trail.queue_.begin()).mapped());
    trail.add(record, Happening::publish_out, m.packet_id, underway);
    if (m.packet_id != 0) trail.inflight_[m.packet_id] = std::move(underway);
  }
  void operator()(const Released& m) const {
    if (!is_ours(m.session)) return;
    Underway& underway = trail.inflight_[m.packet_id];
    underway.released = true;
    underway.qos = mqtt::QoS::exactly_once;
    trail.add(record, Happening::pubrec_in, m.packet_id, underway);
  }
  void operator()(const Acknowledged& m) const {
    if (!is_ours(m.session)) return;
    auto found = trail.inflight_.extract(m.packet_id);
    const Underway underway = found.empty() ? Underway{} : std::move(found.mapped());
    const bool qos1 = underway.known && underway.qos == mqtt::QoS::at_least_once;
    const Happening what = underway.released ? Happening::pubcomp_in
                           : qos1            ? Happening::puback_in
                                             : Happening::acknowledged;
    trail.add(record, what, m.packet_id, underway);
  }
  void operator()(const Discarded& m) const {
    if (is_ours(m.session))
      trail.add(record, Happening::discarded, 0, trail.take_sequence(m.sequence));
  }
  void operator()(const IncomingTaken& m) const {
    if (!is_ours(m.session)) return;
    HistoryRow& row = trail.add(record, Happening::publish_in);
    row.number = m.packet_id;
    row.qos = mqtt::QoS::exactly_once;
  }
  void operator()(const IncomingReleased& m) const {
    if (is_ours(m.session)) trail.add(record, Happening::pubrel_in).number = m.packet_id;
  }
  template <class Other>
  void operator()(const Other&) const {}  // Of no session.

  [[nodiscard]] bool is_ours(SessionId session) const {
    return session == trail.session_ && session != SessionId::none;
  }
};

void LogTrail::take(const OpenedRecord& record) {
  for (std::size_t i = 0; i < record.mutations.size(); ++i)
    std::visit(Step{*this, record, i}, record.mutations[i]);
}

HistoryRow& LogTrail::add(const OpenedRecord& record, Happening what) {
  if (rows_.size() >= rows_max_) rows_.pop_front();
  HistoryRow& row = rows_.emplace_back();
  row.at = record.at;
  row.lsn = record.position.lsn;
  row.what = what;
  return row;
}

void LogTrail::add(const OpenedRecord& record, Happening what, std::uint16_t packet_id,
                   const Underway& underway) {
  HistoryRow& row = add(record, what);
  row.number = packet_id;
  row.message = underway.message;
  row.text = underway.topic;
  row.qos = underway.qos;
}

// What was taken for the client's, because it has the same session id, was of an earlier session.
void LogTrail::begin(SessionId session) {
  if (assumed_) rows_.clear();
  assumed_ = false;
  session_ = session;
  whole_ = false;
  queue_.clear();
  inflight_.clear();
}

LogTrail::Underway LogTrail::take_sequence(std::uint64_t sequence) {
  Underway taken;
  if (const auto queued = queue_.find(sequence); queued != queue_.end()) {
    taken = std::move(queued->second);
    queue_.erase(queued);
    return taken;
  }
  const auto found = std::find_if(inflight_.begin(), inflight_.end(), [&](const auto& one) {
    return one.second.known && one.second.sequence == sequence;
  });
  if (found == inflight_.end()) return taken;
  taken = std::move(found->second);
  inflight_.erase(found);
  return taken;
}

}  // namespace tandemq
