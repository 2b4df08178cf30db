#include "transfer/mosquitto_db.hpp"

#include "transfer/line_check.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace std::string_view_literals;

namespace {

constexpr Instant kNow{1'795'249'740'000};  // A few seconds after the file in tests/data.
constexpr std::int64_t kNowSeconds = kNow.ms / 1000;

std::string read_sample() {
  std::ifstream file("tests/data/mosquitto-2.0.11.db", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

MosquittoDb read(const std::string& bytes, Instant now = kNow) {
  auto db = read_mosquitto_db(bytes, now);
  REQUIRE_MESSAGE(db.has_value(), (db ? "" : db.error().text));
  return *std::move(db);
}

template <class Kind>
std::vector<Kind> all_of(const MosquittoDb& db) {
  std::vector<Kind> found;
  for (const Line& line : db.lines)
    if (const auto* kind = std::get_if<Kind>(&line)) found.push_back(*kind);
  return found;
}

bool reports(const MosquittoDb& db, std::string_view part) {
  return std::ranges::any_of(db.report, [part](const std::string& sentence) {
    return sentence.find(part) != std::string::npos;
  });
}

SessionLine session_of(const MosquittoDb& db, std::string_view client) {
  for (const SessionLine& line : all_of<SessionLine>(db))
    if (line.client == client) return line;
  FAIL("no session of ", std::string(client));
  return {};
}

// "topic@qos", with what it is in flight as.
std::vector<std::string> deliveries_of(const MosquittoDb& db, std::string_view client) {
  const auto messages = all_of<MessageLine>(db);
  std::vector<std::string> out;
  for (const QueuedLine& line : all_of<QueuedLine>(db)) {
    if (line.client != client) continue;
    const auto message = std::ranges::find_if(
        messages, [&](const MessageLine& one) { return one.message->id == line.message; });
    std::string text = message == messages.end() ? "-" : message->message->topic;
    text += "@" + std::to_string(static_cast<int>(line.qos));
    if (line.packet_id != 0) text += (line.released ? " released " : " sent ");
    if (line.packet_id != 0) text += std::to_string(line.packet_id);
    for (const std::uint32_t identifier : line.identifiers)
      text += " #" + std::to_string(identifier);
    out.push_back(text);
  }
  return out;
}

using Words = std::vector<std::string>;

// Writes a database as Mosquitto does, and what Mosquitto never would.
class DbBuilder {
 public:
  explicit DbBuilder(std::uint32_t format = 6, bool big_endian = false)
      : format_(format), big_endian_(big_endian) {
    Writer writer(bytes_);
    writer.bytes("\0\xB5\0mosquitto db\0"sv.substr(0, 15));
    writer.u32(0);
    writer.u32(format);
    std::string fields;
    native(fields, 77);
    Writer(fields).bytes("\x01\x08\0\0\0\0\0\0"sv);
    chunk(1, fields);
  }

  DbBuilder& message(std::uint64_t id, std::string_view topic, std::uint8_t qos = 1,
                     std::int64_t expires_at_s = 0, bool retain = false,
                     std::string_view payload = "payload", std::string_view properties = {}) {
    std::string fields;
    Writer writer(fields);
    native(fields, id);
    native(fields, static_cast<std::uint64_t>(expires_at_s));
    writer.u32(static_cast<std::uint32_t>(payload.size()));
    for (const std::size_t value : {std::size_t{9}, 3UL, 4UL, topic.size(), 1883UL})
      writer.u16(static_cast<std::uint16_t>(value));
    writer.u8(qos);
    writer.u8(retain ? 1 : 0);
    writer.bytes("pubuser");
    for (const std::string_view part : {topic, payload, properties}) writer.bytes(part);
    return chunk(2, fields);
  }

  DbBuilder& client(std::string_view id, std::uint32_t expiry_s = 100,
                    std::int64_t expires_at_s = 0, std::string_view user = "u") {
    std::string fields;
    Writer writer(fields);
    native(fields, static_cast<std::uint64_t>(expires_at_s));
    writer.u32(expiry_s);
    writer.u16(1);
    writer.u16(static_cast<std::uint16_t>(id.size()));
    if (format_ == 6) {
      writer.u16(1883);
      writer.u16(static_cast<std::uint16_t>(user.size()));
      writer.u32(0xEEEEEEEE);  // Whatever was in memory.
    }
    writer.bytes(id);
    if (format_ == 6) writer.bytes(user);
    return chunk(6, fields);
  }

  DbBuilder& delivery(std::string_view client_id, std::uint64_t message_id, std::uint16_t packet_id,
                      std::uint8_t qos, std::uint8_t state, bool outgoing = true) {
    std::string fields;
    Writer writer(fields);
    native(fields, message_id);
    writer.u16(packet_id);
    writer.u16(static_cast<std::uint16_t>(client_id.size()));
    writer.u8(qos);
    writer.u8(state);
    writer.u8(0x10);
    writer.u8(outgoing ? 1 : 0);
    writer.bytes(client_id);
    return chunk(3, fields);
  }

  DbBuilder& subscription(std::string_view client_id, std::string_view filter, std::uint8_t qos = 1,
                          std::uint8_t options = 0, std::uint32_t identifier = 0) {
    std::string fields;
    Writer writer(fields);
    writer.u32(identifier);
    writer.u16(static_cast<std::uint16_t>(client_id.size()));
    writer.u16(static_cast<std::uint16_t>(filter.size()));
    writer.u8(qos);
    writer.u8(options);
    writer.u16(0);
    writer.bytes(client_id);
    writer.bytes(filter);
    return chunk(5, fields);
  }

  DbBuilder& retained(std::uint64_t message_id) {
    std::string fields;
    native(fields, message_id);
    return chunk(4, fields);
  }

  DbBuilder& chunk(std::uint32_t kind, const std::string& fields) {
    Writer writer(bytes_);
    writer.u32(kind);
    writer.u32(static_cast<std::uint32_t>(fields.size()));
    writer.bytes(fields);
    return *this;
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void native(std::string& out, std::uint64_t value) const {
    const std::size_t at = out.size();
    Writer(out).u64(value);
    if (!big_endian_) std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at), out.end());
  }

  std::uint32_t format_;
  bool big_endian_;
  std::string bytes_;
};

}  // namespace

TEST_CASE("each session of a real Mosquitto 2.0.11 comes over with its expiry") {
  const MosquittoDb db = read(read_sample());
  const SessionLine old = session_of(db, "old");
  CHECK(old.user == "ann");
  CHECK(old.expiry_s == 0xFFFFFFFF);
  CHECK(old.suspended_at == kNow);
  const SessionLine worker = session_of(db, "worker");
  CHECK(worker.user == "wörker");
  CHECK(worker.expiry_s == 3600);
  CHECK(worker.suspended_at == Instant{1'795'249'732'000});
  CHECK(session_of(db, "publisher").incoming == std::vector<std::uint16_t>{77});
  CHECK(session_of(db, "present").expiry_s == 50);
  CHECK(session_of(db, "member").user.empty());
  CHECK(reports(db, "User name of a session"));
  CHECK(all_of<SessionLine>(db).size() == 5);

  CHECK(read(read_sample(), kNow.plus_s(3600)).lines.size() < db.lines.size());
  CHECK(
      reports(read(read_sample(), kNow.plus_s(3600)), "it has expired: 1, the first is 'worker'"));
}

TEST_CASE("the deliveries of a real Mosquitto keep their order, packet ids and handshakes") {
  const MosquittoDb db = read(read_sample());
  CHECK(deliveries_of(db, "old") == Words{"sensors/text@1", "sensors/binary@1", "sensors/empty@1",
                                          "sensors/zero@0", "sensors/expiring@1"});
  CHECK(deliveries_of(db, "worker") == Words{"-@2 released 1", "work/three@2 sent 2 #7",
                                             "work/four@1 sent 3 #7", "work/one@1 #300",
                                             "work/one@2 #7", "work/two@2 #7"});
  CHECK(deliveries_of(db, "member") == Words{"jobs/1@1"});
  CHECK(deliveries_of(db, "present").empty());
}

TEST_CASE("the subscriptions of a real Mosquitto keep their options") {
  const auto subscriptions = all_of<SubscriptionLine>(read(read_sample()));
  REQUIRE(subscriptions.size() == 4);
  CHECK(subscriptions[0].filter == "$SYS/broker/version");
  CHECK(subscriptions[1].filter == "sensors/#");
  CHECK(subscriptions[2].filter == "work/+");
  CHECK(subscriptions[2].options == SubscriptionOptions{2, false, true, RetainHandling::send});
  CHECK(subscriptions[2].identifier == 7);
  CHECK(subscriptions[3].options == SubscriptionOptions{1, true, false, RetainHandling::send});
  CHECK(subscriptions[3].identifier == 300);
  CHECK(reports(read(read_sample()), "no shared subscriptions"));
}

TEST_CASE("the messages of a real Mosquitto keep payload, properties and expiry") {
  const MosquittoDb db = read(read_sample());
  const auto messages = all_of<MessageLine>(db);
  const auto find = [&](std::string_view topic) {
    return *std::ranges::find_if(messages, [&](const MessageLine& line) {
              return line.message->topic == topic;
            })->message;
  };
  CHECK(find("sensors/binary").payload == "\0\xFF\x01\xFE\x80"sv);
  CHECK(find("sensors/text").payload == "21.5 °C");
  CHECK(find("sensors/expiring").expires_at == Instant{1'795'252'732'000});
  CHECK(find("work/two").payload == "half way");
  mqtt::Properties properties;
  properties.add(mqtt::PropertyId::payload_format_indicator, 1);
  properties.add(mqtt::PropertyId::content_type, "application/json");
  properties.add(mqtt::PropertyId::response_topic, "answers/rich");
  properties.add(mqtt::PropertyId::correlation_data, "\x01\0\x02"sv);
  properties.add_user("unit", "none");
  properties.add_user("unit", "some");
  properties.add_user("größe", "groß");
  CHECK(find("state/rich").forwarded == forwarded_properties(properties));
  CHECK(find("state/rich").retain);
  CHECK(find("state/rich").publisher == "publisher");

  const auto retained = all_of<RetainedLine>(db);
  REQUIRE(retained.size() == 2);
  CHECK(retained[0].message == find("state/plain").id);
  CHECK(retained[1].message == find("state/rich").id);
}

TEST_CASE("each line refers only to earlier ones, a message stands right before its first use") {
  const MosquittoDb db = read(read_sample());
  CHECK(std::holds_alternative<HeaderLine>(db.lines.front()));
  LineCheck check;
  MessageId unused = MessageId::none;  // A message that the line before has brought.
  std::string client;
  for (const Line& line : db.lines) {
    const auto fits = check.take(line);
    CHECK_MESSAGE(fits.has_value(), (fits ? "" : fits.error().text));
    if (unused != MessageId::none) {
      const auto* queued = std::get_if<QueuedLine>(&line);
      const auto* retained = std::get_if<RetainedLine>(&line);
      CHECK((queued != nullptr ? queued->message : retained->message) == unused);
    }
    const auto* message = std::get_if<MessageLine>(&line);
    unused = message == nullptr ? MessageId::none : message->message->id;
    if (const auto* session = std::get_if<SessionLine>(&line)) client = session->client;
    if (const auto* subscription = std::get_if<SubscriptionLine>(&line))
      CHECK(subscription->client == client);
    if (const auto* queued = std::get_if<QueuedLine>(&line)) CHECK(queued->client == client);
    CHECK(line_text(*parse_line(line_text(line))) == line_text(line));
  }
}

TEST_CASE("a file that ends early gives what stands before, and says so") {
  const std::string bytes = read_sample();
  const MosquittoDb db = read(bytes.substr(0, bytes.size() - 3));
  CHECK(all_of<RetainedLine>(db).size() == 1);
  CHECK(reports(db, "ends inside a chunk, 13 bytes"));
  CHECK_FALSE(reports(read(bytes), "ends inside a chunk"));
  CHECK(reports(read(DbBuilder().bytes() + "abc"), "ends inside a chunk, 3 bytes"));
}

TEST_CASE("what is no mosquitto.db of format 5 or 6 is refused") {
  const auto error_of = [](const std::string& bytes) {
    const auto db = read_mosquitto_db(bytes, kNow);
    return db ? std::string() : db.error().text;
  };
  CHECK(error_of("").find("not a mosquitto.db") != std::string::npos);
  CHECK(error_of("SQLite format 3").find("not a mosquitto.db") != std::string::npos);
  CHECK(error_of(read_sample().substr(0, 18)).find("header") != std::string::npos);
  CHECK(error_of(DbBuilder(4).bytes()).find("format 4") != std::string::npos);
  CHECK(error_of(DbBuilder(7).bytes()).find("format 7") != std::string::npos);
  CHECK(error_of(DbBuilder().chunk(1, std::string(16, '\4')).bytes()).find("8 bytes") !=
        std::string::npos);
}

TEST_CASE("format 5, which has no user names, and the other byte order are read") {
  const auto fill = [](DbBuilder builder) {
    return read(builder.message(5, "a", 1, kNowSeconds + 60)
                    .client("c", 100, kNowSeconds + 40)
                    .delivery("c", 5, 9, 1, 3)
                    .bytes());
  };
  for (const MosquittoDb& db : {fill(DbBuilder(5)), fill(DbBuilder(6)), fill(DbBuilder(6, true))}) {
    CHECK(session_of(db, "c").suspended_at == kNow.plus_s(-60));
    CHECK(all_of<MessageLine>(db).at(0).message->expires_at == kNow.plus_s(60));
    CHECK(deliveries_of(db, "c") == Words{"a@1 sent 9"});
    CHECK(all_of<QueuedLine>(db).at(0).retain);
  }
  CHECK(session_of(fill(DbBuilder(5)), "c").user.empty());
  CHECK(session_of(fill(DbBuilder(6)), "c").user == "u");
}

TEST_CASE("sessions that are over stay behind, persistent_client_expiration becomes an expiry") {
  const MosquittoDb db = read(DbBuilder()
                                  .client("over", 10, kNowSeconds)
                                  .client("ends", 0)
                                  .client("", 10)
                                  .client("never", 0xFFFFFFFF)
                                  .client("expires", 0xFFFFFFFF, kNowSeconds + 500)
                                  .subscription("over", "a")
                                  .delivery("over", 1, 1, 1, 3)
                                  .bytes());
  CHECK(all_of<SessionLine>(db).size() == 2);
  CHECK(session_of(db, "never").expiry_s == 0xFFFFFFFF);
  CHECK(session_of(db, "expires").expiry_s == 500);
  CHECK(session_of(db, "expires").suspended_at == kNow);
  CHECK(reports(db, "it has expired: 1, the first is 'over'"));
  CHECK(reports(db, "it ends with its connection: 1"));
  CHECK(reports(db, "client id is not valid: 1"));
  CHECK(reports(db, "Subscription left out, because its client has no session"));
  CHECK(reports(db, "Delivery left out, because its client has no session"));
}

TEST_CASE("deliveries without a message or with a handshake that cannot be stay behind") {
  const MosquittoDb db = read(DbBuilder()
                                  .message(1, "gone", 1, kNowSeconds)
                                  .message(2, "here", 2)
                                  .client("c")
                                  .delivery("c", 1, 1, 1, 3)
                                  .delivery("c", 3, 2, 1, 3)
                                  .delivery("c", 2, 3, 1, 5)
                                  .delivery("c", 2, 0, 2, 9)
                                  .delivery("c", 2, 4, 3, 11)
                                  .delivery("c", 2, 5, 2, 200)
                                  .delivery("c", 2, 6, 2, 5)
                                  .delivery("c", 2, 6, 2, 5)
                                  .delivery("c", 2, 7, 2, 6)
                                  .bytes());
  CHECK(deliveries_of(db, "c") == Words{"here@2 sent 6", "-@2 released 7", "here@2"});
  CHECK(reports(db, "its message has expired or is not in the file: 2"));
  CHECK(reports(db, "its state is not valid: 3"));
  CHECK(reports(db, "its packet id is not valid: 1"));
}

TEST_CASE("a QoS 2 message that was taken over is given to its subscribers once") {
  const MosquittoDb db = read(DbBuilder()
                                  .message(1, "a/b", 2, 0, true)
                                  .message(2, "a/b", 2, 0, true, "")
                                  .message(3, "c", 2)
                                  .client("from")
                                  .client("one")
                                  .client("two")
                                  .subscription("from", "a/#", 2, 4)
                                  .subscription("one", "a/#", 1, 8, 5)
                                  .subscription("one", "+/b", 2, 0, 6)
                                  .subscription("one", "$share/g/a/+", 1)
                                  .subscription("two", "$share/g/a/+", 1)
                                  .subscription("two", "#", 0)
                                  .delivery("from", 1, 8, 2, 7, false)
                                  .delivery("from", 1, 8, 2, 7, false)
                                  .delivery("from", 3, 9, 2, 11, false)
                                  .delivery("from", 9, 10, 2, 7, false)
                                  .bytes());
  CHECK(session_of(db, "from").incoming == std::vector<std::uint16_t>{8, 10});
  CHECK(deliveries_of(db, "from").empty());
  CHECK(deliveries_of(db, "one") == Words{"a/b@2 #6 #5"});
  CHECK(all_of<QueuedLine>(db).at(0).retain);
  CHECK(deliveries_of(db, "two").empty());
  CHECK(all_of<RetainedLine>(db).size() == 1);
  CHECK(all_of<MessageLine>(db).size() == 1);
  CHECK(reports(db, "Message on its way to the broker"));
  CHECK_FALSE(reports(db, "no shared subscriptions"));
}

TEST_CASE("a retained message is removed by an empty one that was taken over") {
  DbBuilder builder;
  builder.message(1, "a", 1, 0, true).message(2, "a", 2, 0, true, "").client("c").retained(1);
  CHECK(all_of<RetainedLine>(read(builder.bytes())).size() == 1);
  CHECK(all_of<MessageLine>(read(builder.bytes())).size() == 1);
  builder.delivery("c", 2, 1, 2, 7, false);
  CHECK(all_of<RetainedLine>(read(builder.bytes())).empty());
  CHECK(all_of<MessageLine>(read(builder.bytes())).empty());
  CHECK(reports(read(builder.retained(7).bytes()), "Retained message left out"));
}

TEST_CASE("what is not valid stays behind alone") {
  const MosquittoDb db = read(DbBuilder()
                                  .chunk(2, "short")
                                  .chunk(99, "new")
                                  .message(1, "a/#", 1)
                                  .message(2, "a", 3)
                                  .message(3, "fine", 1, 0, true, "x", "\x02\x01")
                                  .client("c")
                                  .client("\xFF")
                                  .client("d", 100, 0, "u\xFF")
                                  .subscription("c", "a/#/b")
                                  .subscription("c", "a", 3)
                                  .subscription("c", "a", 1, 0, 0xFFFFFFFF)
                                  .subscription("c", "b")
                                  .retained(3)
                                  .bytes());
  CHECK(all_of<SessionLine>(db).size() == 2);
  CHECK(session_of(db, "d").user.empty());
  CHECK(all_of<SubscriptionLine>(db).size() == 1);
  REQUIRE(all_of<MessageLine>(db).size() == 1);
  CHECK(all_of<MessageLine>(db)[0].message->forwarded.empty());
  CHECK(reports(db, "Chunk left out, because its fields do not fit: 1"));
  CHECK(reports(db, "Chunk left out, because its kind is not known: 1, the first is 'kind 99'"));
  CHECK(reports(db, "topic or QoS is not valid: 2"));
  CHECK(reports(db, "Properties of a message left out"));
  CHECK(reports(db, "its filter, QoS or identifier is not valid: 3"));
}
