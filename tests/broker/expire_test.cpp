#include "broker/expire.hpp"

#include "tests/access/signer.hpp"
#include "tests/broker/lab.hpp"

using namespace tandemq;

namespace {

constexpr std::string_view kSigningSecret = "a secret of more than thirty-two bytes";

Policy with_tokens() {
  auto keys = parse_jwt_keys(kSigningSecret);
  REQUIRE(keys);
  Policy policy{Anonymous::nowhere, {}, {}};
  policy.tokens =
      std::make_shared<const TokenRules>(TokenRules{*std::move(keys), JwtPolicy{{}, {}, "sub", 0}});
  return policy;
}

// Ann's, for so many seconds of the lab's time; verified already.
Client& join_with_token(Lab& lab, std::int64_t seconds) {
  mqtt::Connect packet = v5("c", 1'000'000);
  packet.password =
      secret_token(kSigningSecret, R"({"alg":"HS256"})",
                   R"({"sub":"ann","exp":)" + std::to_string(lab.now.ms / 1'000 + seconds) + "}");
  Client& client = lab.connect(std::move(packet));
  client.verify_password();
  return client;
}

}  // namespace

TEST_CASE(
    "[MQTT-3.1.2-22] one and a half times the keep alive without a packet ends the connection") {
  Lab lab;
  mqtt::Connect packet = v5("c");
  packet.keep_alive_s = 10;
  Client& client = lab.join(std::move(packet));
  lab.advance_s(14);
  client.send(mqtt::Ping{});
  CHECK(client.next() == "PINGRESP");
  lab.advance_ms(14'999);
  CHECK_FALSE(client.closed());
  lab.advance_ms(1);
  CHECK(client.next() == "DISCONNECT 0x8D");
  CHECK(client.closed());
}

TEST_CASE("a connection ends when its token expires, its session does not") {
  Lab lab(quiet(), with_tokens());
  Client& client = join_with_token(lab, 10'000);
  CHECK(client.next() == "CONNACK");
  CHECK(lab.state().find_session("c")->user_name == "ann");
  lab.advance_s(9'999);
  CHECK_FALSE(client.closed());
  lab.advance_s(1);
  CHECK(client.next() == "DISCONNECT 0x87");
  CHECK(client.closed());
  CHECK(lab.state().session_count() == 1);

  Client& expired = join_with_token(lab, 0);
  CHECK(expired.next() == "CONNACK 0x86");
  CHECK(expired.closed());
}

TEST_CASE("a connection with a token that ends late leaves no timer for so long") {
  Lab lab(quiet(), with_tokens());
  for (int i = 0; i < 100; ++i) join_with_token(lab, 100'000'000).lose();
  Client& client = join_with_token(lab, 100'000'000);
  CHECK(client.next() == "CONNACK present");
  lab.advance_s(3'600);
  CHECK(lab.world().timers.size() < 10);
  lab.advance_s(100'000);
  CHECK_FALSE(client.closed());
}

TEST_CASE("keep alive 0 is for ever") {
  Lab lab;
  Client& client = lab.join(v311("c"));
  lab.advance_s(1'000'000);
  CHECK_FALSE(client.closed());
}

TEST_CASE("a connection that sends no CONNECT in time is closed") {
  Lab lab;
  Client& client = lab.open();
  lab.advance_ms(9'999);
  CHECK_FALSE(client.closed());
  lab.advance_ms(1);
  CHECK(client.next() == "closed");
}

TEST_CASE("an expiry that was cut short ends the session in time, a longer one later") {
  Lab lab;
  lab.join(v5("c", 100)).lose();
  lab.join(v5("c", 5)).lose();
  lab.advance_s(6);
  CHECK(lab.state().session_count() == 0);
  lab.join(v5("c", 5)).lose();
  lab.join(v5("c", 100)).lose();
  lab.advance_s(50);
  CHECK(lab.state().session_count() == 1);
  lab.advance_s(50);
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE(
    "however often a session comes and goes, a retained message changes, there are few timers") {
  Lab lab;
  for (int i = 0; i < 100; ++i) {
    lab.join(v5("c", 1'000'000)).lose();
    lab.join(v5("p")).publish(with(retained("t", std::to_string(i)),
                                   mqtt::PropertyId::message_expiry_interval, 1'000'000U));
  }
  lab.advance_s(60);  // The connect time-outs.
  CHECK(lab.world().timers.size() < 10);
}
