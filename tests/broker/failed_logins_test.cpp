#include "broker/failed_logins.hpp"

#include "tests/broker/lab.hpp"

#include <string>
#include <vector>

using namespace tandemq;

namespace {

Policy with_bob() {
  const auto line = make_entry("bob", "secret", "0123456789abcdef", kScramIterationsMin);
  REQUIRE(line);
  auto file = PasswordFile::parse(*line);
  REQUIRE(file);
  return {Anonymous::everywhere, *file, {}};
}

Origin from(std::string address) {
  Origin origin;
  origin.address = std::move(address);
  return origin;
}

mqtt::Connect login(std::string_view password, mqtt::Connect packet = v5("c", 0)) {
  packet.user_name = "bob";
  packet.password = password;
  return packet;
}

// The answer to a CONNECT; nothing is verified that is refused at once.
std::string answer(Lab& lab, const std::string& address, mqtt::Connect packet) {
  Client& client = lab.open(from(address));
  client.send(std::move(packet));
  std::string said = client.next();
  if (!said.empty()) return said;
  client.verify_password();
  return client.next();
}

}  // namespace

TEST_CASE("after auth.failures_max wrong passwords an address is refused unheard for a while") {
  Lab lab(quiet(), with_bob());
  std::vector<std::string> warnings;
  lab.world().audit.listen([&](AuditEvent&& event) { warnings.push_back(event.why); }, false);
  for (int i = 0; i < 5; ++i)
    CHECK(answer(lab, "192.0.2.7:" + std::to_string(i), login("wrong")) == "CONNACK 0x86");
  CHECK(warnings ==
        std::vector<std::string>{"logins from 192.0.2.7 wait for 1 s, too many have failed"});
  CHECK(answer(lab, "192.0.2.7:9", login("wrong")) == "CONNACK 0x9F");
  CHECK(answer(lab, "192.0.2.7:9", login("secret")) == "CONNACK 0x9F");
  CHECK(answer(lab, "192.0.2.8:9", login("secret")) == "CONNACK");
  CHECK(lab.world().counters.logins_failed == 5);
  CHECK(lab.world().counters.logins_paused == 2);
  lab.advance_s(1);
  CHECK(answer(lab, "192.0.2.7:9", login("secret")) == "CONNACK");
}

TEST_CASE("to MQTT 3 a pause is return code 3") {
  Lab lab(quiet(), with_bob());
  for (int i = 0; i < 5; ++i) answer(lab, "192.0.2.7:1", login("wrong", v311("c")));
  Client& client = lab.open(from("192.0.2.7:1"));
  client.send(login("secret", v311("c")));
  const auto connack = client.take<mqtt::Connack>();
  CHECK(mqtt::connack_code_311(connack.reason) == 3);
}

TEST_CASE("a pause is not for clients that show no secret") {
  Lab lab(quiet(), with_bob());
  for (int i = 0; i < 9; ++i) answer(lab, "192.0.2.7:1", login("wrong"));
  CHECK(answer(lab, "192.0.2.7:1", v5("anonymous", 0)) == "CONNACK");
}

TEST_CASE("with auth.failures_max 0 nobody has to wait") {
  Config config = quiet();
  config.auth.failures_max = 0;
  Lab lab(config, with_bob());
  for (int i = 0; i < 20; ++i) CHECK(answer(lab, "192.0.2.7:1", login("wrong")) == "CONNACK 0x86");
  CHECK(answer(lab, "192.0.2.7:1", login("secret")) == "CONNACK");
}
