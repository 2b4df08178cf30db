#include "session/state.hpp"

#include "base/checksum.hpp"
#include "base/ensure.hpp"
#include "session/rows.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// So many deliveries leave the table by one range; of fewer each by its own key.
constexpr std::size_t kRangeFrom = 256;

}  // namespace

bool Session::has_incoming(std::uint16_t packet_id) const {
  return std::binary_search(incoming.begin(), incoming.end(), packet_id);
}

void State::apply(const Mutation& mutation) {
  std::visit([this](const auto& m) { apply_to(m); }, mutation);
}

std::uint32_t State::client_hash(std::string_view client_id) {
  return static_cast<std::uint32_t>(checksum(client_id));
}

const Session* State::find_session(std::string_view client_id) const {
  const std::uint32_t found = by_client_.find(client_hash(client_id), [&](std::uint32_t id) {
    return sessions_[id]->client_id == client_id;
  });
  return session(static_cast<SessionId>(found));
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

const StoredMessage* State::stored(MessageId id) const {
  const auto found = messages_.find(id);
  return found == messages_.end() ? nullptr : &found->second;
}

StoredMessage& State::refer(MessageId id) {
  const auto found = messages_.find(id);
  ENSURE(found != messages_.end(), "a mutation names a message that the log holds");
  ++found->second.references;
  return found->second;
}

void State::forget(StoredMessage& message) {
  ENSURE(message.references > 0, "references are counted");
  if (--message.references > 0) return;
  if (message.tabled) {
    marks_.gone.push_back({Table::messages, message_key(message.id)});
  } else {
    --marks_.unwritten_messages;
    marks_.unwritten_bytes -= message.size;
  }
  if (message.body) body_bytes_ -= body_cost(message);
  messages_.erase(message.id);
}

// A delivery that has left its session. A released one has given its reference back already.
void State::forget(const Session& session, const Delivery& delivery, bool row_is_gone) {
  if (delivery.tabled) {
    if (!row_is_gone)
      marks_.gone.push_back({Table::queue, queue_key(session.id, delivery.sequence)});
  } else if (session.durable) {
    --marks_.unwritten_deliveries;
  }
  if (delivery.stored != nullptr) forget(messages_.find(delivery.stored->id)->second);
}

void State::mark(Session& session) {
  if (!session.durable || session.marked) return;
  session.marked = true;
  marks_.sessions.push_back(session.id);
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
  ENSURE(find_session(session->client_id) == nullptr, "a client id has one session");
  by_client_.insert(client_hash(session->client_id), index(session->id));
  if (session->durable) ++durable_count_;
  mark(*session);
  sessions_[slot] = std::move(session);
}

void State::apply_to(const SessionResumed& m) {
  Session& session = existing(m.session);
  session.user_name = m.user_name;
  session.expiry_s = m.expiry_s;
  session.suspended_at = Instant::never();
  mark(session);
}

void State::apply_to(const SessionSuspended& m) {
  Session& session = existing(m.session);
  session.expiry_s = m.expiry_s;
  session.suspended_at = m.at;
  mark(session);
}

void State::apply_to(const SessionEnded& m) {
  Session& session = existing(m.session);
  const bool has_row = session.row_checksum != 0;
  for (const std::string& filter : session.filters) {
    subscriptions_.remove(filter, m.session);
    if (has_row) marks_.filters.emplace(m.session, filter);
  }
  queued_count_ -= session.outgoing.queued_count();
  inflight_count_ -= session.outgoing.inflight_count();
  if (session.durable) --durable_count_;
  const bool by_range = has_row && session.outgoing.size() >= kRangeFrom;
  if (by_range) {
    const auto next = static_cast<SessionId>(index(m.session) + 1);
    marks_.gone_ranges.push_back({Table::queue, session_key(m.session), session_key(next)});
  }
  for (std::size_t i = 0; i < session.outgoing.size(); ++i)
    forget(session, session.outgoing[i], by_range);
  if (has_row) marks_.gone.push_back({Table::sessions, session_key(m.session)});
  by_client_.erase(client_hash(session.client_id), index(m.session));
  sessions_[index(m.session)].reset();
  free_sessions_.insert(index(m.session));
}

void State::apply_to(const Subscribed& m) {
  Session& session = existing(m.session);
  const auto options = decode_options(m.options);
  ENSURE(options, "a mutation holds options that were checked");
  session.filters.insert(m.filter);
  subscriptions_.add(m.filter, {m.session, m.identifier, *options});
  if (session.durable) marks_.filters.emplace(m.session, m.filter);
}

void State::apply_to(const Unsubscribed& m) {
  Session& session = existing(m.session);
  session.filters.erase(m.filter);
  subscriptions_.remove(m.filter, m.session);
  if (session.durable) marks_.filters.emplace(m.session, m.filter);
}

void State::apply_to(const MessageStored& m) {
  const MessageId id = m.message->id;
  ENSURE(id >= next_message_id_, "message ids rise");
  next_message_id_ = static_cast<MessageId>(number(id) + 1);
  StoredMessage& stored = messages_[id];
  stored.body = m.message;
  stored.id = id;
  stored.expires_at = m.message->expires_at;
  stored.size = static_cast<std::uint32_t>(m.message->size());
  marks_.unwritten.push_back(stored);
  ++marks_.unwritten_messages;
  marks_.unwritten_bytes += stored.size;
  body_bytes_ += body_cost(stored);
}

void State::apply_to(const Queued& m) {
  Session& session = existing(m.session);
  Delivery delivery;
  delivery.volatile_message = m.volatile_message;
  if (!m.volatile_message) delivery.stored = &refer(m.message);
  delivery.sequence = m.sequence;
  delivery.share = m.share;
  delivery.packet_id = m.packet_id;
  delivery.qos = m.qos;
  delivery.retain = m.retain;
  if (!m.subscription_ids.empty())
    delivery.subscription_ids = std::make_unique<const SubscriptionIds>(m.subscription_ids);
  ++(m.packet_id == 0 ? queued_count_ : inflight_count_);
  session.outgoing.add(std::move(delivery));
  if (session.durable) ++marks_.unwritten_deliveries;
  mark(session);
}

void State::apply_to(const Sent& m) {
  Session& session = existing(m.session);
  const Delivery sent = session.outgoing.send(m.packet_id);
  if (m.packet_id == 0) forget(session, sent);
  --queued_count_;
  if (m.packet_id != 0) ++inflight_count_;
  mark(session);
}

void State::apply_to(const Released& m) {
  Session& session = existing(m.session);
  const auto i = session.outgoing.find_inflight(m.packet_id);
  ENSURE(i, "a mutation names a delivery in flight");
  const Delivery given_back = session.outgoing.release(*i);
  if (given_back.stored != nullptr) forget(messages_.find(given_back.stored->id)->second);
  mark(session);
}

void State::apply_to(const Acknowledged& m) {
  Session& session = existing(m.session);
  const auto i = session.outgoing.find_inflight(m.packet_id);
  ENSURE(i, "a mutation names a delivery in flight");
  --inflight_count_;
  forget(session, session.outgoing.remove(*i));
}

void State::apply_to(const Discarded& m) {
  Session& session = existing(m.session);
  const auto i = session.outgoing.find(m.sequence);
  ENSURE(i, "a mutation names a delivery of the session");
  --(*i < session.outgoing.inflight_count() ? inflight_count_ : queued_count_);
  forget(session, session.outgoing.remove(*i));
}

void State::apply_to(const IncomingTaken& m) {
  Session& session = existing(m.session);
  auto& incoming = session.incoming;
  incoming.insert(std::lower_bound(incoming.begin(), incoming.end(), m.packet_id), m.packet_id);
  mark(session);
}

void State::apply_to(const IncomingReleased& m) {
  Session& session = existing(m.session);
  auto& incoming = session.incoming;
  const auto found = std::lower_bound(incoming.begin(), incoming.end(), m.packet_id);
  ENSURE(found != incoming.end() && *found == m.packet_id, "only what was taken is released");
  incoming.erase(found);
  mark(session);
}

void State::apply_to(const RetainedSet& m) {
  StoredMessage& stored = refer(m.message);
  marks_.retained.insert(stored.body->topic);
  set_retained(stored);
}

void State::set_retained(StoredMessage& stored) {
  std::uint32_t slot = static_cast<std::uint32_t>(retained_.size());
  if (free_retained_.empty()) {
    retained_.emplace_back();
  } else {
    slot = free_retained_.back();
    free_retained_.pop_back();
  }
  retained_bytes_ += stored.size;
  const auto before = retained_topics_.set(stored.body->topic, slot);
  retained_[slot] = stored.body;
  if (before) forget_retained(*before);
  stored.retained = true;  // Last: it may have been the one before, too.
}

void State::apply_to(const RetainedCleared& m) {
  const auto slot = retained_topics_.erase(m.topic);
  if (!slot) return;
  marks_.retained.insert(m.topic);
  forget_retained(*slot);
}

void State::forget_retained(std::uint32_t slot) {
  StoredMessage& stored = messages_.find(retained_[slot]->id)->second;
  retained_bytes_ -= stored.size;
  retained_[slot].reset();
  free_retained_.push_back(slot);
  stored.retained = false;
  // Others may still wait for it: from now on its body may leave memory.
  if (stored.tabled && !stored.is_linked()) evictable_.push_back(stored);
  forget(stored);
}

void State::apply_to(const WillSet& m) {
  marks_.wills.insert(m.client_id);
  wills_.insert_or_assign(m.client_id, StoredWill{m, Instant::never()});
}

void State::apply_to(const WillScheduled& m) {
  const auto found = wills_.find(m.client_id);
  ENSURE(found != wills_.end(), "only a will that was set can become due");
  found->second.at = m.at;
  marks_.wills.insert(m.client_id);
}

void State::apply_to(const WillCleared& m) {
  wills_.erase(m.client_id);
  marks_.wills.insert(m.client_id);
}

void State::apply_to(const TermStart& m) {
  ENSURE(terms_.empty() || terms_.back().term < m.term, "terms rise");
  if (terms_.size() == kTermsKept) terms_.erase(terms_.begin());
  terms_.push_back({m.term, m.first});
}

}  // namespace tandemq
