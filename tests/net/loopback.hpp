// A hub and a client at the two ends of a socket, in one thread: the test runs the hub's loop until
// what it waits for has happened.
#pragma once

#include "net/hub.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

namespace tandemq::tests {

// The client's end of a connection.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void send(const std::string& bytes) const;
  void shut_output() const;  // No more will come; it still reads.
  void close();
  // Reads what is there into `received`; false when the other side has closed.
  bool read();

  std::string received;

 private:
  int socket_;
};

// One connection of TCP over loopback, on a free port: {accepted end, client's end}.
std::pair<int, int> make_connection();

class Loopback {
 public:
  explicit Loopback(const LimitsConfig& limits = {}, bool answers_at_once = true);

  std::unique_ptr<Peer> connect();
  // Runs the loop until `done`; false if it has not come after a time that is long for a computer.
  bool run_until(const std::function<bool()>& done);
  template <class Action>
  void put_out(ConnectionId to, Action action) {
    Outputs outputs;
    outputs.list.emplace_back(to, std::move(action));
    hub.carry_out(std::move(outputs));
  }
  void deliver(ConnectionId to, mqtt::QoS qos, const std::string& topic, std::string payload);

  template <class OneEvent>
  [[nodiscard]] std::size_t count() const {
    std::size_t found = 0;
    for (const Event& event : events) found += std::holds_alternative<OneEvent>(event) ? 1 : 0;
    return found;
  }
  template <class OneEvent>
  [[nodiscard]] const OneEvent& last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const auto* one = std::get_if<OneEvent>(&*event)) return *one;
    }
    return std::get<OneEvent>(events.back());
  }

  asio::io_context io{1};
  std::vector<Event> events;               // All that the hub has handed on.
  std::map<ConnectionId, FourTuple> ends;  // Of those that are open.
  Hub hub;
};

}  // namespace tandemq::tests
