#include "broker/inspect.hpp"

#include <algorithm>

namespace tandemq {
namespace {

std::string_view protocol_of(mqtt::Version version) {
  switch (version) {
    case mqtt::Version::v31:
      return "3.1";
    case mqtt::Version::v311:
      return "3.1.1";
    case mqtt::Version::v5:
      break;
  }
  return "5.0";
}

ClientReport report_client(const World& world, const Session& session,
                           const Connection& connection) {
  ClientReport report;
  report.client_id = session.client_id;
  report.user_name = session.user_name;
  report.address = connection.origin->address;
  report.listener = connection.origin->listener;
  report.protocol = protocol_of(connection.version);
  report.connected_at = connection.opened_at;
  report.received_at = connection.received_at;
  report.keep_alive_s = connection.keep_alive_s;
  report.session_expiry_s = connection.session_expiry_s;
  report.blocked = connection.blocked;
  report.inflight_count = session.outgoing.inflight_count();
  report.queued_count = session.outgoing.queued_count();
  report.queued_bytes = session.outgoing.queued_bytes();
  report.subscriptions = session.filters.size();
  report.ack = world.ack.of_client(report.listener, connection.user_name);
  report.received_count = connection.received_count;
  report.sent_count = connection.sent_count;
  report.held = connection.held;
  report.throttled_count = connection.throttled_count;
  report.throttled_ms = connection.throttled_ms;
  return report;
}

SessionReport report_session(const Session& session) {
  SessionReport report;
  report.client_id = session.client_id;
  report.user_name = session.user_name;
  report.connected = session.connected();
  report.durable = session.durable;
  report.expiry_s = session.expiry_s;
  report.opened_at = session.opened_at;
  report.suspended_at = session.suspended_at;
  report.expires_at = session.expires_at();
  report.inflight_count = session.outgoing.inflight_count();
  report.queued_count = session.outgoing.queued_count();
  report.queued_bytes = session.outgoing.queued_bytes();
  report.subscriptions = session.filters.size();
  report.incoming_count = session.incoming.size();
  return report;
}

// Calls visit(session) -> rows that it added, for one page.
template <class Visit>
void walk_sessions(const World& world, SessionCursor& cursor, Visit visit) {
  const std::size_t end = world.state.session_slots();
  std::size_t rows = 0;
  for (std::size_t visits = 0; visits < kPageVisits && rows < kPageRows; ++visits) {
    if (cursor.next >= end) break;
    const Session* session = world.state.session(static_cast<SessionId>(cursor.next++));
    if (session != nullptr) rows += visit(*session);
  }
  cursor.done = cursor.next >= end;
}

// True if all filters of the session fitted into the page.
bool append_filters(const World& world, const Session& session, std::string& after,
                    std::vector<SubscriptionReport>& out) {
  for (auto filter = session.filters.upper_bound(after); filter != session.filters.end();
       ++filter) {
    if (out.size() >= kPageRows) return false;
    const Subscription* subscription = world.state.subscriptions().find(*filter, session.id);
    out.push_back({session.client_id, *filter, subscription->identifier, subscription->options,
                   is_granted(world, session, *filter)});
    after = *filter;
  }
  after.clear();
  return true;
}

}  // namespace

StatusReport inspect_status(const World& world, Instant now) {
  const State& state = world.state;
  StatusReport report;
  report.node_id = world.config.node_id;
  report.uptime_ms = ms_between(world.started_at, now);
  report.connections = world.connections.size();
  report.sessions = state.session_count();
  report.subscriptions = state.subscriptions().size();
  report.filters = state.subscriptions().counts().filters;
  report.retained_count = state.retained_topics().size();
  report.retained_bytes = state.retained_bytes();
  report.wills = state.wills().size();
  report.messages_stored = state.message_count();
  report.queued_count = state.queued_count();
  report.inflight_count = state.inflight_count();
  report.publishers_blocked = world.blocked.size();
  report.level = world.level;
  for (const ListenerConfig& listener : world.config.listeners)
    if (listener.ack)
      report.ack_rules.push_back(std::string(name(*listener.ack)) + " listener " + listener.url);
  for (const AckRule& rule : world.config.acks) report.ack_rules.push_back(text_of(rule));
  report.dropped = world.drops.total();
  for (std::size_t i = 0; i < report.drops.size(); ++i)
    report.drops[i] = world.drops.count(static_cast<DropReason>(i));
  report.counters = world.counters;
  report.limit_hits = world.limit_hits.counts();
  report.pressure = world.overload.pressure();
  report.publishers_held = world.held.size();
  report.memory_max_bytes = world.overload.max_bytes();
  return report;
}

std::vector<ClientReport> list_clients(const World& world, SessionCursor& cursor) {
  std::vector<ClientReport> clients;
  walk_sessions(world, cursor, [&](const Session& session) -> std::size_t {
    const Connection* connection = world.connections.of(session.id);
    if (connection == nullptr) return 0;
    clients.push_back(report_client(world, session, *connection));
    return 1;
  });
  return clients;
}

std::vector<SessionReport> list_sessions(const World& world, SessionCursor& cursor) {
  std::vector<SessionReport> sessions;
  walk_sessions(world, cursor, [&](const Session& session) -> std::size_t {
    sessions.push_back(report_session(session));
    return 1;
  });
  return sessions;
}

std::optional<ClientReport> inspect_client(const World& world, std::string_view client_id) {
  const Session* session = world.state.find_session(client_id);
  const Connection* connection = session == nullptr ? nullptr : world.connections.of(session->id);
  if (connection == nullptr) return std::nullopt;
  return report_client(world, *session, *connection);
}

std::optional<SessionReport> inspect_session(const World& world, std::string_view client_id) {
  const Session* session = world.state.find_session(client_id);
  if (session == nullptr) return std::nullopt;
  return report_session(*session);
}

std::vector<SubscriptionReport> list_subscriptions(const World& world, SubscriptionCursor& cursor) {
  std::vector<SubscriptionReport> subscriptions;
  walk_sessions(world, cursor.session, [&](const Session& session) {
    const std::size_t before = subscriptions.size();
    const bool whole = append_filters(world, session, cursor.after, subscriptions);
    if (!whole) --cursor.session.next;  // The next page begins within it.
    return subscriptions.size() - before + (whole ? 0 : kPageRows);
  });
  return subscriptions;
}

std::vector<SubscriptionReport> list_subscriptions_of(const World& world,
                                                      std::string_view client_id,
                                                      SubscriptionCursor& cursor) {
  std::vector<SubscriptionReport> subscriptions;
  const Session* session = world.state.find_session(client_id);
  cursor.session.done =
      session == nullptr || append_filters(world, *session, cursor.after, subscriptions);
  return subscriptions;
}

std::vector<MessageRef> list_retained(const World& world, std::string_view filter,
                                      TopicCursor& cursor) {
  std::vector<TopicTree::Found> found;
  world.state.retained_topics().match(filter, cursor, kPageRows, found);
  std::vector<MessageRef> messages;
  messages.reserve(found.size());
  for (const TopicTree::Found& topic : found) messages.push_back(world.state.retained(topic.value));
  return messages;
}

std::vector<DeliveryReport> peek_queue(const Session& session, std::size_t skip,
                                       std::size_t limit) {
  const Outgoing& outgoing = session.outgoing;
  std::vector<DeliveryReport> deliveries;
  const std::size_t begin = std::min(skip, outgoing.size());
  const std::size_t end = begin + std::min({limit, kPageRows, outgoing.size() - begin});
  for (std::size_t i = begin; i < end; ++i) {
    const Delivery& delivery = outgoing[i];
    deliveries.push_back({delivery.sequence, delivery.phase, delivery.packet_id, delivery.qos,
                          delivery.message_id(), delivery.message()});
  }
  return deliveries;
}

std::vector<Drop> list_drops(const World& world, std::string_view client_id, std::uint64_t& since) {
  const std::deque<Drop>& latest = world.drops.latest();
  std::vector<Drop> drops;
  auto drop = std::partition_point(latest.begin(), latest.end(),
                                   [&](const Drop& d) { return d.sequence < since; });
  for (std::size_t visits = 0; drop != latest.end() && visits < kPageRows; ++drop, ++visits) {
    since = drop->sequence + 1;
    if (client_id.empty() || drop->client_id == client_id) drops.push_back(*drop);
  }
  return drops;
}

}  // namespace tandemq
