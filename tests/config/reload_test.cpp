#include "config/reload.hpp"

#include "config/listener_url.hpp"

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("equal configurations have no changes") {
  CHECK(compare({}, {}).empty());
}

TEST_CASE("a change names its key, both values, and whether it can be taken at once") {
  Config wanted;
  wanted.log_level = "debug";
  wanted.threads_net = 4;
  const auto changes = compare({}, wanted);
  REQUIRE(changes.size() == 2);
  CHECK(sentence_of(changes[0]) == "threads.net: '0' to '4', needs a restart");
  CHECK(sentence_of(changes[1]) == "log.level: 'info' to 'debug', in force");
}

TEST_CASE("the default listener is not a change of the one that is written out") {
  Config written;
  written.listeners.push_back(*parse_listener_url(kDefaultListener));
  CHECK(compare({}, written).empty());
  written.listeners.push_back(*parse_listener_url("mqtt://[::1]"));
  REQUIRE(compare({}, written).size() == 1);
  CHECK_FALSE(compare({}, written)[0].live);
}

TEST_CASE("merging takes what is live and nothing else") {
  Config running;
  Config wanted;
  wanted.limits.max_inflight = 7;
  wanted.mqtt.max_qos = 1;
  wanted.auth.acl_file = "acl";
  wanted.data_dir = "elsewhere";
  wanted.listeners.push_back(*parse_listener_url("mqtt://[::1]"));
  const Config merged_config = merged(running, wanted);
  CHECK(merged_config.limits.max_inflight == 7);
  CHECK(merged_config.mqtt.max_qos == 1);
  CHECK(merged_config.auth.acl_file == "acl");
  CHECK(merged_config.data_dir == running.data_dir);
  CHECK(merged_config.listeners.empty());
  for (const ReloadChange& left : compare(merged_config, wanted)) CHECK_FALSE(left.live);
}

}  // namespace tandemq
