#include "tests/session/mutations.hpp"

#include <utility>

namespace tandemq::tests {

using mqtt::QoS;

SessionOpened opened(SessionId id, std::string client_id, bool durable) {
  return {id, std::move(client_id), "", 60, Instant{1}, durable};
}

MessageStored stored(std::uint64_t id, std::string topic, std::string payload) {
  Message message;
  message.id = static_cast<MessageId>(id);
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  return {std::make_shared<const Message>(std::move(message))};
}

Queued queued(SessionId session, std::uint64_t message, std::uint64_t sequence,
              std::uint16_t packet_id) {
  Queued out;
  out.session = session;
  out.sequence = sequence;
  out.message = static_cast<MessageId>(message);
  out.qos = QoS::exactly_once;
  out.packet_id = packet_id;
  return out;
}

WillSet will_of(std::string client_id) {
  WillSet will;
  will.client_id = std::move(client_id);
  will.user_name = "user";
  will.message = stored(0, "last", "words").message;
  return will;
}

std::vector<Mutation> RandomSteps::next(const State& state) {
  now_ms_ += luck_.below(50);
  if (luck_.once_in(12)) return of_will(state);
  if (luck_.once_in(3)) return message(state);
  const std::string client = luck_.once_in(6) ? "heir" : client_id();
  if (const Session* session = state.find_session(client)) return of_session(state, *session);
  SessionOpened open = opened(state.free_session_id(), client, durable());
  open.at = Instant{now_ms_};
  return {open};
}

std::vector<Mutation> RandomSteps::of_session(const State& state, const Session& session) {
  const Instant now{now_ms_};
  switch (luck_.below(12)) {
    case 0:
      if (!luck_.once_in(3)) return {};
      return {SessionEnded{session.id}};
    case 1:
      return {SessionSuspended{session.id, 60 + luck_.below(2), now}};
    case 2:
      return {SessionResumed{session.id, "u" + std::to_string(luck_.below(2)), 60, now}};
    case 3:
      return {Subscribed{session.id, topic(), static_cast<std::uint8_t>(luck_.below(3)),
                         luck_.below(9)}};
    case 4:
      return {Unsubscribed{session.id, topic()}};
    case 5:
      return of_incoming(session);
    case 6:
      // Ends, and its id goes to another client at once.
      if (!luck_.once_in(3) || state.find_session("heir") != nullptr) return {};
      return {SessionEnded{session.id}, opened(session.id, "heir", durable())};
    default:
      return of_delivery(session);
  }
}

std::vector<Mutation> RandomSteps::of_delivery(const Session& session) {
  const Outgoing& outgoing = session.outgoing;
  if (outgoing.size() == 0) return {};
  const Delivery& any = outgoing[luck_.below(static_cast<std::uint32_t>(outgoing.size()))];
  if (luck_.once_in(6)) return {Discarded{session.id, any.sequence}};
  if (any.phase == DeliveryPhase::queued || luck_.once_in(3)) {
    if (outgoing.queued_count() == 0) return {};
    const bool qos0 = outgoing[outgoing.inflight_count()].qos == QoS::at_most_once;
    return {Sent{session.id, qos0 ? std::uint16_t{0} : outgoing.free_packet_id()}};
  }
  if (any.phase == DeliveryPhase::sent && any.qos == QoS::exactly_once)
    return {Released{session.id, any.packet_id}};
  return {Acknowledged{session.id, any.packet_id}};
}

std::vector<Mutation> RandomSteps::of_incoming(const Session& session) {
  const auto packet_id = static_cast<std::uint16_t>(1 + luck_.below(3));
  if (session.has_incoming(packet_id)) return {IncomingReleased{session.id, packet_id}};
  return {IncomingTaken{session.id, packet_id}};
}

std::vector<Mutation> RandomSteps::of_will(const State& state) {
  const std::string client = client_id();
  if (!state.wills().contains(client)) return {will_of(client)};
  if (luck_.once_in(2)) return {WillCleared{client}};
  return {WillScheduled{client, Instant{now_ms_}}};
}

// Stored once for all who get it; kept as its topic's, or its topic's is cleared, now and then.
std::vector<Mutation> RandomSteps::message(const State& state) {
  if (luck_.once_in(10)) return {RetainedCleared{topic()}};
  MessageStored store =
      stored(number(state.next_message_id()), topic(), std::string(1 + luck_.below(40), 'p'));
  std::vector<Mutation> after;
  if (luck_.once_in(5)) after.emplace_back(RetainedSet{store.message->id});
  state.for_each_session([&](const Session& session) {
    if (!luck_.once_in(2)) return;
    Queued queue = queued(session.id, number(store.message->id), session.outgoing.next_sequence());
    queue.qos = static_cast<QoS>(luck_.below(3));
    queue.share = luck_.below(2);
    if (luck_.once_in(4)) queue.subscription_ids = {1 + luck_.below(300), 7};
    const bool at_once = queue.qos != QoS::at_most_once && session.outgoing.queued_count() == 0;
    if (at_once && luck_.once_in(2)) queue.packet_id = session.outgoing.free_packet_id();
    if (!session.durable) {
      queue.message = MessageId::none;
      queue.volatile_message = store.message;
    }
    after.emplace_back(std::move(queue));
  });
  bool logged = false;
  for (const Mutation& mutation : after) {
    const auto* queue = std::get_if<Queued>(&mutation);
    logged = logged || queue == nullptr || !queue->volatile_message;
  }
  if (logged) after.insert(after.begin(), std::move(store));
  return after;
}

}  // namespace tandemq::tests
