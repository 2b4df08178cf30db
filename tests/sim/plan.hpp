// Plan: what one run consists of, drawn from its seed: the settings of the broker, and the clients
// with their habits. Topics: t/K anybody's; r/P/K retained, one publisher each; x/P retained and
// short-lived; s/K for the shared group; w/P wills.
// Plain values.
#pragma once

#include "config/config.hpp"
#include "mqtt/packet.hpp"
#include "tests/sim/luck.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandemq::sim {

// What a client does, as long as the run takes.
struct Role {
  std::string id;
  std::size_t number = 0;  // The P of its topics.
  mqtt::Version version = mqtt::Version::v5;
  bool durable = true;         // Its session outlives its connections.
  std::uint32_t expiry_s = 0;  // Of a durable session.
  bool publishes = false;
  mqtt::QoS qos = mqtt::QoS::exactly_once;  // Of all its subscriptions.
  std::vector<std::string> filters;
  bool shares = false;                // Its one filter belongs to the shared group.
  bool fickle = false;                // Unsubscribes now and then.
  bool cleans = false;                // Starts with a new session now and then.
  std::uint32_t receive_maximum = 0;  // 0: not said.
  std::optional<std::uint32_t> will_delay_s;
};

struct Plan {
  Config config;
  std::vector<Role> roles;
  int steps = 0;
  std::uint32_t writer_lag_ms = 0;  // Between two things that the writer does, at the most.
  std::uint32_t step_ms = 0;        // Between two steps, at the most.
};

Plan plan_for(Luck& luck);

}  // namespace tandemq::sim
