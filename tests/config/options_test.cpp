#include "config/options.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

const ConfigOption& option(std::string_view key) {
  const ConfigOption* found = find_option(key);
  REQUIRE_MESSAGE(found != nullptr, key);
  return *found;
}

std::string complaint(std::string_view key, std::string_view value) {
  Config config;
  const auto done = set_value(config, option(key), value);
  return done ? "none" : done.error().text;
}

}  // namespace

TEST_CASE("the keys that are promised exist") {
  for (const char* key : {"listener",
                          "data.dir",
                          "node.id",
                          "auth.anonymous",
                          "log.level",
                          "threads.net",
                          "limits.max_connections",
                          "limits.max_packet_size",
                          "limits.receive_maximum",
                          "limits.max_inflight",
                          "limits.max_queued_messages",
                          "limits.max_queued_bytes",
                          "limits.queue_full",
                          "limits.topic_alias_max",
                          "limits.max_keepalive_s",
                          "limits.session_expiry_max_s",
                          "mqtt.max_qos",
                          "mqtt.retain_available",
                          "mqtt.queue_qos0",
                          "mqtt.allow_empty_client_id",
                          "admin.socket",
                          "cluster.id",
                          "replication.listen",
                          "replication.peer",
                          "replication.mode",
                          "replication.secret_file",
                          "replication.tls.cert",
                          "replication.tls.key",
                          "replication.tls.ca",
                          "replication.timeout_ms"})
    CHECK_MESSAGE(find_option(key) != nullptr, key);
}

TEST_CASE("no two rows have one key or one member of the configuration") {
  Config config;
  std::set<std::string_view> keys;
  std::set<const void*> members;
  for (const ConfigOption& row : config_options()) {
    CHECK_MESSAGE(keys.insert(row.key).second, row.key);
    const void* member =
        std::visit([](auto* field) -> const void* { return field; }, row.field(config));
    CHECK_MESSAGE(members.insert(member).second, row.key);
  }
}

TEST_CASE("every row explains itself in sentences") {
  for (const ConfigOption& row : config_options()) {
    CAPTURE(row.key);
    CHECK(row.about.ends_with('.'));
  }
}

TEST_CASE("the default of each option is allowed and is written as it is read") {
  for (const ConfigOption& row : config_options()) {
    CAPTURE(row.key);
    Config config;
    CHECK(set_value(config, row, default_of(row)).has_value());
    CHECK(value_of(config, row) == default_of(row));
  }
}

TEST_CASE("the bounds of a number are allowed and their neighbours are not") {
  for (const ConfigOption& row : config_options()) {
    if (row.range.max == 0) continue;
    CAPTURE(row.key);
    Config config;
    for (const std::uint64_t bound : {row.range.min, row.range.max}) {
      CHECK(set_value(config, row, std::to_string(bound)).has_value());
      Config again;
      CHECK(set_value(again, row, value_of(config, row)).has_value());
      CHECK(value_of(again, row) == value_of(config, row));
    }
    CHECK_FALSE(set_value(config, row, std::to_string(row.range.max + 1)).has_value());
    if (row.range.min > 0)
      CHECK_FALSE(set_value(config, row, std::to_string(row.range.min - 1)).has_value());
  }
}

TEST_CASE("a value of the wrong form is refused with key, value and what is allowed") {
  CHECK(complaint("mqtt.max_qos", "3") == "mqtt.max_qos = '3': expected a number from 0 to 2");
  CHECK(complaint("mqtt.queue_qos0", "yes") == "mqtt.queue_qos0 = 'yes': expected true or false");
  CHECK(complaint("limits.queue_full", "drop") ==
        "limits.queue_full = 'drop': expected one of reject, drop_oldest, drop_newest, block");
  CHECK(complaint("log.level", "Info") ==
        "log.level = 'Info': expected one of trace, debug, info, warn, error");
  CHECK(complaint("limits.outbox_bytes", "1") ==
        "limits.outbox_bytes = '1': expected a size in bytes from 4K to 1G, also written with K, "
        "M, G or T");
  CHECK(complaint("listener", "tcp://x") ==
        "listener = 'tcp://x': the scheme is none of mqtt, mqtts, ws, wss and unix");
  CHECK(complaint("data.dir", "\xFF") == "data.dir = '\xFF': expected a text in UTF-8");
}

TEST_CASE("what only looks like a number is refused") {
  for (const char* value : {"", " 1", "1 ", "+1", "-1", "0x10", "1.5", "1K", "one",
                            "18446744073709551616", "99999999999999999999"})
    CHECK(complaint("threads.net", value) != "none");
}

TEST_CASE("a size may be written with a suffix") {
  Config config;
  CHECK(set_value(config, option("limits.max_queued_bytes"), "64K").has_value());
  CHECK(config.limits.max_queued_bytes == 65'536);
  CHECK(set_value(config, option("limits.max_queued_bytes"), "2G").has_value());
  CHECK(config.limits.max_queued_bytes == 2'147'483'648);
  CHECK(value_of(config, option("limits.max_queued_bytes")) == "2G");
  CHECK(set_value(config, option("limits.max_queued_bytes"), "1025").has_value());
  CHECK(value_of(config, option("limits.max_queued_bytes")) == "1025");
  for (const char* value : {"K", "1k", "1KB", "M1", "1 M", "99999999999999999T", "16777216T"})
    CHECK(complaint("limits.max_queued_bytes", value) != "none");
}

TEST_CASE("words of an enum are in the order of its values") {
  Config config;
  const ConfigOption& row = option("limits.queue_full");
  constexpr std::pair<const char*, QueueFull> kRows[] = {{"reject", QueueFull::reject},
                                                         {"drop_oldest", QueueFull::drop_oldest},
                                                         {"drop_newest", QueueFull::drop_newest},
                                                         {"block", QueueFull::block}};
  for (const auto& [word, value] : kRows) {
    CHECK(set_value(config, row, word).has_value());
    CHECK(config.limits.queue_full == value);
    CHECK(value_of(config, row) == word);
  }
  const ConfigOption& mode = option("replication.mode");
  constexpr std::pair<const char*, ReplicationMode> kModes[] = {
      {"async", ReplicationMode::async},
      {"received", ReplicationMode::received},
      {"written", ReplicationMode::written},
      {"flushed", ReplicationMode::flushed}};
  for (const auto& [word, value] : kModes) {
    CHECK(set_value(config, mode, word).has_value());
    CHECK(config.replication.mode == value);
    CHECK(value_of(config, mode) == word);
  }
}

TEST_CASE("a refused value leaves the configuration as it was") {
  Config config;
  for (const ConfigOption& row : config_options())
    CHECK_FALSE(set_value(config, row, std::string_view("\0", 1)).has_value());
  for (const ConfigOption& row : config_options()) CHECK(value_of(config, row) == default_of(row));
}

TEST_CASE("listener is repeatable and clearing it takes all") {
  Config config;
  const ConfigOption& row = option("listener");
  CHECK(is_repeatable(row));
  CHECK_FALSE(is_repeatable(option("data.dir")));
  CHECK(set_value(config, row, "mqtt://[::1]").has_value());
  CHECK(set_value(config, row, "mqtt://localhost:0").has_value());
  CHECK(values_of(config, row) == std::vector<std::string>{"mqtt://[::1]", "mqtt://localhost:0"});
  CHECK(value_of(config, row) == "mqtt://[::1], mqtt://localhost:0");
  clear_value(config, row);
  CHECK(config.listeners.empty());
}

TEST_CASE("copying a value touches no other") {
  Config from;
  Config to;
  from.limits.max_inflight = 7;
  from.node_id = "b";
  copy_value(from, to, option("limits.max_inflight"));
  CHECK(to.limits.max_inflight == 7);
  CHECK(to.node_id == Config{}.node_id);
}

TEST_CASE("a key that is nearly right is recognised") {
  CHECK(nearest_key("limits.max_conections") == "limits.max_connections");
  CHECK(nearest_key("limit.max_inflight") == "limits.max_inflight");
  CHECK(nearest_key("listeners") == "listener");
  CHECK(nearest_key("node_id") == "node.id");
  CHECK(nearest_key("log.levle") == "log.level");
  CHECK(nearest_key("limits.max_conn") == "limits.max_connections");
  CHECK(nearest_key("max_qos") == "mqtt.max_qos");
  CHECK(nearest_key("limits.listener") == "listener");
  CHECK(nearest_key("mqtt.max_inflight") == "limits.max_inflight");
}

TEST_CASE("a key that is like none is not explained by another") {
  for (const std::string& key : {std::string(), std::string("a"), std::string("persistence"),
                                 std::string("bridge.connection"), std::string(100'000, 'x')})
    CHECK(nearest_key(key).empty());
}

}  // namespace tandemq
