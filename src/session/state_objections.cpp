// What speaks against a mutation. apply() ENSUREs the same: of a whole log nothing does; whoever
// goes on behind damage asks first.
#include "session/state.hpp"

#include <string_view>
#include <type_traits>

namespace tandemq {
namespace {

constexpr std::string_view kNoSession = "its session is missing";
constexpr std::string_view kNoMessage = "its message is missing";
constexpr std::string_view kNoDelivery = "its delivery is missing";

std::string_view to_session(const State&, const Session&, const SessionResumed&) {
  return {};
}
std::string_view to_session(const State&, const Session&, const SessionSuspended&) {
  return {};
}
std::string_view to_session(const State&, const Session&, const SessionEnded&) {
  return {};
}
std::string_view to_session(const State&, const Session&, const Subscribed& m) {
  return decode_options(m.options) ? "" : "its options are not valid";
}
std::string_view to_session(const State&, const Session&, const Unsubscribed&) {
  return {};
}
std::string_view to_session(const State& state, const Session& session, const Queued& m) {
  const Outgoing& outgoing = session.outgoing;
  if (!state.holds(m.message)) return kNoMessage;
  if (m.sequence < outgoing.next_sequence()) return "a later delivery is there already";
  if (m.packet_id == 0) return {};
  if (outgoing.queued_count() > 0) return "others wait before it";
  if (m.qos == mqtt::QoS::at_most_once) return "QoS 0 has no packet id";
  return outgoing.find_inflight(m.packet_id) ? "its packet id is in use" : "";
}
std::string_view to_session(const State&, const Session& session, const Sent& m) {
  const Outgoing& outgoing = session.outgoing;
  if (outgoing.queued_count() == 0) return kNoDelivery;
  const bool qos0 = outgoing[outgoing.inflight_count()].qos == mqtt::QoS::at_most_once;
  if (qos0 != (m.packet_id == 0)) return "its QoS is another";
  return !qos0 && outgoing.find_inflight(m.packet_id) ? "its packet id is in use" : "";
}
std::string_view to_session(const State&, const Session& session, const Released& m) {
  const auto i = session.outgoing.find_inflight(m.packet_id);
  return i && session.outgoing[*i].phase == DeliveryPhase::sent ? "" : kNoDelivery;
}
std::string_view to_session(const State&, const Session& session, const Acknowledged& m) {
  return session.outgoing.find_inflight(m.packet_id) ? "" : kNoDelivery;
}
std::string_view to_session(const State&, const Session& session, const Discarded& m) {
  return session.outgoing.find(m.sequence) ? "" : kNoDelivery;
}
std::string_view to_session(const State&, const Session& session, const IncomingTaken& m) {
  return session.has_incoming(m.packet_id) ? "its packet id is taken already" : "";
}
std::string_view to_session(const State&, const Session& session, const IncomingReleased& m) {
  return session.has_incoming(m.packet_id) ? "" : "its packet id was not taken";
}

std::string_view objection(const State& state, const SessionOpened& m) {
  if (m.session == SessionId::none || index(m.session) > kSessionSlotsMax)
    return "its session id is not valid";
  if (state.session(m.session) != nullptr) return "its session id is in use";
  return state.find_session(m.client_id) != nullptr ? "its client has a session already" : "";
}
std::string_view objection(const State& state, const MessageStored& m) {
  return m.message->id < state.next_message_id() ? "a later message is there already" : "";
}
std::string_view objection(const State& state, const RetainedSet& m) {
  const StoredMessage* stored = state.stored(m.message);
  return stored == nullptr || !stored->body ? kNoMessage : "";
}
std::string_view objection(const State&, const RetainedCleared&) {
  return {};
}
std::string_view objection(const State&, const WillSet&) {
  return {};
}
std::string_view objection(const State& state, const WillScheduled& m) {
  return state.wills().contains(m.client_id) ? "" : "its will is missing";
}
std::string_view objection(const State&, const WillCleared&) {
  return {};
}
std::string_view objection(const State& state, const TermStart& m) {
  const bool later = state.terms().empty() || state.terms().back().term < m.term;
  return later ? "" : "a later term has begun already";
}
template <class M>
std::string_view objection(const State& state, const M& m) {
  const Session* session = state.session(m.session);
  return session == nullptr ? kNoSession : to_session(state, *session, m);
}

}  // namespace

std::string State::objection_to(const Mutation& mutation) const {
  return std::string(std::visit([this](const auto& m) { return objection(*this, m); }, mutation));
}

}  // namespace tandemq
