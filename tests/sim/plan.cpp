#include "tests/sim/plan.hpp"

#include "session/session.hpp"

#include <array>
#include <set>
#include <string>
#include <utility>

namespace tandemq::sim {
namespace {

Config config_for(Luck& luck) {
  Config config;
  config.mqtt.sys_interval_s = 0;
  config.mqtt.queue_qos0 = luck.once_in(3);
  config.limits.max_inflight = static_cast<std::uint16_t>(1 + luck.below(8));
  config.limits.receive_maximum = static_cast<std::uint16_t>(1 + luck.below(8));
  if (luck.once_in(2)) config.memory.bodies_max_bytes = luck.below(1'500);
  if (luck.once_in(2)) config.store.log_bytes_max = luck.below(8'000);
  return config;
}

Role role(std::string id, std::size_t number, Luck& luck) {
  Role role;
  role.id = std::move(id);
  role.number = number;
  role.expiry_s = kNeverExpires;
  if (luck.once_in(3)) role.version = mqtt::Version::v311;
  if (luck.once_in(3)) role.receive_maximum = 1 + luck.below(6);
  return role;
}

Role publisher(std::size_t number, Luck& luck) {
  Role made = role("publisher" + std::to_string(number), number, luck);
  made.publishes = true;
  made.durable = !luck.once_in(4);
  if (luck.once_in(2)) {
    const bool delays = made.version == mqtt::Version::v5 && luck.once_in(2);
    made.will_delay_s = delays ? 1 + luck.below(5) : 0;
  }
  return made;
}

Role subscriber(std::size_t number, Luck& luck) {
  constexpr std::array<const char*, 8> kFilters = {"t/#", "t/0", "t/+", "+/1",
                                                   "r/#", "w/#", "#",   "+/0/+"};
  Role made = role("subscriber" + std::to_string(number), number, luck);
  if (luck.once_in(2)) made.qos = mqtt::QoS::at_least_once;
  std::set<std::string> filters;
  for (std::uint32_t i = luck.below(3) + 1; i > 0; --i)
    filters.insert(kFilters[luck.below(kFilters.size())]);
  made.filters.assign(filters.begin(), filters.end());
  switch (luck.below(5)) {
    case 0:
      made.fickle = true;
      break;
    case 1:
      made.version = mqtt::Version::v5;  // In 3.1.1 a clean session also ends clean.
      made.cleans = true;
      break;
    case 2:
      made.version = mqtt::Version::v5;
      made.expiry_s = 2 + luck.below(12);
      break;
    default:
      break;
  }
  return made;
}

}  // namespace

Plan plan_for(Luck& luck) {
  Plan plan;
  plan.config = config_for(luck);
  plan.steps = 60 + static_cast<int>(luck.below(200));
  plan.writer_lag_ms = 1 + luck.below(luck.once_in(4) ? 400 : 40);
  plan.step_ms = 1 + luck.below(150);
  std::size_t number = 0;
  for (std::uint32_t i = luck.below(2) + 1; i > 0; --i)
    plan.roles.push_back(publisher(number++, luck));
  for (std::uint32_t i = luck.below(3) + 1; i > 0; --i)
    plan.roles.push_back(subscriber(number++, luck));
  if (luck.once_in(2)) {
    Role passing = subscriber(number++, luck);
    passing.durable = passing.cleans = false;
    plan.roles.push_back(std::move(passing));
  }
  const std::uint32_t members = luck.once_in(3) ? 1 + luck.below(3) : 0;
  for (std::uint32_t i = 0; i < members; ++i) {
    Role member = role("member" + std::to_string(number), number, luck);
    ++number;
    member.shares = true;
    member.filters = {"$share/group/s/#"};
    plan.roles.push_back(std::move(member));
  }
  return plan;
}

}  // namespace tandemq::sim
