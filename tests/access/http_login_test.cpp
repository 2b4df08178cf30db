#include "access/http_login.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

const RemoteLogin kLogin{"ann", "secret", "c1", "192.0.2.7:50123", "mqtt://0.0.0.0:1883"};
constexpr Instant kBegin{1'700'000'000'000};

CheckResult answered(std::string_view body, int status = 200) {
  return parse_http_login_answer(kLogin, status, body);
}

CheckResult yes() {
  return answered(R"({"result":"allow"})");
}

}  // namespace

TEST_CASE("the question is JSON, whatever the client has sent") {
  CHECK(http_login_question(kLogin) ==
        R"({"username":"ann","password":"secret","clientid":"c1","address":"192.0.2.7:50123",)"
        R"("listener":"mqtt://0.0.0.0:1883"})");
  RemoteLogin binary = kLogin;
  binary.password = "\xFF\"";
  CHECK(http_login_question(binary).find("\xEF\xBF\xBD\\\"") != std::string::npos);
}

TEST_CASE("allow lets the client in, as the user and with the roles of the answer") {
  CHECK(yes().granted);
  CHECK(yes().user == "ann");
  const CheckResult other = answered(R"({"result":"allow","user":"bob","roles":["a","b"]})");
  CHECK(other.user == "bob");
  CHECK(other.roles == std::vector<std::string>{"a", "b"});
}

TEST_CASE("deny refuses, and its reason is for the log") {
  const CheckResult no = answered(R"({"result":"deny","reason":"gone"})");
  CHECK_FALSE(no.granted);
  CHECK_FALSE(no.unavailable);
  CHECK(no.reason == "auth.http_url denies it: 'gone'");
}

TEST_CASE("whatever is neither allow nor deny lets nobody in, and is no wrong password") {
  const std::vector<CheckResult> all = {answered(R"({"result":"allow"})", 500),
                                        answered(R"({"result":"allow"})", 201),
                                        answered(""),
                                        answered("allow"),
                                        answered("[]"),
                                        answered("{}"),
                                        answered(R"({"result":true})"),
                                        answered(R"({"result":"ALLOW"})"),
                                        answered(R"({"result":"deny","result":"allow"})"),
                                        answered(R"({"result":"allow","user":""})"),
                                        answered(R"({"result":"allow","user":7})"),
                                        answered(R"({"result":"allow","roles":[1]})")};
  for (const CheckResult& result : all) {
    CHECK_FALSE(result.granted);
    CHECK(result.unavailable);
    CHECK(result.reason.starts_with("auth.http_url: "));
  }
}

TEST_CASE("an answer is remembered for the same login and no other one") {
  HttpLoginCache cache("key", 60);
  const std::string key = cache.key_of(kLogin);
  CHECK(key.find("secret") == std::string::npos);
  cache.put(key, yes(), kBegin);
  REQUIRE(cache.find(key, kBegin.plus_s(59)) != nullptr);
  CHECK(cache.find(key, kBegin.plus_s(59))->granted);
  RemoteLogin other_port = kLogin;
  other_port.address = "192.0.2.7:1";
  CHECK(cache.key_of(other_port) == key);
  for (std::string RemoteLogin::*part : {&RemoteLogin::user_name, &RemoteLogin::password,
                                         &RemoteLogin::client_id, &RemoteLogin::listener}) {
    RemoteLogin other = kLogin;
    other.*part += "x";
    CHECK(cache.key_of(other) != key);
  }
  RemoteLogin moved = kLogin;
  moved.user_name = "anns";
  moved.password = "ecret";
  CHECK(cache.key_of(moved) != key);
  CHECK(HttpLoginCache("another", 60).key_of(kLogin) != key);
}

TEST_CASE("a yes is forgotten in time, a no sooner, no answer at once") {
  HttpLoginCache cache("key", 60);
  cache.put("yes", yes(), kBegin);
  CHECK(cache.find("yes", kBegin.plus_s(60)) == nullptr);
  cache.put("no", answered(R"({"result":"deny"})"), kBegin);
  CHECK(cache.find("no", kBegin.plus_s(4)) != nullptr);
  CHECK(cache.find("no", kBegin.plus_s(HttpLoginCache::kDenialMaxS)) == nullptr);
  cache.put("none", answered("", 500), kBegin);
  CHECK(cache.find("none", kBegin) == nullptr);
  HttpLoginCache off("key", 0);
  off.put("yes", yes(), kBegin);
  CHECK(off.count() == 0);
}

TEST_CASE("the cache is bounded, the oldest answer goes") {
  HttpLoginCache cache("key", 60);
  for (std::size_t i = 0; i <= HttpLoginCache::kEntriesMax; ++i)
    cache.put(std::to_string(i), yes(), kBegin);
  CHECK(cache.count() == HttpLoginCache::kEntriesMax);
  CHECK(cache.find("0", kBegin) == nullptr);
  CHECK(cache.find("1", kBegin) != nullptr);
}
