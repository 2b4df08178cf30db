#include "replication/peer_link.hpp"
#include "tests/replication/two_nodes.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/steady_timer.hpp>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

using asio::ip::tcp;
using tests::TwoNodes;

std::string error_of(TwoNodes& nodes, const std::string& address, std::uint32_t timeout_ms) {
  std::optional<std::string> text;
  nodes.dialler_calls.dial(address, timeout_ms, [&](Result<tcp::socket> result) {
    REQUIRE_FALSE(text.has_value());
    REQUIRE_FALSE(result.has_value());
    text = result.error().text;
  });
  CHECK_FALSE(text.has_value());
  REQUIRE(nodes.run_until([&] { return text.has_value(); }));
  return *text;
}

std::string listen_error(const std::string& address) {
  asio::io_context io;
  PeerListener listener(io, [](tcp::socket) {});
  const Result<void> opened = listener.open(address);
  REQUIRE_FALSE(opened.has_value());
  return opened.error().text;
}

bool closes_on_exec(tcp::socket& socket) {
  return (::fcntl(socket.native_handle(), F_GETFD) & FD_CLOEXEC) != 0;
}

// Listens, and has its backlog full: who else connects gets no answer.
class SilentPort {
 public:
  explicit SilentPort(asio::io_context& io)
      : acceptor_(io), address_(asio::ip::make_address("127.0.0.1"), 0) {
    acceptor_.open(tcp::v4());
    acceptor_.bind(address_);
    acceptor_.listen(0);
    address_ = acceptor_.local_endpoint();
    for (int i = 0; i < 4; ++i) {
      tcp::socket& socket = waiting_.emplace_back(io, tcp::v4());
      socket.non_blocking(true);
      ::connect(socket.native_handle(), address_.data(), static_cast<socklen_t>(address_.size()));
    }
  }
  [[nodiscard]] std::string text() const { return "127.0.0.1:" + std::to_string(address_.port()); }

 private:
  tcp::acceptor acceptor_;
  tcp::endpoint address_;
  std::vector<tcp::socket> waiting_;
};

}  // namespace

TEST_CASE("who dials and who accepts have the two ends of one connection, closed on exec") {
  TwoNodes nodes;
  auto [dialled, accepted] = nodes.connect();
  CHECK(dialled.remote_endpoint() == accepted.local_endpoint());
  CHECK(dialled.local_endpoint() == accepted.remote_endpoint());
  CHECK(closes_on_exec(dialled));
  CHECK(closes_on_exec(accepted));
}

TEST_CASE("a name is resolved, and the address that answers is taken") {
  TwoNodes nodes;
  std::optional<tcp::socket> dialled;
  nodes.dialler_calls.dial("localhost:" + std::to_string(nodes.listener.port()), 20'000,
                           [&](Result<tcp::socket> result) {
                             REQUIRE_MESSAGE(result.has_value(),
                                             (result ? "" : result.error().text));
                             dialled = std::move(*result);
                           });
  REQUIRE(nodes.run_until([&] { return dialled.has_value(); }));
  CHECK(dialled->remote_endpoint().port() == nodes.listener.port());
}

TEST_CASE("what cannot be reached is said with its address") {
  TwoNodes nodes;
  const std::string address = "127.0.0.1:" + std::to_string(nodes.listener.port());
  nodes.listener.close();
  CHECK(error_of(nodes, address, 20'000) ==
        "'" + address + "' cannot be reached: " + address + ": Connection refused");
  CHECK(error_of(nodes, "7400", 20'000).find("'7400': expected HOST:PORT") == 0);
}

TEST_CASE("an address that does not answer is given up in time") {
  TwoNodes nodes;
  const SilentPort port(nodes.io);
  CHECK(error_of(nodes, port.text(), 100) ==
        "'" + port.text() + "' cannot be reached: " + port.text() + ": Connection timed out");
  CHECK(nodes.run_out());
}

TEST_CASE("a dial that was cancelled or replaced is not heard of again") {
  TwoNodes nodes;
  const std::string address = "127.0.0.1:" + std::to_string(nodes.listener.port());
  std::string calls;
  const auto dial = [&](PeerDialler& dialler, const std::string& to, const std::string& name) {
    dialler.dial(to, 20'000, [&calls, name](Result<tcp::socket>) { calls += name; });
  };
  dial(nodes.dialler_calls, address, "cancelled ");
  nodes.dialler_calls.cancel();
  dial(nodes.dialler_calls, "no address", "replaced ");
  dial(nodes.dialler_calls, address, "last ");
  auto gone = std::make_unique<PeerDialler>(nodes.io);
  dial(*gone, address, "gone ");
  gone.reset();
  REQUIRE(nodes.run_until([&] { return !calls.empty(); }));
  CHECK(nodes.run_out());
  CHECK(calls == "last ");
}

TEST_CASE("a dialler may go, or dial again, when it has been answered") {
  TwoNodes nodes;
  const std::string address = "127.0.0.1:" + std::to_string(nodes.listener.port());
  auto dialler = std::make_unique<PeerDialler>(nodes.io);
  dialler->dial("no address", 20'000, [&](Result<tcp::socket>) {
    dialler->dial(address, 20'000, [&](Result<tcp::socket> result) {
      CHECK(result.has_value());
      dialler.reset();
    });
  });
  REQUIRE(nodes.run_until([&] { return dialler == nullptr; }));
  CHECK(nodes.run_out());
}

TEST_CASE("a listener that is closed or gone accepts nobody") {
  TwoNodes nodes;
  const std::string address = "127.0.0.1:" + std::to_string(nodes.listener.port());
  int accepted = 0;
  asio::io_context io;
  std::unique_ptr<PeerListener> other;
  other = std::make_unique<PeerListener>(io, [&](tcp::socket) {
    ++accepted;
    other.reset();
  });
  REQUIRE(other->open("127.0.0.1:0").has_value());
  tcp::socket first(io);
  tcp::socket second(io);
  const tcp::endpoint at(asio::ip::make_address("127.0.0.1"), other->port());
  first.connect(at);
  second.connect(at);
  io.run();
  CHECK(accepted == 1);
  nodes.listener.close();
  CHECK(error_of(nodes, address, 20'000).find("Connection refused") != std::string::npos);
}

TEST_CASE("a listener that cannot be opened says why and what to do") {
  TwoNodes nodes;
  const std::string taken = "127.0.0.1:" + std::to_string(nodes.listener.port());
  CHECK(listen_error(taken) ==
        "replication.listen = '" + taken + "': " + taken +
            " is in use by another process; stop that one ('ss -ltnp' shows it), or choose "
            "another port");
  CHECK(listen_error("192.0.2.1:0") ==
        "replication.listen = '192.0.2.1:0': no interface of this machine has the address "
        "192.0.2.1");
  CHECK(listen_error("7400").find("replication.listen = '7400': expected HOST:PORT") == 0);
}

}  // namespace tandemq
