#include "broker/connect.hpp"

#include "tests/broker/lab.hpp"

#include <string>
#include <utility>

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

Config config_with(const std::function<void(Config&)>& change) {
  Config config = quiet();
  change(config);
  return config;
}

std::uint32_t number(const Client& client, PropertyId id) {
  return client.connack.properties.number(id).value_or(0xDEAD);
}

// What the CONNACK says of properties, in order.
std::string property_ids(const Client& client) {
  std::string ids;
  for (const mqtt::Property& property : client.connack.properties.list())
    ids += std::to_string(static_cast<int>(property.id)) + " ";
  return ids;
}

}  // namespace

TEST_CASE("[MQTT-3.1.2-4] Clean Start 1 discards the existing session") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("a", 1);
  first.disconnect();
  Client& second = lab.join(v5("c", 100, true));
  CHECK_FALSE(second.connack.session_present);
  lab.join(v5("p")).publish("a", "x", 1);
  CHECK(second.next().empty());
}

TEST_CASE("[MQTT-3.1.2-5, MQTT-3.2.2-3] Clean Start 0 goes on with the session and says so") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("a", 1);
  first.disconnect();
  lab.join(v5("p")).publish("a", "x", 1);
  Client& second = lab.join(v5("c", 100));
  CHECK(second.connack.session_present);
  CHECK(second.next() == "a x q1 #1");
}

TEST_CASE("[MQTT-3.1.2-6, MQTT-3.2.2-2] without a session Clean Start 0 makes a new one, flag 0") {
  Lab lab;
  CHECK_FALSE(lab.join(v5("a", 100)).connack.session_present);
  CHECK_FALSE(lab.join(v5("b", 100, true)).connack.session_present);
}

TEST_CASE("[MQTT311-3.1.2-4] Clean Session 0 keeps subscriptions and messages") {
  Lab lab;
  Client& first = lab.join(v311("c", false));
  CHECK(first.subscribe("a", 1) == ReasonCode::granted_qos1);
  first.disconnect();
  lab.join(v311("p")).publish("a", "x", 1);
  lab.advance_s(10'000'000);
  Client& second = lab.join(v311("c", false));
  CHECK(second.connack.session_present);
  CHECK(second.next() == "a x q1 #1");
}

TEST_CASE(
    "[MQTT311-3.1.2-6] Clean Session 1 discards the old session and ends with its connection") {
  Lab lab;
  lab.join(v311("c", false)).subscribe("a", 1);
  Client& second = lab.join(v311("c", true));
  CHECK_FALSE(second.connack.session_present);
  second.subscribe("b");
  second.disconnect();
  CHECK(lab.state().session_count() == 0);
  CHECK_FALSE(lab.join(v311("c", false)).connack.session_present);
}

TEST_CASE("[MQTT-3.1.4-3] a take-over tells the earlier connection 0x8E and closes it") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  lab.join(v5("c", 100));
  CHECK(first.next() == "DISCONNECT 0x8E");
  CHECK(first.next() == "closed");
  CHECK(lab.world().counters.takeovers == 1);
}

TEST_CASE("[MQTT311-3.1.4-2] a take-over closes the earlier 3.1.1 connection without a word") {
  Lab lab;
  Client& first = lab.join(v311("c", false));
  Client& second = lab.join(v311("c", false));
  CHECK(first.next() == "closed");
  CHECK(second.connack.session_present);
}

TEST_CASE("a take-over of a session without expiry begins a new one") {
  Lab lab;
  lab.join(v5("c")).subscribe("a");
  CHECK_FALSE(lab.join(v5("c")).connack.session_present);
  CHECK(lab.state().subscriptions().size() == 0);
}

TEST_CASE("[MQTT-3.1.3-6, MQTT-3.1.3-7, MQTT-3.2.2-16] an empty client id gets one assigned") {
  Lab lab;
  Client& first = lab.join(v5(""));
  Client& second = lab.join(v5("", 0, true));
  const std::string* one = first.connack.properties.text(PropertyId::assigned_client_identifier);
  const std::string* other = second.connack.properties.text(PropertyId::assigned_client_identifier);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->size() == 41);
  CHECK(*one != *other);
  CHECK(lab.state().find_session(*one) != nullptr);
}

TEST_CASE("[MQTT311-3.1.3-7, MQTT311-3.1.3-8] an empty client id needs Clean Session 1") {
  Lab lab;
  Client& refused = lab.connect(v311("", false));
  CHECK(refused.next() == "CONNACK 0x85");
  CHECK(refused.next() == "closed");
  lab.join(v311("", true));
}

TEST_CASE("an empty client id is refused to MQTT 3.1, and to all if the setting says so") {
  Lab lab;
  mqtt::Connect old = v311("", true);
  old.version = mqtt::Version::v31;
  CHECK(lab.connect(std::move(old)).next() == "CONNACK 0x85");
  Lab strict(config_with([](Config& c) { c.mqtt.allow_empty_client_id = false; }));
  CHECK(strict.connect(v5("")).next() == "CONNACK 0x85");
  CHECK(strict.connect(v311("")).next() == "CONNACK 0x85");
}

TEST_CASE("[MQTT-3.2.2-21] the keep alive is the server's where the client's is too long") {
  Lab lab(config_with([](Config& c) { c.limits.max_keepalive_s = 60; }));
  mqtt::Connect slow = v5("a");
  slow.keep_alive_s = 120;
  CHECK(number(lab.join(std::move(slow)), PropertyId::server_keep_alive) == 60);
  CHECK(number(lab.join(v5("b")), PropertyId::server_keep_alive) == 60);
  mqtt::Connect quick = v5("c");
  quick.keep_alive_s = 30;
  CHECK(number(lab.join(std::move(quick)), PropertyId::server_keep_alive) == 0xDEAD);
}

TEST_CASE("CONNACK says what differs from the specification's defaults and nothing else") {
  Lab lab;
  CHECK(property_ids(lab.join(v5("a", 100))) == "34 39 33 ");
  CHECK(property_ids(lab.join(v311("b"))).empty());
  Lab plain(config_with([](Config& c) {
    c.limits.topic_alias_max = 0;
    c.limits.receive_maximum = UINT16_MAX;
    c.limits.max_packet_size = 268'435'460;
  }));
  CHECK(property_ids(plain.join(v5("a", 100))).empty());
}

TEST_CASE("[MQTT-3.2.2-9] CONNACK names what is not available") {
  Lab lab(config_with([](Config& c) {
    c.mqtt.max_qos = 1;
    c.mqtt.retain_available = c.mqtt.wildcard_available = false;
    c.mqtt.shared_available = c.mqtt.subscription_id_available = false;
  }));
  const Client& client = lab.join(v5("a"));
  CHECK(number(client, PropertyId::maximum_qos) == 1);
  CHECK(number(client, PropertyId::retain_available) == 0);
  CHECK(number(client, PropertyId::wildcard_subscription_available) == 0);
  CHECK(number(client, PropertyId::shared_subscription_available) == 0);
  CHECK(number(client, PropertyId::subscription_identifier_available) == 0);
}

TEST_CASE("the session expiry is capped, and the client is told") {
  Lab lab(config_with([](Config& c) { c.limits.session_expiry_max_s = 50; }));
  Client& capped = lab.join(v5("a", 100));
  CHECK(number(capped, PropertyId::session_expiry_interval) == 50);
  CHECK(number(lab.join(v5("b", 40)), PropertyId::session_expiry_interval) == 0xDEAD);
  capped.disconnect();
  lab.advance_s(49);
  CHECK(lab.state().find_session("a") != nullptr);
  lab.advance_s(2);
  CHECK(lab.state().find_session("a") == nullptr);
}

TEST_CASE("[MQTT-3.1.2-28] Response Information comes only to who asks for it") {
  Lab lab(config_with([](Config& c) { c.mqtt.response_information = "replies/"; }));
  const Client& asks = lab.join(with(v5("a"), PropertyId::request_response_information, 1U));
  const std::string* text = asks.connack.properties.text(PropertyId::response_information);
  REQUIRE(text);
  CHECK(*text == "replies/");
  CHECK(lab.join(v5("b")).connack.properties.text(PropertyId::response_information) == nullptr);
}

TEST_CASE(
    "[MQTT-3.1.4-5] what comes behind CONNECT before its password is checked waits in order") {
  auto line = make_entry("ann", "secret", "0123456789abcdef", kScramIterationsMin);
  REQUIRE(line);
  auto file = PasswordFile::parse(*line);
  REQUIRE(file);
  Lab lab(quiet(), {Anonymous::nowhere, *file, {}});
  mqtt::Connect packet = v5("c");
  packet.user_name = "ann";
  packet.password = "secret";
  Client& client = lab.connect(std::move(packet));
  client.send(mqtt::Subscribe{1, {}, {entry("a")}});
  client.send(message("a", "x"));
  CHECK(client.next().empty());
  CHECK_FALSE(client.is_read());
  client.verify_password();
  CHECK(client.is_read());
  CHECK(client.all() == std::vector<std::string>{"CONNACK", "SUBACK #1 0x00", "a x"});
  CHECK(lab.state().find_session("c")->user_name == "ann");
}

TEST_CASE("a wrong password is refused: 0x86, and what waited behind it is not done") {
  auto line = make_entry("ann", "secret", "0123456789abcdef", kScramIterationsMin);
  auto file = PasswordFile::parse(*line);
  Lab lab(quiet(), {Anonymous::nowhere, *file, {}});
  mqtt::Connect packet = v5("c");
  packet.user_name = "ann";
  packet.password = "wrong";
  Client& client = lab.connect(std::move(packet));
  client.send(message("a", "x"));
  client.verify_password();
  CHECK(client.all() == std::vector<std::string>{"CONNACK 0x86"});
  CHECK(client.closed());
  CHECK(lab.world().counters.messages_received[0] == 0);
  CHECK(lab.connect(v311("d")).next() == "CONNACK 0x87");  // Anonymous.
}

TEST_CASE("a client that goes while its password is checked leaves nothing") {
  auto line = make_entry("ann", "secret", "0123456789abcdef", kScramIterationsMin);
  auto file = PasswordFile::parse(*line);
  Lab lab(quiet(), {Anonymous::nowhere, *file, {}});
  mqtt::Connect packet = v5("c");
  packet.user_name = "ann";
  packet.password = "secret";
  Client& client = lab.connect(std::move(packet));
  client.lose();
  client.verify_password();
  CHECK(lab.state().session_count() == 0);
  CHECK(lab.world().connections.size() == 0);
}

TEST_CASE(
    "[MQTT-3.2.2-19] a Reason String comes unless the client asked for none or it does not "
    "fit") {
  Lab lab(config_with([](Config& c) { c.mqtt.allow_empty_client_id = false; }));
  const auto reason_of = [&](mqtt::Connect packet) {
    const auto connack = lab.connect(std::move(packet)).take<mqtt::Connack>();
    return connack.properties.text(PropertyId::reason_string) != nullptr;
  };
  CHECK(reason_of(v5("")));  // 3.1.2.11.7: absent means 1.
  CHECK(reason_of(with(v5(""), PropertyId::request_problem_information, 1U)));
  CHECK_FALSE(reason_of(with(v5(""), PropertyId::request_problem_information, 0U)));
  CHECK_FALSE(reason_of(with(with(v5(""), PropertyId::request_problem_information, 1U),
                             PropertyId::maximum_packet_size, 60U)));
}

TEST_CASE("[MQTT-3.1.2-24] a CONNACK too large for the client is not sent; the connection closes") {
  Lab lab;
  Client& client = lab.connect(with(v5("c"), PropertyId::maximum_packet_size, 2U));
  CHECK(client.next() == "closed");
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("session ids of ended sessions are used again") {
  Lab lab;
  Client& first = lab.join(v5("a"));
  const SessionId id = lab.state().find_session("a")->id;
  first.disconnect();
  lab.join(v5("b", 10));
  CHECK(lab.state().find_session("b")->id == id);
}

TEST_CASE("a client is the user of its certificate and no other one") {
  Lab lab(quiet(), {Anonymous::nowhere, {}, {}});
  struct Row {
    const char* certified;
    const char* user;  // Of the CONNECT; null: none.
    ReasonCode answer;
  };
  for (const Row& row :
       {Row{"ann", nullptr, ReasonCode::success}, Row{"ann", "ann", ReasonCode::success},
        Row{"ann", "bob", ReasonCode::bad_user_name_or_password},
        Row{"", nullptr, ReasonCode::not_authorized}}) {
    CAPTURE(row.certified);
    Origin origin;
    origin.certificate_user = row.certified;
    Client& client = lab.open(std::move(origin));
    mqtt::Connect packet = v5("c", 100);
    if (row.user != nullptr) packet.user_name = row.user;
    client.send(std::move(packet));
    CHECK(client.take<mqtt::Connack>().reason == row.answer);
    if (row.answer == ReasonCode::success) CHECK(lab.state().find_session("c")->user_name == "ann");
  }
}

TEST_CASE("what a handshake took before counts to the time for CONNECT") {
  const auto config = config_with([](Config& one) { one.limits.connect_timeout_ms = 1'000; });
  for (const std::uint32_t waited_ms : {0U, 400U, 5'000U}) {
    Lab lab(config);
    Origin origin;
    origin.waited_ms = waited_ms;
    Client& client = lab.open(std::move(origin));
    const std::int64_t left_ms = waited_ms > 1'000 ? 0 : 1'000 - waited_ms;
    if (left_ms > 0) {
      lab.advance_ms(left_ms - 1);
      CHECK_FALSE(client.closed());
    }
    lab.advance_ms(1);
    CHECK(client.closed());
  }
}
