#include "session/rows.hpp"

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::QoS;

namespace {

Session ann() {
  Session session;
  session.id = static_cast<SessionId>(7);
  session.durable = true;
  session.expiry_s = kNeverExpires;
  session.client_id = "ann";
  session.user_name = "user";
  session.opened_at = Instant{11};
  session.suspended_at = Instant{12};
  session.incoming = {3, 9, 65'535};
  return session;
}

std::unique_ptr<Session> read_session(const std::string& key, ByteView fields) {
  Reader reader(fields);
  return read_session_fields(key, reader);
}

// The row of a delivery, read back; nothing if it does not fit.
std::optional<DeliveryRow> read_delivery(const std::string& key, ByteView fields) {
  Reader reader(fields);
  DeliveryRow row = read_delivery_fields(key, reader);
  if (!reader.ok()) return std::nullopt;
  return row;
}

std::string fields_of(std::uint64_t message, std::uint64_t packet_id, std::uint8_t qos,
                      std::uint8_t phase, std::uint8_t retain = 0) {
  std::string fields;
  Writer writer(fields);
  writer.varint(message);
  writer.varint(0);
  writer.varint(packet_id);
  writer.u8(qos);
  writer.u8(phase);
  writer.u8(retain);
  return fields;
}

}  // namespace

TEST_CASE("a session comes back from its fields as it was") {
  const Session session = ann();
  const auto read = read_session(session_key(session.id), session_fields(session));
  REQUIRE(read);
  CHECK(read->id == session.id);
  CHECK(read->durable);
  CHECK(read->expiry_s == session.expiry_s);
  CHECK(read->client_id == "ann");
  CHECK(read->user_name == "user");
  CHECK(read->opened_at == session.opened_at);
  CHECK(read->suspended_at == session.suspended_at);
  CHECK(read->incoming == session.incoming);
}

TEST_CASE("a session that is connected is so in its row") {
  Session session = ann();
  session.suspended_at = Instant::never();
  const auto read = read_session(session_key(session.id), session_fields(session));
  REQUIRE(read);
  CHECK(read->connected());
}

TEST_CASE("fields that are no session's are refused") {
  const std::string key = session_key(SessionId{7});
  const std::string fields = session_fields(ann());
  for (std::size_t size = 0; size < fields.size(); ++size)
    CHECK_FALSE(read_session(key, ByteView(fields).substr(0, size)));
  CHECK_FALSE(read_session(key, fields + "x"));
  CHECK_FALSE(read_session(key + "x", fields));
  CHECK_FALSE(read_session("", fields));
  CHECK_FALSE(read_session(session_key(SessionId::none), fields));
  Session session = ann();
  session.incoming = {9, 3};
  CHECK_FALSE(read_session(key, session_fields(session)));
}

TEST_CASE("a delivery comes back from its fields in each phase") {
  StoredMessage message;
  message.id = static_cast<MessageId>(1'000);
  for (const DeliveryPhase phase :
       {DeliveryPhase::queued, DeliveryPhase::sent, DeliveryPhase::released}) {
    Delivery delivery;
    const bool queued = phase == DeliveryPhase::queued;
    const bool released = phase == DeliveryPhase::released;
    delivery.stored = released ? nullptr : &message;
    delivery.sequence = 0x1'0000'0002;
    delivery.share = 0xFFFFFFFFFFFFFFFF;
    delivery.qos = QoS::exactly_once;
    delivery.phase = phase;
    delivery.packet_id = queued ? std::uint16_t{0} : std::uint16_t{65'535};
    delivery.retain = queued;
    if (!released)
      delivery.subscription_ids = std::make_unique<const SubscriptionIds>(SubscriptionIds{1, 300});
    const auto row =
        read_delivery(queue_key(SessionId{7}, delivery.sequence), delivery_fields(delivery));
    REQUIRE(row.has_value());
    CHECK(row->session == SessionId{7});
    CHECK(row->message == delivery.message_id());
    CHECK(row->delivery.sequence == delivery.sequence);
    CHECK(row->delivery.share == delivery.share);
    CHECK(row->delivery.qos == delivery.qos);
    CHECK(row->delivery.phase == phase);
    CHECK(row->delivery.packet_id == delivery.packet_id);
    CHECK(row->delivery.retain == delivery.retain);
    CHECK((row->delivery.subscription_ids != nullptr) == !released);
    if (!released) CHECK(*row->delivery.subscription_ids == SubscriptionIds{1, 300});
  }
}

TEST_CASE("fields that do not fit each other are no delivery") {
  const std::string key = queue_key(SessionId{7}, 1);
  CHECK(read_delivery(key, fields_of(1, 0, 1, 0)).has_value());
  CHECK(read_delivery(key, fields_of(1, 5, 1, 1)).has_value());
  CHECK(read_delivery(key, fields_of(0, 5, 2, 2)).has_value());
  struct Misfit {
    std::string fields;
    const char* why;
  };
  for (const Misfit& misfit :
       std::initializer_list<Misfit>{{fields_of(1, 5, 1, 0), "what waits has no packet id"},
                                     {fields_of(1, 0, 1, 1), "what was sent has one"},
                                     {fields_of(1, 5, 2, 2), "what was released has no message"},
                                     {fields_of(0, 0, 1, 0), "what waits has one"},
                                     {fields_of(1, 70'000, 1, 1), "a packet id has 16 bits"},
                                     {fields_of(1, 5, 3, 1), "there is no QoS 3"},
                                     {fields_of(1, 5, 1, 3), "there is no such phase"},
                                     {fields_of(1, 5, 1, 1, 2), "a flag is 0 or 1"},
                                     {fields_of(1, 5, 1, 1).substr(0, 4), "cut short"},
                                     {fields_of(1, 5, 1, 1) + "\x80", "an identifier cut short"}}) {
    INFO(misfit.why);
    CHECK_FALSE(read_delivery(key, misfit.fields).has_value());
  }
  CHECK_FALSE(read_delivery(key + "x", fields_of(1, 0, 1, 0)).has_value());
  CHECK_FALSE(read_delivery(session_key(SessionId{7}), fields_of(1, 0, 1, 0)).has_value());
}

TEST_CASE("the queue of a session is one range of keys, oldest first") {
  const std::string end = session_key(SessionId{8});
  std::string before = session_key(SessionId{7});
  for (const std::uint64_t sequence : std::initializer_list<std::uint64_t>{
           0, 1, 255, 256, 65'536, 0xFFFFFFFF, 0x100000000, 0xFFFFFFFFFFFFFFFF}) {
    const std::string key = queue_key(SessionId{7}, sequence);
    CHECK(before < key);
    CHECK(key < end);
    before = key;
  }
  CHECK(session_key(SessionId{255}) < session_key(SessionId{256}));
  CHECK(subscription_key(SessionId{7}, "\xFF") < end);
}

TEST_CASE("a body costs more than its bytes") {
  StoredMessage message;
  message.size = 1'000;
  CHECK(body_cost(message) > 1'000);
  CHECK(body_cost(message) < 2'000);
}
