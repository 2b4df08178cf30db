#include "session/state.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

bool Session::has_incoming(std::uint16_t packet_id) const {
  return std::binary_search(incoming.begin(), incoming.end(), packet_id);
}

void State::apply(const Mutation& mutation) {
  std::visit([this](const auto& m) { apply_to(m); }, mutation);
}

const Session* State::session(SessionId id) const {
  return index(id) < sessions_.size() ? sessions_[index(id)].get() : nullptr;
}

const Session* State::find_session(std::string_view client_id) const {
  const auto found = by_client_.find(client_id);
  return found == by_client_.end() ? nullptr : found->second;
}

void State::for_each_session(const std::function<void(const Session&)>& visit) const {
  for (const auto& session : sessions_)
    if (session) visit(*session);
}

MessageRef State::find_retained(std::string_view topic) const {
  const auto slot = retained_topics_.find(topic);
  return slot ? retained_[*slot] : nullptr;
}

SessionId State::free_session_id() const {
  if (!free_sessions_.empty()) return static_cast<SessionId>(*free_sessions_.begin());
  return static_cast<SessionId>(std::max<std::size_t>(sessions_.size(), 1));
}

Session& State::existing(SessionId id) {
  ENSURE(index(id) < sessions_.size() && sessions_[index(id)], "a mutation names a live session");
  return *sessions_[index(id)];
}

MessageRef State::refer(MessageId id) {
  const auto found = messages_.find(id);
  ENSURE(found != messages_.end(), "a mutation names a message that the log holds");
  ++found->second.references;
  return found->second.message;
}

void State::forget(MessageId id) {
  if (id == MessageId::none) return;
  const auto found = messages_.find(id);
  ENSURE(found != messages_.end() && found->second.references > 0, "references are counted");
  if (--found->second.references == 0) messages_.erase(found);
}

// A released delivery has given its reference back already.
void State::forget(const Delivery& delivery) {
  if (delivery.message) forget(delivery.message_id);
}

void State::apply_to(const SessionOpened& m) {
  const std::size_t slot = index(m.session);
  while (sessions_.size() <= slot) {
    if (!sessions_.empty()) free_sessions_.insert(static_cast<std::uint32_t>(sessions_.size()));
    sessions_.emplace_back();
  }
  ENSURE(slot != 0 && !sessions_[slot], "a new session takes a free id");
  free_sessions_.erase(index(m.session));
  auto session = std::make_unique<Session>();
  session->id = m.session;
  session->durable = m.durable;
  session->expiry_s = m.expiry_s;
  session->client_id = m.client_id;
  session->user_name = m.user_name;
  session->opened_at = m.at;
  const bool fresh = by_client_.emplace(session->client_id, session.get()).second;
  ENSURE(fresh, "a client id has one session");
  sessions_[slot] = std::move(session);
}

void State::apply_to(const SessionResumed& m) {
  Session& session = existing(m.session);
  session.user_name = m.user_name;
  session.expiry_s = m.expiry_s;
  session.suspended_at = Instant::never();
}

void State::apply_to(const SessionSuspended& m) {
  Session& session = existing(m.session);
  session.expiry_s = m.expiry_s;
  session.suspended_at = m.at;
}

void State::apply_to(const SessionEnded& m) {
  Session& session = existing(m.session);
  for (const std::string& filter : session.filters) subscriptions_.remove(filter, m.session);
  queued_count_ -= session.outgoing.queued_count();
  for (std::size_t i = 0; i < session.outgoing.size(); ++i) forget(session.outgoing[i]);
  by_client_.erase(session.client_id);
  sessions_[index(m.session)].reset();
  free_sessions_.insert(index(m.session));
}

void State::apply_to(const Subscribed& m) {
  Session& session = existing(m.session);
  const auto options = decode_options(m.options);
  ENSURE(options, "a mutation holds options that were checked");
  session.filters.insert(m.filter);
  subscriptions_.add(m.filter, {m.session, m.identifier, *options});
}

void State::apply_to(const Unsubscribed& m) {
  existing(m.session).filters.erase(m.filter);
  subscriptions_.remove(m.filter, m.session);
}

void State::apply_to(const MessageStored& m) {
  const MessageId id = m.message->id;
  ENSURE(id >= next_message_id_, "message ids rise");
  next_message_id_ = static_cast<MessageId>(number(id) + 1);
  messages_.emplace(id, Stored{m.message, 0});
}

void State::apply_to(const Queued& m) {
  Session& session = existing(m.session);
  Delivery delivery;
  delivery.message = m.volatile_message ? m.volatile_message : refer(m.message);
  delivery.message_id = m.volatile_message ? MessageId::none : m.message;
  delivery.share = m.share;
  delivery.packet_id = m.packet_id;
  delivery.qos = m.qos;
  delivery.retain = m.retain;
  if (!m.subscription_ids.empty())
    delivery.subscription_ids = std::make_unique<const SubscriptionIds>(m.subscription_ids);
  if (m.packet_id == 0) ++queued_count_;
  session.outgoing.add(std::move(delivery));
}

void State::apply_to(const Sent& m) {
  forget(existing(m.session).outgoing.send(m.packet_id));
  --queued_count_;
}

void State::apply_to(const Released& m) {
  Outgoing& outgoing = existing(m.session).outgoing;
  const auto i = outgoing.find_inflight(m.packet_id);
  ENSURE(i, "a mutation names a delivery in flight");
  forget(outgoing.release(*i));
}

void State::apply_to(const Acknowledged& m) {
  Outgoing& outgoing = existing(m.session).outgoing;
  const auto i = outgoing.find_inflight(m.packet_id);
  ENSURE(i, "a mutation names a delivery in flight");
  forget(outgoing.remove(*i));
}

void State::apply_to(const Discarded& m) {
  Outgoing& outgoing = existing(m.session).outgoing;
  const auto i = outgoing.find(m.sequence);
  ENSURE(i, "a mutation names a delivery of the session");
  if (*i >= outgoing.inflight_count()) --queued_count_;
  forget(outgoing.remove(*i));
}

void State::apply_to(const IncomingTaken& m) {
  auto& incoming = existing(m.session).incoming;
  incoming.insert(std::lower_bound(incoming.begin(), incoming.end(), m.packet_id), m.packet_id);
}

void State::apply_to(const IncomingReleased& m) {
  auto& incoming = existing(m.session).incoming;
  const auto found = std::lower_bound(incoming.begin(), incoming.end(), m.packet_id);
  ENSURE(found != incoming.end() && *found == m.packet_id, "only what was taken is released");
  incoming.erase(found);
}

void State::apply_to(const RetainedSet& m) {
  MessageRef message = refer(m.message);
  std::uint32_t slot = static_cast<std::uint32_t>(retained_.size());
  if (free_retained_.empty()) {
    retained_.emplace_back();
  } else {
    slot = free_retained_.back();
    free_retained_.pop_back();
  }
  retained_bytes_ += message->size();
  const auto before = retained_topics_.set(message->topic, slot);
  retained_[slot] = std::move(message);
  if (!before) return;
  retained_bytes_ -= retained_[*before]->size();
  forget(retained_[*before]->id);
  retained_[*before].reset();
  free_retained_.push_back(*before);
}

void State::apply_to(const RetainedCleared& m) {
  const auto slot = retained_topics_.erase(m.topic);
  if (!slot) return;
  retained_bytes_ -= retained_[*slot]->size();
  forget(retained_[*slot]->id);
  retained_[*slot].reset();
  free_retained_.push_back(*slot);
}

void State::apply_to(const WillSet& m) {
  wills_.insert_or_assign(m.client_id, StoredWill{m, Instant::never()});
}

void State::apply_to(const WillScheduled& m) {
  const auto found = wills_.find(m.client_id);
  ENSURE(found != wills_.end(), "only a will that was set can become due");
  found->second.at = m.at;
}

void State::apply_to(const WillCleared& m) {
  wills_.erase(m.client_id);
}

}  // namespace tandemq
