#include "replication/peer_link.hpp"

#include "tests/replication/two_nodes.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>

namespace tandemq {
namespace {

using asio::ip::tcp;
using tests::RawPeer;
using tests::TwoNodes;

Frame ping(Lsn number) {
  return Ping{number, false};
}

Lsn number_of(const Frame& frame) {
  return std::get<Ping>(frame).committed;
}

Frame records_of(Lsn first, std::string bytes) {
  Records records;
  records.first = first;
  records.records.push_back(std::move(bytes));
  return records;
}

void expect_text(const std::optional<std::string>& text, const std::string& part) {
  CHECK_MESSAGE(text.value_or("").find(part) != std::string::npos, text.value_or("not closed"));
}

enum class Call : std::uint8_t { opened, frame, closed };

// An acceptor that is owned by its handlers alone. They note their calls and let go of it at
// `last`.
std::weak_ptr<PeerLink> start_ownerless(tcp::socket socket, Call last, std::vector<Call>& calls) {
  const auto owner = std::make_shared<std::shared_ptr<PeerLink>>();
  const auto note = [owner, last, &calls](Call call) {
    calls.push_back(call);
    if (call == last) owner->reset();
  };
  *owner =
      std::make_shared<PeerLink>(std::move(socket), nullptr, Channel::Side::acceptor,
                                 tests::identity_of(Channel::Side::acceptor, "secret"), 20'000);
  (*owner)->start({[note] { note(Call::opened); }, [note](Frame&&) { note(Call::frame); },
                   [note](const std::string&, bool) { note(Call::closed); }});
  return *owner;
}

}  // namespace

TEST_CASE("two nodes that know the secret open a link, and frames go both ways") {
  TwoNodes nodes;
  nodes.open();
  CHECK(nodes.dialler.link->is_open());
  CHECK(nodes.dialler.link->peer() == "b");
  CHECK(nodes.acceptor.link->peer() == "a");
  CHECK(nodes.dialler.link->address() == "127.0.0.1:" + std::to_string(nodes.listener.port()));

  nodes.dialler.link->send(ping(1));
  nodes.acceptor.link->send(Durable{3, 2, 1});
  REQUIRE(nodes.run_until(
      [&] { return !nodes.dialler.frames.empty() && !nodes.acceptor.frames.empty(); }));
  CHECK(nodes.acceptor.frames.at(0) == ping(1));
  CHECK(nodes.dialler.frames.at(0) == Frame(Durable{3, 2, 1}));
  CHECK(nodes.dialler.link->unsent_bytes() == 0);
  CHECK(nodes.dialler.link->sent_bytes() == nodes.acceptor.link->received_bytes());
  CHECK(nodes.dialler.link->received_bytes() == nodes.acceptor.link->sent_bytes());
}

TEST_CASE("neither start() nor send() calls a handler or writes a frame itself") {
  TwoNodes nodes;
  auto sockets = nodes.connect();
  sockets.first.close();  // There is news at once.
  nodes.acceptor.start(std::move(sockets.second), Channel::Side::acceptor);
  CHECK_FALSE(nodes.acceptor.why.has_value());
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));

  TwoNodes others;
  others.open();
  const std::uint64_t before = others.dialler.link->sent_bytes();
  others.dialler.link->send(ping(1));
  const std::size_t one = others.dialler.link->unsent_bytes();
  others.dialler.link->send(ping(2));
  CHECK(others.dialler.link->unsent_bytes() == 2 * one);
  CHECK(others.dialler.link->sent_bytes() == before);
  REQUIRE(others.run_until([&] { return others.acceptor.frames.size() == 2; }));
}

TEST_CASE("10,000 frames arrive in the order in which they were sent, and are answered in it") {
  constexpr Lsn kCount = 10'000;
  TwoNodes nodes;
  Lsn received = 0;
  bool ordered = true;
  nodes.acceptor.when_frame = [&](Frame&& frame) {
    ordered = ordered && number_of(frame) == received++;
    nodes.acceptor.link->send(frame);
  };
  nodes.open();
  Lsn sent = 0;
  while (sent < kCount) {
    for (int i = 0; i < 7 && sent < kCount; ++i) nodes.dialler.link->send(ping(sent++));
    nodes.io.restart();
    nodes.io.poll_one();
  }
  REQUIRE(nodes.run_until([&] { return nodes.dialler.frames.size() == kCount; }));
  CHECK(ordered);
  for (Lsn i = 0; i < kCount; ++i) REQUIRE(number_of(nodes.dialler.frames.at(i)) == i);
}

TEST_CASE("a frame of 100 MB arrives whole, and those behind it too") {
  TwoNodes nodes;
  nodes.open();
  const Frame large = records_of(1, std::string(100'000'000, 'z'));
  nodes.dialler.link->send(large);
  nodes.dialler.link->send(ping(2));
  CHECK(nodes.dialler.link->unsent_bytes() > 100'000'000);
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.frames.size() == 2; }));
  CHECK(nodes.acceptor.frames.at(0) == large);
  CHECK(nodes.acceptor.frames.at(1) == ping(2));
  CHECK(nodes.dialler.link->unsent_bytes() == 0);
}

TEST_CASE("a peer with another secret is refused, and both logs say so") {
  TwoNodes nodes;
  nodes.acceptor.secret = "another secret";
  nodes.start();
  REQUIRE(nodes.run_until([&] { return nodes.dialler.why && nodes.acceptor.why; }));
  for (const tests::End* end : {&nodes.dialler, &nodes.acceptor}) {
    CHECK_FALSE(end->opened);
    CHECK_FALSE(end->link->is_open());
    CHECK(end->refused);
    expect_text(end->why, "replication.secret_file");
    expect_text(end->why, end->link->address() + ": the peer '");
  }
  CHECK(nodes.run_out());
}

TEST_CASE("a peer that speaks another protocol is refused") {
  TwoNodes nodes;
  tcp::socket client = nodes.start_acceptor();
  asio::write(client, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  expect_text(nodes.acceptor.why, "does not greet as a tandemq node");
  CHECK(nodes.acceptor.refused);
}

TEST_CASE("a peer has so much time to prove itself and no more") {
  for (const bool speaks : {false, true}) {
    TwoNodes nodes;
    nodes.acceptor.timeout_ms = 50;
    tcp::socket client = nodes.start_acceptor();
    if (speaks) asio::write(client, asio::buffer(std::string("TM")));
    REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
    expect_text(nodes.acceptor.why,
                speaks ? "did not prove itself within 50 ms" : "said nothing within 50 ms");
    CHECK(nodes.acceptor.refused);
  }
}

TEST_CASE("the time for the proof is no limit for an open link") {
  TwoNodes nodes;
  nodes.acceptor.timeout_ms = 500;
  nodes.open();
  bool passed = false;
  asio::steady_timer timer(nodes.io, std::chrono::milliseconds(700));
  timer.async_wait([&](const asio::error_code&) { passed = true; });
  REQUIRE(nodes.run_until([&] { return passed; }));
  CHECK_FALSE(nodes.acceptor.why.has_value());
  CHECK(nodes.acceptor.link->is_open());
}

TEST_CASE("a peer that hangs up before its proof is refused, one that does so later is not") {
  TwoNodes nodes;
  tcp::socket client = nodes.start_acceptor();
  client.close();
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  expect_text(nodes.acceptor.why, "closed the connection before it had proved itself");
  CHECK(nodes.acceptor.refused);

  TwoNodes others;
  others.open();
  others.dialler.link->close();
  REQUIRE(others.run_until([&] { return others.acceptor.why.has_value(); }));
  expect_text(others.acceptor.why, ": the peer 'a' closed the connection");
  CHECK_FALSE(others.acceptor.refused);
  CHECK_FALSE(others.acceptor.link->is_open());
  CHECK_FALSE(others.dialler.why.has_value());
}

TEST_CASE("half a frame is no frame") {
  TwoNodes nodes;
  RawPeer peer(nodes, nodes.start_acceptor());
  peer.open();
  peer.send(peer.bytes_of(ping(1)));
  const std::string bytes = peer.bytes_of(ping(2));
  peer.send(bytes.substr(0, bytes.size() / 2));
  peer.close();
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  CHECK(nodes.acceptor.frames == std::vector<Frame>{ping(1)});
  CHECK_FALSE(nodes.acceptor.refused);
}

TEST_CASE("a damaged frame ends the link, and what came before it counts") {
  TwoNodes nodes;
  RawPeer peer(nodes, nodes.start_acceptor());
  peer.open();
  std::string bytes = peer.bytes_of(ping(1));
  bytes += peer.bytes_of(ping(2));
  bytes.back() ^= 1;
  peer.send(bytes + peer.bytes_of(ping(3)));
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  CHECK(nodes.acceptor.frames == std::vector<Frame>{ping(1)});
  expect_text(nodes.acceptor.why, "the peer 'a' sent frame 1 with a wrong tag");
  CHECK_FALSE(nodes.acceptor.refused);
  REQUIRE(nodes.run_until([&] { return peer.receive(), peer.ended; }));
}

TEST_CASE("what was sent before close() still arrives") {
  TwoNodes nodes;
  nodes.open();
  const Frame large = records_of(1, std::string(5'000'000, 'z'));
  nodes.dialler.link->send(large);
  nodes.dialler.link->send(ping(2));
  nodes.dialler.link->close();
  CHECK_FALSE(nodes.dialler.link->is_open());
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.why.has_value(); }));
  CHECK(nodes.acceptor.frames == std::vector<Frame>{large, ping(2)});
  CHECK_FALSE(nodes.dialler.why.has_value());
  CHECK(nodes.run_out());
}

TEST_CASE("a peer that does not read holds a closed link no longer than a second") {
  TwoNodes nodes;
  RawPeer peer(nodes, nodes.start_acceptor());
  peer.open();
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.opened; }));
  nodes.acceptor.link->send(records_of(1, std::string(50'000'000, 'z')));
  nodes.acceptor.link.reset();
  CHECK(nodes.run_out());
}

TEST_CASE("a link may be closed in any handler, and none is called after that") {
  TwoNodes nodes;
  nodes.acceptor.when_open = [&] { nodes.acceptor.link->close(); };
  nodes.start();
  REQUIRE(nodes.run_until([&] { return nodes.dialler.why.has_value(); }));
  CHECK_FALSE(nodes.acceptor.why.has_value());
  CHECK(nodes.run_out());

  TwoNodes others;
  Lsn received = 0;
  others.acceptor.when_frame = [&](Frame&&) {
    ++received;
    others.acceptor.link->close();
  };
  others.open();
  for (Lsn i = 0; i < 100; ++i) others.dialler.link->send(ping(i));
  REQUIRE(others.run_until([&] { return others.dialler.why.has_value(); }));
  CHECK(received == 1);
  CHECK_FALSE(others.acceptor.why.has_value());
  CHECK(others.run_out());
}

TEST_CASE("the last owner of a link may let go of it in any handler, and so do the handlers") {
  for (const auto& [last, count] :
       {std::pair(Call::opened, 1), std::pair(Call::frame, 2), std::pair(Call::closed, 4)}) {
    TwoNodes nodes;
    auto sockets = nodes.connect();
    nodes.dialler.when_open = [&] {
      for (const Lsn number : {Lsn{1}, Lsn{2}}) nodes.dialler.link->send(ping(number));
      nodes.dialler.link->close();
    };
    nodes.dialler.start(std::move(sockets.first), Channel::Side::dialler);
    std::vector<Call> calls;
    const auto link = start_ownerless(std::move(sockets.second), last, calls);
    CHECK_FALSE(link.expired());
    CHECK(nodes.run_out());
    CHECK(link.expired());
    const std::vector<Call> all = {Call::opened, Call::frame, Call::frame, Call::closed};
    CHECK(calls == std::vector<Call>(all.begin(), all.begin() + count));
  }
}

TEST_CASE("the order is kept while the peer does not read, and the link says what waits") {
  constexpr Lsn kCount = 200;
  TwoNodes nodes;
  RawPeer peer(nodes, nodes.start_acceptor());
  peer.open();
  REQUIRE(nodes.run_until([&] { return nodes.acceptor.opened; }));
  PeerLink& link = *nodes.acceptor.link;
  std::size_t before = 0;
  for (Lsn i = 0; i < kCount; ++i) {
    before = link.unsent_bytes();
    link.send(records_of(i, std::string(200'000, 'z')));
    nodes.io.restart();
    nodes.io.poll();
  }
  CHECK(link.unsent_bytes() > before);
  CHECK(link.unsent_bytes() > 10'000'000);
  REQUIRE(nodes.run_until([&] { return peer.receive(), peer.frames.size() == kCount; }));
  for (Lsn i = 0; i < kCount; ++i) REQUIRE(std::get<Records>(peer.frames.at(i)).first == i);
  CHECK(link.unsent_bytes() == 0);
}

}  // namespace tandemq
