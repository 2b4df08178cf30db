#include "tests/replication/two_nodes.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>

namespace tandemq::tests {

using asio::ip::tcp;

Channel::Identity identity_of(Channel::Side side, const std::string& secret) {
  const bool dialler = side == Channel::Side::dialler;
  return {"pair", dialler ? "a" : "b", secret, std::string(kNonceBytes, dialler ? 'x' : 'y')};
}

void End::start(tcp::socket socket, Channel::Side side) {
  link = std::make_shared<PeerLink>(std::move(socket), tls, side, identity_of(side, secret),
                                    timeout_ms);
  link->start(handlers());
}

PeerLink::Handlers End::handlers() {
  return {[this] {
            CHECK_FALSE(opened);
            CHECK_FALSE(why.has_value());
            opened = true;
            if (when_open) when_open();
          },
          [this](Frame&& frame) {
            CHECK(opened);
            CHECK_FALSE(why.has_value());
            if (when_frame) return when_frame(std::move(frame));
            frames.push_back(std::move(frame));
          },
          [this](const std::string& text, bool was_refused) {
            CHECK_FALSE(why.has_value());
            CHECK(was_refused == !opened);
            why = text;
            refused = was_refused;
          }};
}

TwoNodes::TwoNodes()
    : listener(io, [this](tcp::socket socket) { accepted_ = std::move(socket); }),
      dialler_calls(io) {
  const auto opened = listener.open("127.0.0.1:0");
  REQUIRE(opened.has_value());
}

std::pair<tcp::socket, tcp::socket> TwoNodes::connect() {
  std::optional<tcp::socket> dialled;
  accepted_.reset();
  dialler_calls.dial("127.0.0.1:" + std::to_string(listener.port()), 20'000,
                     [&](Result<tcp::socket> result) {
                       REQUIRE(result.has_value());
                       dialled = std::move(*result);
                     });
  REQUIRE(run_until([&] { return dialled.has_value() && accepted_.has_value(); }));
  return {std::move(*dialled), std::move(*accepted_)};
}

void TwoNodes::start() {
  auto sockets = connect();
  dialler.start(std::move(sockets.first), Channel::Side::dialler);
  acceptor.start(std::move(sockets.second), Channel::Side::acceptor);
}

void TwoNodes::open() {
  start();
  REQUIRE(run_until([&] { return dialler.opened && acceptor.opened; }));
}

tcp::socket TwoNodes::start_acceptor() {
  auto sockets = connect();
  acceptor.start(std::move(sockets.second), Channel::Side::acceptor);
  return std::move(sockets.first);
}

bool TwoNodes::run_until(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool TwoNodes::run_out() {
  listener.close();
  io.restart();
  io.run_for(std::chrono::seconds(60));
  return io.stopped();
}

RawPeer::RawPeer(TwoNodes& nodes, tcp::socket socket)
    : nodes_(nodes),
      socket_(std::move(socket)),
      channel_(Channel::Side::dialler, identity_of(Channel::Side::dialler, "secret")) {}

void RawPeer::open() {
  const bool opened = nodes_.run_until([&] {
    std::string bytes;
    channel_.take_output(bytes);
    if (!bytes.empty()) send(bytes);
    receive();
    return channel_.is_open();
  });
  REQUIRE(opened);
}

std::string RawPeer::bytes_of(const Frame& frame) {
  channel_.send(frame);
  std::string bytes;
  channel_.take_output(bytes);
  return bytes;
}

void RawPeer::send(const std::string& bytes) {
  socket_.non_blocking(false);
  asio::write(socket_, asio::buffer(bytes));
}

void RawPeer::receive() {
  std::array<char, 65'536> buffer{};
  socket_.non_blocking(true);
  for (;;) {
    asio::error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(buffer), error);
    if (error) {
      ended = ended || error != asio::error::would_block;
      return;
    }
    const auto taken = channel_.receive(
        {buffer.data(), size}, [this](Frame&& frame) { frames.push_back(std::move(frame)); });
    REQUIRE(taken.has_value());
  }
}

void RawPeer::close() {
  socket_.close();
}

}  // namespace tandemq::tests
