// Against a real etcd, and against what else may listen where it should.
#include "failover/etcd_witness.hpp"

#include "tests/failover/etcd_server.hpp"
#include "tests/failover/fake_http_server.hpp"
#include "tests/free_port.hpp"
#include "tests/replication/certificates.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::Authority;
using tests::EtcdServer;
using tests::FakeHttpServer;
using tests::TempFolder;
using Clock = std::chrono::steady_clock;
using Urls = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{20};

WitnessRecord record_of(const std::string& node, std::uint64_t counter) {
  return first_record({node, 1, "boot"}, {counter, 1}, ReplicationMode::written);
}

EtcdWitnessConfig config_of(const Urls& urls) {
  EtcdWitnessConfig config;
  config.urls = urls;
  config.cluster = "east";
  config.timeout_ms = 5'000;  // Of a test that waits for an answer.
  config.endpoint_timeout_ms = 4'000;
  return config;
}

EtcdWitnessConfig hasty(const Urls& urls) {
  EtcdWitnessConfig config = config_of(urls);
  config.timeout_ms = 300;
  config.endpoint_timeout_ms = 200;
  return config;
}

struct Lab {
  std::unique_ptr<Witness> connect(const EtcdWitnessConfig& config) {
    auto witness = make_etcd_witness(io, config);
    REQUIRE(witness.has_value());
    return std::move(*witness);
  }
  std::unique_ptr<Witness> connect(const Urls& urls) { return connect(config_of(urls)); }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + kPatience;
    while (!is_done() && Clock::now() < deadline) {
      io.restart();
      io.run_one_for(kPatience);
    }
    REQUIRE(is_done());
  }
  WitnessOutcome outcome_of(const std::function<void(Witness::Callback)>& ask) {
    std::optional<WitnessOutcome> outcome;
    ask([&](WitnessOutcome told) { outcome = std::move(told); });
    CHECK_FALSE(outcome.has_value());
    run_until([&] { return outcome.has_value(); });
    return *outcome;
  }
  WitnessOutcome read(Witness& witness) {
    return outcome_of([&](Witness::Callback callback) { witness.read(std::move(callback)); });
  }
  WitnessOutcome swap(Witness& witness, std::uint64_t revision, const WitnessRecord& record) {
    return outcome_of(
        [&](Witness::Callback callback) { witness.swap(revision, record, std::move(callback)); });
  }

  asio::io_context io;
};

std::string why_of(const WitnessOutcome& outcome) {
  REQUIRE(std::holds_alternative<WitnessUnknown>(outcome));
  return std::get<WitnessUnknown>(outcome).why;
}

WitnessEntry done(const WitnessOutcome& outcome) {
  if (const auto* unknown = std::get_if<WitnessUnknown>(&outcome)) FAIL(unknown->why);
  REQUIRE(std::holds_alternative<WitnessDone>(outcome));
  return std::get<WitnessDone>(outcome).entry;
}

WitnessEntry conflict(const WitnessOutcome& outcome) {
  if (const auto* unknown = std::get_if<WitnessUnknown>(&outcome)) FAIL(unknown->why);
  REQUIRE(std::holds_alternative<WitnessConflict>(outcome));
  return std::get<WitnessConflict>(outcome).entry;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string nobody() {
  return "http://127.0.0.1:" + std::to_string(tests::free_port());
}

std::optional<std::string> silence(const std::string&) {
  return std::nullopt;
}

std::string answer_of(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("the key of etcd is created once, and swapped at its revision only") {
  const EtcdServer etcd;
  Lab lab;
  const auto a = lab.connect(Urls{etcd.url()});
  const auto b = lab.connect(Urls{etcd.url()});
  CHECK(done(lab.read(*a)) == WitnessEntry{});

  const WitnessEntry created = done(lab.swap(*a, 0, record_of("a", 1)));
  CHECK(created.record == record_of("a", 1));
  CHECK(created.revision > 0);
  CHECK(done(lab.read(*b)) == created);
  CHECK(conflict(lab.swap(*b, 0, record_of("b", 1))) == created);

  const WitnessEntry swapped = done(lab.swap(*b, created.revision, record_of("b", 2)));
  CHECK(swapped.revision > created.revision);
  CHECK(conflict(lab.swap(*a, created.revision, record_of("a", 3))) == swapped);
  CHECK(conflict(lab.swap(*a, swapped.revision + 1, record_of("a", 3))) == swapped);
  // Without a request whose answer was lost, the same record is somebody else's.
  CHECK(conflict(lab.swap(*a, created.revision, record_of("b", 2))) == swapped);
  CHECK(done(lab.read(*a)) == swapped);

  EtcdWitnessConfig west = config_of({etcd.url()});
  west.cluster = "west";
  CHECK(done(lab.read(*lab.connect(west))) == WitnessEntry{});

  // "/tandemq/east" and "hello": somebody has written what is no record.
  etcd.post("/v3/kv/put", R"({"key":"L3RhbmRlbXEvZWFzdA==","value":"aGVsbG8="})");
  const WitnessOutcome damaged = lab.read(*a);
  CHECK(contains(why_of(damaged), "damaged"));
  const std::uint64_t revision = std::get<WitnessUnknown>(damaged).damaged_revision;
  CHECK(done(lab.swap(*a, revision, record_of("a", 9))).record == record_of("a", 9));
}

TEST_CASE("of two clients that swap at the same time exactly one wins") {
  const EtcdServer etcd;
  Lab lab;
  const auto a = lab.connect(Urls{etcd.url()});
  const auto b = lab.connect(Urls{etcd.url()});
  std::uint64_t revision = 0;
  for (std::uint64_t round = 1; round <= 50; ++round) {
    std::vector<WitnessOutcome> outcomes;
    const auto listen = [&](WitnessOutcome outcome) { outcomes.push_back(std::move(outcome)); };
    a->swap(revision, record_of("a", round), listen);
    b->swap(revision, record_of("b", round), listen);
    lab.run_until([&] { return outcomes.size() == 2; });
    const bool first_won = std::holds_alternative<WitnessDone>(outcomes[0]);
    const WitnessEntry won = done(outcomes[first_won ? 0 : 1]);
    REQUIRE(conflict(outcomes[first_won ? 1 : 0]) == won);
    revision = won.revision;
  }
}

TEST_CASE("while etcd is stopped all is unknown in time, and known again when it goes on") {
  EtcdServer etcd;
  Lab lab;
  const auto witness = lab.connect(Urls{etcd.url()});
  const auto in_haste = lab.connect(hasty({etcd.url()}));
  const WitnessEntry created = done(lab.swap(*in_haste, 0, record_of("a", 1)));

  etcd.pause();
  const auto begin = Clock::now();
  int unknown = 0;
  const auto count = [&](const WitnessOutcome& outcome) {
    CHECK(contains(why_of(outcome), "no answer"));
    ++unknown;
  };
  // The time of each counts from now, though the others wait for the first.
  for (int i = 0; i < 10; ++i) in_haste->swap(created.revision, record_of("a", 2), count);
  lab.run_until([&] { return unknown == 10; });
  CHECK(Clock::now() - begin < std::chrono::milliseconds(1'500));
  etcd.go_on();

  // What was sent before may still be done, even after the read; but not after the next swap.
  WitnessOutcome outcome = lab.swap(*witness, done(lab.read(*witness)).revision, record_of("a", 3));
  if (std::holds_alternative<WitnessConflict>(outcome)) {
    const WitnessEntry late = conflict(outcome);
    CHECK(late.record == record_of("a", 2));
    outcome = lab.swap(*witness, late.revision, record_of("a", 3));
  }
  CHECK(done(outcome).record == record_of("a", 3));
  CHECK(done(lab.read(*witness)) == done(outcome));
}

TEST_CASE("a killed etcd is unknown, and after its start the kept connection is no hindrance") {
  EtcdServer etcd;
  Lab lab;
  const auto witness = lab.connect(Urls{etcd.url()});
  const WitnessEntry created = done(lab.swap(*witness, 0, record_of("a", 1)));
  etcd.kill();
  CHECK(contains(why_of(lab.read(*witness)), etcd.url() + ": it cannot be reached: "));
  etcd.start();
  CHECK(done(lab.read(*witness)) == created);
  etcd.kill();
  etcd.start();  // Nobody has asked meanwhile.
  CHECK(done(lab.swap(*witness, created.revision, record_of("a", 2))).record == record_of("a", 2));
}

TEST_CASE("of several endpoints the one that answers is used, and remembered") {
  const EtcdServer etcd;
  Lab lab;
  FakeHttpServer silent(lab.io, silence);
  EtcdWitnessConfig config = config_of({nobody(), silent.url(), etcd.url()});
  config.endpoint_timeout_ms = 200;
  const auto witness = lab.connect(config);
  for (int i = 0; i < 3; ++i) CHECK(done(lab.read(*witness)) == WitnessEntry{});
  CHECK(silent.connections() == 1);
}

TEST_CASE("a swap that one endpoint did without an answer is done, and no conflict") {
  const EtcdServer etcd;
  Lab lab;
  // Does what it is asked and does not say so.
  FakeHttpServer mute(lab.io, [&](const std::string& request) -> std::optional<std::string> {
    etcd.post("/v3/kv/txn", request.substr(request.find("\r\n\r\n") + 4));
    return "";
  });
  const auto witness = lab.connect(Urls{mute.url(), etcd.url()});
  const WitnessEntry created = done(lab.swap(*witness, 0, record_of("a", 1)));
  CHECK(created.record == record_of("a", 1));
  CHECK(mute.connections() == 1);
  CHECK(done(lab.read(*witness)) == created);
}

TEST_CASE("etcd with users wants the right one, and a lost token is fetched anew") {
  EtcdServer etcd;
  Lab lab;
  etcd.post("/v3/auth/user/add", R"({"name":"root","password":"secret"})");
  etcd.post("/v3/auth/role/add", R"({"name":"root"})");
  etcd.post("/v3/auth/user/grant", R"({"user":"root","role":"root"})");
  EtcdWitnessConfig config = config_of({etcd.url()});
  config.user = "root";
  config.password = "secret";
  const auto right = lab.connect(config);
  CHECK(contains(why_of(lab.read(*right)), "authentication is not enabled"));
  etcd.post("/v3/auth/enable", "{}");

  const WitnessEntry created = done(lab.swap(*right, 0, record_of("a", 1)));
  config.password = "guess";
  const std::string why = why_of(lab.read(*lab.connect(config)));
  CHECK(contains(why, "authentication failed"));
  CHECK_FALSE(contains(why, "guess"));
  CHECK(contains(why_of(lab.read(*lab.connect(Urls{etcd.url()}))), "user name is empty"));

  etcd.kill();
  etcd.start();  // It has forgotten its tokens.
  CHECK(done(lab.read(*right)) == created);
}

TEST_CASE("over TLS etcd and the witness prove themselves, or nothing is known") {
  const TempFolder folder;
  const Authority authority(folder.path(), "authority");
  const Authority stranger(folder.path(), "stranger");
  const EtcdServer etcd(authority.issue("localhost"));
  const ReplicationConfig files = authority.issue("witness");
  Lab lab;
  EtcdWitnessConfig config = config_of({"https://localhost:" + std::to_string(etcd.port())});
  config.ca = files.tls_ca;
  config.cert = files.tls_cert;
  config.key = files.tls_key;
  const auto witness = lab.connect(config);
  const WitnessEntry created = done(lab.swap(*witness, 0, record_of("a", 1)));
  CHECK(done(lab.read(*witness)) == created);

  config.ca = stranger.file();
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "certificate is refused"));
  config.ca = files.tls_ca;
  config.urls = {etcd.url()};  // Of 127.0.0.1, of which the certificate says nothing.
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "certificate is refused"));
  config.urls = {"https://localhost:" + std::to_string(etcd.port())};
  config.cert.clear();
  config.key.clear();
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "no endpoint of etcd answers"));
}

TEST_CASE("an answer that is garbage is unknown, and says what came") {
  Lab lab;
  for (const std::string& garbage : {
           std::string(),
           std::string("garbage"),
           std::string("garbage\r\n\r\n"),
           std::string(2'000'000, 'x'),
           "HTTP/1.1 200 " + std::string(40'000, 'x') + "\r\n\r\n",
           "HTTP/1.1 200 " + std::string(2'000'000, 'x') + "\r\n\r\n",
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
           std::string("HTTP/1.1 200 OK\r\n\r\n") + std::string(2'000'000, '['),
           std::string("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
           answer_of("garbage"),
           answer_of("{}"),
           answer_of("[[[["),
           answer_of(R"({"header":{"revision":"1"},"kvs":"?"})"),
           answer_of(R"({"header":{"revision":"1"},"succeeded":true})"),
           answer_of(std::string(60'000, '[')),
       }) {
    CAPTURE(garbage.substr(0, 60));
    FakeHttpServer server(lab.io, [&](const std::string&) { return garbage; });
    const auto witness = lab.connect(Urls{server.url()});
    CHECK(contains(why_of(lab.swap(*witness, 1, record_of("a", 1))), server.url() + ": "));
  }
}

TEST_CASE("whoever does not speak, or no TLS, is given up in time") {
  Lab lab;
  FakeHttpServer silent(lab.io, silence);
  EtcdWitnessConfig config = hasty({silent.url(), nobody()});
  const auto begin = Clock::now();
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "no answer in time"));
  config.urls = {"https" + silent.url().substr(4)};
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "no answer in time"));
  FakeHttpServer begins(lab.io, [](const std::string&) { return "HTTP/1.1 200 OK\r\n"; });
  config.urls = {begins.url()};
  CHECK(contains(why_of(lab.read(*lab.connect(config))), "ends before it is complete"));
  CHECK(Clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("who lets go of the witness hears no more, be it in a callback") {
  Lab lab;
  FakeHttpServer silent(lab.io, silence);
  auto witness = lab.connect(hasty({silent.url()}));
  bool called = false;
  witness->read([&](const WitnessOutcome&) { called = true; });
  lab.run_until([&] { return silent.connections() == 1; });
  witness.reset();
  const auto second = lab.connect(hasty({silent.url()}));
  lab.read(*second);  // As long as the first one would have waited.
  CHECK_FALSE(called);

  auto third = lab.connect(hasty({nobody()}));
  int calls = 0;
  for (int i = 0; i < 3; ++i) {
    third->read([&](const WitnessOutcome&) {
      ++calls;
      third.reset();
    });
  }
  lab.run_until([&] { return calls == 1; });
  lab.read(*second);
  CHECK(calls == 1);
}

TEST_CASE("more requests than fit are unknown, and the others are not") {
  Lab lab;
  const auto witness = lab.connect(Urls{nobody()});
  std::size_t refused = 0;
  std::size_t answered = 0;
  for (int i = 0; i < 100; ++i) {
    witness->read([&](const WitnessOutcome& outcome) {
      ++answered;
      if (contains(why_of(outcome), "too many")) ++refused;
    });
  }
  lab.run_until([&] { return answered == 100; });
  CHECK(refused > 0);
  CHECK(refused < 50);
}

TEST_CASE("a witness that cannot work is refused with the key of the configuration") {
  asio::io_context io;
  const auto error = [&](const EtcdWitnessConfig& config) {
    const auto witness = make_etcd_witness(io, config);
    REQUIRE_FALSE(witness.has_value());
    return witness.error().text;
  };
  for (const std::string url :
       {"", "127.0.0.1:2379", "ftp://127.0.0.1:2379", "http://127.0.0.1", "http://127.0.0.1:0",
        "http://127.0.0.1:99999", "http://:2379", "http://127.0.0.1:2379/v3"}) {
    CAPTURE(url);
    CHECK(contains(error(config_of({url})), "witness.etcd: "));
  }
  CHECK(contains(error(config_of({})), "at least one"));
  EtcdWitnessConfig config = config_of({"https://127.0.0.1:2379"});
  config.ca = "/nowhere/ca";
  CHECK(contains(error(config), "witness.etcd_ca = '/nowhere/ca': cannot be read: No such file"));
  config.ca.clear();
  config.cert = "/nowhere/cert";
  CHECK(contains(error(config), "one needs the other"));
  config.key = "/nowhere/key";
  CHECK(contains(error(config), "witness.etcd_cert = '/nowhere/cert'"));
  CHECK(make_etcd_witness(io, config_of({"http://[::1]:2379/"})).has_value());
}

}  // namespace tandemq
