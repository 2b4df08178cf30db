#include "tests/net/loopback.hpp"

#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq::tests {

Peer::~Peer() {
  close();
}

void Peer::send(const std::string& bytes) const {
  REQUIRE(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

void Peer::shut_output() const {
  ::shutdown(socket_, SHUT_WR);
}

void Peer::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool Peer::read() {
  std::array<char, 65'536> buffer{};
  for (;;) {
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size == 0) return false;
    if (size < 0) return true;
    received.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::pair<int, int> make_connection() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  REQUIRE(::bind(listener, any, size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, any, &size) == 0);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(client, any, size) == 0);
  const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  REQUIRE(accepted >= 0);
  ::close(listener);
  return {accepted, client};
}

Loopback::Loopback(const LimitsConfig& limits, bool answers_at_once)
    : hub(io, 0, limits,
          {[this, answers_at_once](std::vector<Event>& batch) {
             const std::size_t count = batch.size();
             events.insert(events.end(), std::make_move_iterator(batch.begin()),
                           std::make_move_iterator(batch.end()));
             batch.clear();
             if (answers_at_once) hub.events_taken(count);
           },
           [](ConnectionId, CheckPassword) {},
           [this](ConnectionId id, const FourTuple& two) { ends[id] = two; },
           [this](ConnectionId id) { ends.erase(id); }}) {}

std::unique_ptr<Peer> Loopback::connect() {
  const auto [accepted, client] = make_connection();
  const std::size_t before = count<Opened>();
  hub.offer(accepted, std::make_unique<Origin>());
  REQUIRE(run_until([&] { return count<Opened>() == before + 1; }));
  return std::make_unique<Peer>(client);
}

bool Loopback::run_until(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(1));
  }
  return true;
}

void Loopback::deliver(ConnectionId to, mqtt::QoS qos, const std::string& topic,
                       std::string payload) {
  auto message = std::make_shared<Message>();
  message->topic = topic;
  message->payload = std::move(payload);
  Outputs outputs;
  outputs.bodies.push_back(std::move(message));
  Deliver delivery;
  delivery.qos = qos;
  delivery.packet_id = qos == mqtt::QoS::at_most_once ? std::uint16_t{0} : std::uint16_t{1};
  outputs.list.emplace_back(to, std::move(delivery));
  hub.carry_out(std::move(outputs));
}

}  // namespace tandemq::tests
