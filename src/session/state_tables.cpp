// The tables' books: what has to be written, and State as it comes back from rows.
#include "base/checksum.hpp"
#include "base/ensure.hpp"
#include "journal/wire_fields.hpp"
#include "session/rows.hpp"
#include "session/state.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

TableRow sealed(Table table, std::string key, ByteView fields) {
  std::string value = seal_row(table, key, fields);
  return {table, std::move(key), std::move(value)};
}

std::string will_fields(const StoredWill& will) {
  std::string fields;
  Writer writer(fields);
  write_instant(writer, will.at);
  write_mutation(writer, will.will);
  return fields;
}

tl::unexpected<Error> misfit() {
  return failure("the fields do not fit each other");
}

}  // namespace

// ---------------------------------------------------------------- collect

TableChanges State::collect_changes(const Position& at) {
  ENSURE(being_written_.empty(), "one collection at a time");
  TableChanges changes;
  changes.at = at;
  changes.ranges = std::exchange(marks_.gone_ranges, {});
  changes.deletes = std::exchange(marks_.gone, {});
  for (const SessionId id : marks_.sessions) collect_session(id, changes);
  marks_.sessions.clear();
  for (const auto& [id, filter] : marks_.filters) {
    const Subscription* subscription = subscriptions_.find(filter, id);
    std::string key = subscription_key(id, filter);
    const Session* owner = session(id);  // Another, perhaps, that is not durable.
    if (subscription == nullptr || owner == nullptr || !owner->durable) {
      changes.deletes.push_back({Table::subscriptions, std::move(key)});
      continue;
    }
    std::string fields;
    Writer writer(fields);
    writer.u8(encode_options(subscription->options));
    writer.varint(subscription->identifier);
    changes.puts.push_back(sealed(Table::subscriptions, std::move(key), fields));
  }
  marks_.filters.clear();
  for (StoredMessage& stored : marks_.unwritten) {
    stored.tabled = true;
    changes.bodies.push_back(stored.body);
  }
  being_written_.swap(marks_.unwritten);
  marks_.unwritten_bytes = marks_.unwritten_messages = 0;
  for (const std::string& topic : marks_.retained) {
    const auto slot = retained_topics_.find(topic);
    if (slot) {
      std::string fields;
      Writer(fields).varint(number(retained_[*slot]->id));
      changes.puts.push_back(sealed(Table::retained, topic, fields));
    } else {
      changes.deletes.push_back({Table::retained, topic});
    }
  }
  marks_.retained.clear();
  for (const std::string& client_id : marks_.wills) {
    const auto will = wills_.find(client_id);
    if (will != wills_.end()) {
      changes.puts.push_back(sealed(Table::wills, client_id, will_fields(will->second)));
    } else {
      changes.deletes.push_back({Table::wills, client_id});
    }
  }
  marks_.wills.clear();
  changes.puts.push_back(tables_at_row({at, next_message_id_, terms_}));
  return changes;
}

void State::collect_session(SessionId id, TableChanges& changes) {
  if (index(id) >= sessions_.size() || !sessions_[index(id)]) return;
  Session& session = *sessions_[index(id)];
  if (!std::exchange(session.marked, false)) return;
  TableRow row = sealed(Table::sessions, session_key(id), session_fields(session));
  // Much that happens to a session leaves it as it was: a QoS 2 message taken and released.
  const std::uint64_t now = checksum(row.value, 1);
  if (session.row_checksum != now) changes.puts.push_back(std::move(row));
  session.row_checksum = now;
  collect_queue(session, changes);
}

// What has changed since the last collection stands at both ends: in the window at the front, and
// at the back what has come.
void State::collect_queue(Session& session, TableChanges& changes) {
  Outgoing& outgoing = session.outgoing;
  const auto collect = [&](std::size_t i) {
    const Delivery& delivery = outgoing[i];
    if (!delivery.tabled) --marks_.unwritten_deliveries;
    changes.puts.push_back(
        sealed(Table::queue, queue_key(session.id, delivery.sequence), delivery_fields(delivery)));
    outgoing.note_row(i);
  };
  for (std::size_t i = 0; i < outgoing.inflight_count(); ++i)
    if (outgoing[i].changed || !outgoing[i].tabled) collect(i);
  for (std::size_t i = outgoing.size(); i > outgoing.inflight_count(); --i) {
    if (outgoing[i - 1].tabled) break;
    collect(i - 1);
  }
}

void State::mark_all() {
  ENSURE(being_written_.empty(), "no collection is under way");
  marks_.gone.clear();
  marks_.gone_ranges.clear();
  marks_.unwritten.clear();
  marks_.unwritten_bytes = marks_.unwritten_deliveries = 0;
  marks_.unwritten_messages = messages_.size();
  for (auto& [id, stored] : messages_) {
    ENSURE(stored.body, "only bodies in memory can be written");
    stored.unlink();
    stored.tabled = false;
    marks_.unwritten.push_back(stored);
    marks_.unwritten_bytes += stored.size;
  }
  for (const auto& session : sessions_) {
    if (!session || !session->durable) continue;
    session->row_checksum = 0;
    session->outgoing.note_no_rows();
    marks_.unwritten_deliveries += session->outgoing.size();
    session->marked = false;
    mark(*session);
    for (const std::string& filter : session->filters) marks_.filters.emplace(session->id, filter);
  }
  retained_topics_.for_each(
      [this](std::string_view topic, std::uint32_t) { marks_.retained.emplace(topic); });
  for (const auto& [client_id, will] : wills_) marks_.wills.insert(client_id);
}

void State::forget_marks() {
  marks_.sessions.clear();  // They stay marked, and are not noted again.
  marks_.filters.clear();
  marks_.retained.clear();
  marks_.wills.clear();
}

void State::tables_written() {
  evictable_.splice(evictable_.end(), being_written_);
}

// ---------------------------------------------------------------- restore

void State::restore(const TablesAt& at) {
  next_message_id_ = at.next_message_id;
  terms_ = at.terms;
}

void State::expect(Table table, std::uint64_t rows) {
  const std::uint64_t room = std::min(rows, kRowsExpectedMax);
  if (table == Table::sessions) sessions_.reserve(room), by_client_.reserve(room);
  if (table == Table::messages) messages_.reserve(room);
}

Result<void> State::restore(Table table, ByteView key, ByteView value) {
  if (table == Table::messages) {
    const auto message = read_message_row(key, value);
    return message ? restore_message(*message) : tl::unexpected(message.error());
  }
  if (table == Table::retained) {
    const auto id = read_retained_row(key, value);
    return id ? restore_retained(key, *id) : tl::unexpected(id.error());
  }
  const auto opened = open_row(table, key, value);
  if (!opened) return tl::unexpected(opened.error());
  Reader fields(*opened);
  switch (table) {
    case Table::sessions:
      return restore_session(key, fields, value);
    case Table::subscriptions:
      return restore_subscription(key, fields);
    case Table::queue:
      return restore_delivery(key, fields);
    case Table::wills:
      return restore_will(key, fields);
    case Table::meta:
    case Table::messages:
    case Table::retained:
    case Table::count:
      break;
  }
  return {};
}

Result<void> State::restore_session(ByteView key, Reader& fields, ByteView value) {
  std::unique_ptr<Session> session = read_session_fields(key, fields);
  if (!session) return misfit();
  const std::size_t slot = index(session->id);
  if (slot > kSessionSlotsMax) return misfit();
  if (find_session(session->client_id) != nullptr)
    return failure("its client has a session already");
  by_client_.insert(client_hash(session->client_id), index(session->id));
  while (sessions_.size() <= slot) {
    if (!sessions_.empty()) free_sessions_.insert(static_cast<std::uint32_t>(sessions_.size()));
    sessions_.emplace_back();
  }
  free_sessions_.erase(index(session->id));
  session->row_checksum = checksum(value, 1);
  if (session->durable) ++durable_count_;
  sessions_[slot] = std::move(session);
  return {};
}

Result<void> State::restore_subscription(ByteView key, Reader& fields) {
  Reader of_key(key);
  const auto id = static_cast<SessionId>(of_key.u32());
  const std::string filter(of_key.remaining());
  const auto options = decode_options(fields.u8());
  const std::uint32_t identifier = read_u32(fields);
  if (!of_key.ok() || !fields.done() || !options || filter.empty()) return misfit();
  if (session(id) == nullptr) return failure("its session is missing");
  existing(id).filters.insert(filter);
  subscriptions_.add(filter, {id, identifier, *options});
  return {};
}

Result<void> State::restore_message(const MessageRef& message) {
  StoredMessage& stored = messages_[message->id];
  if (stored.id != MessageId::none) return failure("it is there already");
  stored.body = message;
  stored.id = message->id;
  stored.expires_at = message->expires_at;
  stored.size = static_cast<std::uint32_t>(message->size());
  stored.tabled = true;
  evictable_.push_back(stored);
  body_bytes_ += body_cost(stored);
  if (message->id >= next_message_id_)
    next_message_id_ = static_cast<MessageId>(number(message->id) + 1);
  return {};
}

Result<void> State::restore_delivery(ByteView key, Reader& fields) {
  DeliveryRow row = read_delivery_fields(key, fields);
  if (!fields.ok()) return misfit();
  if (session(row.session) == nullptr) return failure("its session is missing");
  Outgoing& outgoing = existing(row.session).outgoing;
  const bool queued = row.delivery.phase == DeliveryPhase::queued;
  if (row.delivery.sequence < outgoing.next_sequence() || (!queued && outgoing.queued_count() > 0))
    return misfit();
  if (!queued && outgoing.find_inflight(row.delivery.packet_id)) return misfit();
  if (row.message != MessageId::none) {
    const auto found = messages_.find(row.message);
    if (found == messages_.end())
      return failure("its message " + std::to_string(number(row.message)) + " is missing");
    ++found->second.references;
    row.delivery.stored = &found->second;
  }
  row.delivery.tabled = true;
  ++(queued ? queued_count_ : inflight_count_);
  outgoing.restore(std::move(row.delivery));
  return {};
}

Result<void> State::restore_retained(ByteView topic, MessageId id) {
  const auto found = messages_.find(id);
  if (found == messages_.end())
    return failure("its message " + std::to_string(number(id)) + " is missing");
  if (!found->second.body || found->second.body->topic != topic) return misfit();
  set_retained(refer(id));
  return {};
}

Result<void> State::restore_will(ByteView key, Reader& fields) {
  StoredWill will;
  will.at = read_instant(fields);
  Mutation mutation = read_mutation(fields);
  auto* set = std::get_if<WillSet>(&mutation);
  if (!fields.done() || set == nullptr || set->client_id != key) return misfit();
  will.will = std::move(*set);
  wills_.insert_or_assign(std::string(key), std::move(will));
  return {};
}

std::size_t State::finish_restore() {
  std::vector<MessageId> orphans;
  for (const auto& [id, stored] : messages_)
    if (stored.references == 0) orphans.push_back(id);
  for (const MessageId id : orphans) {
    StoredMessage& stored = messages_.find(id)->second;
    ++stored.references;
    forget(stored);
  }
  return orphans.size();
}

}  // namespace tandemq
