#include "failover/etcd_gateway.hpp"

#include "base/base64.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

const std::string kKey = witness_key("east");
const std::string kHeader = R"("header":{"cluster_id":"7","revision":"42","raft_term":"2"})";

WitnessRecord sample() {
  return first_record({"a", UINT64_MAX, "boot"}, {UINT64_MAX, 7}, ReplicationMode::written);
}

std::string kv(const std::string& revision, const std::string& value) {
  return R"({"key":")" + encode_base64(kKey) + R"(","mod_revision":")" + revision +
         R"(","version":"1","value":")" + encode_base64(value) + "\"}";
}

std::string range(const std::string& kvs) {
  return "{" + kHeader + R"(,"kvs":[)" + kvs + R"(],"count":"1"})";
}

std::string missed(const std::string& range_fields) {
  return "{" + kHeader + R"(,"responses":[{"response_range":{)" + range_fields + "}}]}";
}

auto read(const std::string& body, int status = 200) {
  return parse_read({status, body, true}, kKey);
}
auto swap(const std::string& body, int status = 200) {
  return parse_swap({status, body, true}, kKey, sample());
}

template <class Kind>
WitnessEntry entry_of(const tl::expected<WitnessOutcome, EtcdRefusal>& outcome) {
  REQUIRE(outcome.has_value());
  REQUIRE(std::holds_alternative<Kind>(*outcome));
  return std::get<Kind>(*outcome).entry;
}

}  // namespace

TEST_CASE("the requests to etcd are those that its gateway documents") {
  CHECK(kKey == "/tandemq/east");
  const std::string key = encode_base64(kKey);
  CHECK(read_request(kKey).path == "/v3/kv/range");
  CHECK(read_request(kKey).body == R"({"key":")" + key + "\"}");
  CHECK(swap_request(kKey, UINT64_MAX, sample()).path == "/v3/kv/txn");
  CHECK(swap_request(kKey, UINT64_MAX, sample()).body ==
        R"({"compare":[{"key":")" + key +
            R"(","target":"MOD","result":"EQUAL","mod_revision":"18446744073709551615"}],)" +
            R"("success":[{"request_put":{"key":")" + key + R"(","value":")" +
            encode_base64(witness_text(sample())) + R"("}}],)" +
            R"("failure":[{"request_range":{"key":")" + key + R"("}}]})");
  CHECK(authenticate_request("us\"er", "pa\\ss").body ==
        R"({"name":"us\"er","password":"pa\\ss"})");
  CHECK(http_text({"/v3/x", "{}"}, "[::1]:2379", "") ==
        "POST /v3/x HTTP/1.1\r\nHost: [::1]:2379\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}");
  CHECK(http_text({"/v3/x", ""}, "h:1", "token").find("\r\nAuthorization: token\r\n\r\n") !=
        std::string::npos);
}

TEST_CASE("a read says what stands there, and that nothing does") {
  CHECK(entry_of<WitnessDone>(read("{" + kHeader + "}")) == WitnessEntry{});
  CHECK(entry_of<WitnessDone>(read(range(""))) == WitnessEntry{});
  CHECK(entry_of<WitnessDone>(read(range(kv("41", witness_text(sample()))))) ==
        WitnessEntry{sample(), 41});
}

TEST_CASE("a swap is done at the revision of its answer, or meets what stands there") {
  const std::string put = R"("responses":[{"response_put":{"header":{"revision":"42"}}}]})";
  CHECK(entry_of<WitnessDone>(swap("{" + kHeader + R"(,"succeeded":true,)" + put)) ==
        WitnessEntry{sample(), 42});
  CHECK(entry_of<WitnessConflict>(swap(missed(""))) == WitnessEntry{});
  CHECK(entry_of<WitnessConflict>(swap(missed(R"("kvs":[)" + kv("41", witness_text(sample())) +
                                              "]"))) == WitnessEntry{sample(), 41});
}

TEST_CASE("a key that holds no record is unknown, with the revision at which it stands") {
  for (const auto& outcome :
       {read(range(kv("41", "hello"))), swap(missed(R"("kvs":[)" + kv("41", "") + "]"))}) {
    REQUIRE(outcome.has_value());
    REQUIRE(std::holds_alternative<WitnessUnknown>(*outcome));
    CHECK(std::get<WitnessUnknown>(*outcome).damaged_revision == 41);
    CHECK(std::get<WitnessUnknown>(*outcome).why.find("damaged") != std::string::npos);
  }
}

TEST_CASE("an answer that etcd would not give is refused") {
  const std::string good = kv("41", witness_text(sample()));
  for (const std::string& body : {
           std::string(),
           std::string("hello"),
           std::string("{}"),
           std::string("[]"),
           std::string(R"({"header":7})"),
           std::string(R"({"header":{}})"),
           std::string(R"({"header":{"revision":42}})"),
           std::string(R"({"header":{"revision":"-1"}})"),
           "{" + kHeader + R"(,"kvs":7})",
           "{" + kHeader + R"(,"kvs":null})",
           range("7"),
           range(good + "," + good),
           range(kv("0", witness_text(sample()))),
           range(R"({"key":"eA==","mod_revision":"41","value":"eA=="})"),
           range(R"({"key":")" + encode_base64(kKey) + R"(","mod_revision":"41","value":"?"})"),
           std::string(60'000, '['),
       }) {
    CAPTURE(body);
    CHECK_FALSE(read(body).has_value());
    CHECK_FALSE(swap(body).has_value());
  }
  for (const std::string& fields :
       {std::string(R"("succeeded":true)"), std::string(R"("succeeded":true,"responses":[])"),
        std::string(R"("succeeded":true,"responses":[{}])"),
        std::string(R"("succeeded":true,"responses":[{"response_range":{}}])"),
        std::string(R"("succeeded":"true","responses":[{"response_put":{}}])"),
        std::string(R"("responses":[{"response_put":{}}])"), std::string(R"("responses":[7])")})
    CHECK_FALSE(swap("{" + kHeader + "," + fields + "}").has_value());
}

TEST_CASE("what etcd says is wrong is passed on, short and in one line") {
  const auto refused = read(R"({"error":"e","message":"no leader\n","code":14})", 503);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().why == "HTTP 503: no leader.");
  CHECK_FALSE(refused.error().needs_token);
  CHECK(read(std::string(100'000, 'x'), 500).error().why.size() < 300);
}

TEST_CASE("a token that is refused or out of date is told from other refusals") {
  CHECK(read(R"({"message":"etcdserver: invalid auth token","code":16})", 401).error().needs_token);
  CHECK(
      read(R"({"message":"etcdserver: revision of auth store is old"})", 400).error().needs_token);
  CHECK_FALSE(read(R"({"message":"etcdserver: permission denied"})", 403).error().needs_token);
}

TEST_CASE("a token is taken if it may stand in a header") {
  const auto token = [](const std::string& text) {
    return parse_token({200, "{" + kHeader + R"(,"token":")" + text + "\"}", true});
  };
  CHECK(token("abc.11").value() == "abc.11");
  CHECK_FALSE(token("").has_value());
  CHECK_FALSE(token("a\\r\\nX: y").has_value());
  CHECK_FALSE(parse_token({400, R"({"message":"authentication failed"})", true}).has_value());
}

}  // namespace tandemq
