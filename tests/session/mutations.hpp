// Mutations for tests of the State: in a word, and at random such as a broker would make them.
// Used by the tests of the session floor.
#pragma once

#include "session/state.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::tests {

inline constexpr auto kAnn = static_cast<SessionId>(1);
inline constexpr auto kBob = static_cast<SessionId>(2);

SessionOpened opened(SessionId id, std::string client_id, bool durable = true);
MessageStored stored(std::uint64_t id, std::string topic, std::string payload = "x");
// Of QoS 2.
Queued queued(SessionId session, std::uint64_t message, std::uint64_t sequence,
              std::uint16_t packet_id = 0);
WillSet will_of(std::string client_id);

class Luck {
 public:
  explicit Luck(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
  bool once_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::mt19937 engine_;
};

// Few clients, few topics, so that things meet.
class RandomSteps {
 public:
  // `volatile_too`: with sessions that end with their connection, which are not in the log.
  explicit RandomSteps(std::uint32_t seed, bool volatile_too = true)
      : luck_(seed), volatile_too_(volatile_too) {}
  // What one step would do to this State, to be applied in its order.
  std::vector<Mutation> next(const State& state);
  Luck& luck() { return luck_; }

 private:
  std::vector<Mutation> of_session(const State& state, const Session& session);
  std::vector<Mutation> of_delivery(const Session& session);
  std::vector<Mutation> of_incoming(const Session& session);
  std::vector<Mutation> of_will(const State& state);
  std::vector<Mutation> message(const State& state);
  std::string topic() { return "t/" + std::to_string(luck_.below(5)); }
  bool durable() { return !volatile_too_ || !luck_.once_in(3); }
  std::string client_id() { return "c" + std::to_string(luck_.below(6)); }

  Luck luck_;
  bool volatile_too_;
  std::int64_t now_ms_ = 1'000;
};

}  // namespace tandemq::tests
