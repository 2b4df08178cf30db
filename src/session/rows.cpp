#include "session/rows.hpp"

#include "journal/wire_fields.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// The Message itself, its reference count, and what malloc rounds up, measured with jemalloc.
constexpr std::uint64_t kAroundBody = 256;

}  // namespace

std::string session_key(SessionId id) {
  std::string key;
  Writer(key).u32(index(id));
  return key;
}

std::string subscription_key(SessionId id, ByteView filter) {
  std::string key = session_key(id);
  key.append(filter);
  return key;
}

std::string queue_key(SessionId id, std::uint64_t sequence) {
  std::string key = session_key(id);
  Writer(key).u64(sequence);
  return key;
}

std::uint64_t body_cost(const StoredMessage& message) {
  return message.size + kAroundBody;
}

std::string session_fields(const Session& session) {
  std::string fields;
  Writer writer(fields);
  writer.varint_bytes(session.client_id);
  writer.varint_bytes(session.user_name);
  writer.varint(session.expiry_s);
  write_instant(writer, session.opened_at);
  write_instant(writer, session.suspended_at);
  writer.varint(session.incoming.size());
  for (const std::uint16_t packet_id : session.incoming) writer.u16(packet_id);
  return fields;
}

std::unique_ptr<Session> read_session_fields(ByteView key, Reader& fields) {
  Reader id(key);
  auto session = std::make_unique<Session>();
  session->id = static_cast<SessionId>(id.u32());
  session->durable = true;
  session->client_id = fields.varint_bytes();
  session->user_name = fields.varint_bytes();
  session->expiry_s = read_u32(fields);
  session->opened_at = read_instant(fields);
  session->suspended_at = read_instant(fields);
  const std::uint64_t count = fields.varint();
  if (count > fields.size()) fields.fail();
  for (std::uint64_t i = 0; fields.ok() && i < count; ++i)
    session->incoming.push_back(fields.u16());
  const bool sorted = std::is_sorted(session->incoming.begin(), session->incoming.end());
  if (!id.done() || !fields.done() || session->id == SessionId::none || !sorted) return nullptr;
  return session;
}

std::string delivery_fields(const Delivery& delivery) {
  std::string fields;
  Writer writer(fields);
  writer.varint(number(delivery.message_id()));
  writer.varint(delivery.share);
  writer.varint(delivery.packet_id);
  writer.u8(static_cast<std::uint8_t>(delivery.qos));
  writer.u8(static_cast<std::uint8_t>(delivery.phase));
  writer.u8(delivery.retain ? 1 : 0);
  if (!delivery.subscription_ids) return fields;
  for (const std::uint32_t id : *delivery.subscription_ids) writer.varint(id);
  return fields;
}

DeliveryRow read_delivery_fields(ByteView key, Reader& fields) {
  Reader of_key(key);
  DeliveryRow row;
  row.session = static_cast<SessionId>(of_key.u32());
  row.delivery.sequence = of_key.u64();
  row.message = static_cast<MessageId>(fields.varint());
  row.delivery.share = fields.varint();
  row.delivery.packet_id = read_u16(fields);
  row.delivery.qos = read_qos(fields, fields.u8());
  const std::uint8_t phase = fields.u8();
  row.delivery.phase = static_cast<DeliveryPhase>(phase);
  const std::uint8_t retain = fields.u8();
  row.delivery.retain = retain == 1;
  SubscriptionIds ids;
  while (fields.ok() && !fields.done()) ids.push_back(read_u32(fields));
  if (!ids.empty())
    row.delivery.subscription_ids = std::make_unique<const SubscriptionIds>(std::move(ids));

  const bool released = row.delivery.phase == DeliveryPhase::released;
  const bool queued = row.delivery.phase == DeliveryPhase::queued;
  const bool fits = of_key.done() && phase <= 2 && retain <= 1 &&
                    released == (row.message == MessageId::none) &&
                    queued == (row.delivery.packet_id == 0);
  if (!fits) fields.fail();
  return row;
}

}  // namespace tandemq
