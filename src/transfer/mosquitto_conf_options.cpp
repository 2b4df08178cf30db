#include "transfer/mosquitto_conf_options.hpp"

#include <algorithm>
#include <iterator>

namespace tandemq {
namespace {

using Option = MosquittoOption;
using Scope = MosquittoOption::Scope;
using Value = MosquittoOption::Value;

constexpr std::uint64_t kNoLimitU16 = 65'535;
constexpr std::uint64_t kNoLimitU32 = 0xFFFF'FFFF;
constexpr std::uint64_t kNoLimitBytes = 1'099'511'627'776;
constexpr std::uint64_t kNoLimitPacket = 268'435'460;

constexpr std::string_view kDurable =
    "not needed, what is acknowledged is on the disk already; see store.sync.";
constexpr std::string_view kLog =
    "not needed, the log goes to the standard error output and from there to systemd's journal; "
    "see log.level.";
constexpr std::string_view kPlugin =
    "there are no plugins; use auth.password_file and auth.acl_file.";
constexpr std::string_view kSystemd = "not needed, the service file of the package does it.";
constexpr std::string_view kWebsockets =
    "not needed, a request for a WebSocket has at most 8 KB, and log.level is for all.";

constexpr Option copied(std::string_view name, Scope scope, Value value, std::string_view key,
                        std::uint64_t zero_means = 0) {
  return {name, scope, value, key, zero_means, {}};
}
constexpr Option told(std::string_view name, std::string_view advice,
                      Scope scope = Scope::everywhere) {
  return {name, scope, Value::other, {}, 0, advice};
}
constexpr Option seen(std::string_view name, Scope scope) {
  return {name, scope, Value::other, {}, 0, {}};
}

constexpr Option kOptions[] = {
    copied("max_inflight_messages", Scope::everywhere, Value::number, "limits.max_inflight",
           kNoLimitU16),
    copied("max_keepalive", Scope::everywhere, Value::number, "limits.max_keepalive_s",
           kNoLimitU16),
    copied("max_queued_messages", Scope::everywhere, Value::number, "limits.max_queued_messages",
           kNoLimitU32),
    copied("max_queued_bytes", Scope::everywhere, Value::number, "limits.max_queued_bytes",
           kNoLimitBytes),
    copied("max_packet_size", Scope::everywhere, Value::number, "limits.max_packet_size",
           kNoLimitPacket),
    copied("queue_qos0_messages", Scope::everywhere, Value::flag, "mqtt.queue_qos0"),
    copied("retain_available", Scope::everywhere, Value::flag, "mqtt.retain_available"),
    copied("sys_interval", Scope::everywhere, Value::number, "mqtt.sys_interval_s"),
    copied("max_qos", Scope::listener, Value::number, "mqtt.max_qos"),
    copied("max_topic_alias", Scope::listener, Value::number, "limits.topic_alias_max"),
    copied("allow_zero_length_clientid", Scope::security, Value::flag,
           "mqtt.allow_empty_client_id"),
    copied("password_file", Scope::security, Value::path, "auth.password_file"),
    copied("acl_file", Scope::security, Value::path, "auth.acl_file"),

    seen("allow_anonymous", Scope::security),
    seen("per_listener_settings", Scope::everywhere),
    seen("persistence", Scope::everywhere),
    seen("persistence_file", Scope::everywhere),
    seen("persistence_location", Scope::everywhere),
    seen("persistent_client_expiration", Scope::everywhere),
    seen("message_size_limit", Scope::everywhere),
    seen("log_type", Scope::everywhere),
    seen("port", Scope::listener),
    seen("bind_address", Scope::listener),
    seen("bind_interface", Scope::listener),
    seen("socket_domain", Scope::listener),
    seen("protocol", Scope::listener),
    seen("mount_point", Scope::listener),
    seen("max_connections", Scope::listener),

    seen("cafile", Scope::listener),
    seen("capath", Scope::listener),
    seen("certfile", Scope::listener),
    seen("keyfile", Scope::listener),
    seen("crlfile", Scope::listener),
    seen("ciphers", Scope::listener),
    seen("ciphers_tls1.3", Scope::listener),
    seen("dhparamfile", Scope::listener),
    seen("require_certificate", Scope::listener),
    seen("tls_engine", Scope::listener),
    seen("tls_engine_kpass_sha1", Scope::listener),
    seen("tls_keyform", Scope::listener),
    seen("tls_version", Scope::listener),
    seen("use_identity_as_username", Scope::listener),
    seen("use_subject_as_username", Scope::listener),
    seen("psk_hint", Scope::listener),
    told("psk_file", "add its listener as mqtts://HOST:PORT?psk=FILE; the file can be the same.",
         Scope::security),

    told("autosave_interval", kDurable),
    told("autosave_on_changes", kDurable),
    told("log_dest", kLog),
    told("log_facility", kLog),
    told("log_timestamp", kLog),
    told("log_timestamp_format", kLog),
    told("connection_messages", kLog),
    told("websockets_log_level", kWebsockets),
    told("websockets_headers_size", kWebsockets),
    told("http_dir", "no files are served.", Scope::listener),
    told("pid_file", kSystemd),
    told("user", kSystemd),
    told("plugin", kPlugin, Scope::security),
    told("auth_plugin", kPlugin, Scope::security),
    told("auth_plugin_deny_special_chars", kPlugin, Scope::security),
    told("allow_duplicate_messages",
         "a client with subscriptions that overlap gets a message once, with all its subscription "
         "identifiers."),
    told("auto_id_prefix", "the client ids that the broker chooses cannot be set.",
         Scope::security),
    told("check_retain_source",
         "whether its publisher may still publish a retained message is not asked when it is sent; "
         "remove such messages with tandemqctl."),
    told("clientid_prefixes", "client ids cannot be restricted; give users rights instead."),
    told("max_inflight_bytes", "messages in flight are counted, see limits.max_inflight."),
    told("memory_limit",
         "see memory.bodies_max_bytes, and MemoryMax= of the systemd service for a hard limit."),
    told("set_tcp_nodelay", "not needed, it is always on."),
    told("upgrade_outgoing_qos",
         "a message is never sent with a higher QoS than it was published with."),
    told("use_username_as_clientid",
         "client ids stay what the clients say; a rule with %u in the ACL file keeps users apart.",
         Scope::listener),

    told("connection",
         "there are no bridges. A program that is a client of both brokers can take its place, or "
         "a small Mosquitto with this bridge that connects to both."),
    seen("address", Scope::bridge),
    seen("addresses", Scope::bridge),
    seen("cleansession", Scope::bridge),
    seen("clientid", Scope::bridge),
    seen("idle_timeout", Scope::bridge),
    seen("keepalive_interval", Scope::bridge),
    seen("local_cleansession", Scope::bridge),
    seen("local_clientid", Scope::bridge),
    seen("local_password", Scope::bridge),
    seen("local_username", Scope::bridge),
    seen("notification_topic", Scope::bridge),
    seen("notifications", Scope::bridge),
    seen("notifications_local_only", Scope::bridge),
    seen("password", Scope::bridge),
    seen("remote_clientid", Scope::bridge),
    seen("remote_password", Scope::bridge),
    seen("remote_username", Scope::bridge),
    seen("restart_timeout", Scope::bridge),
    seen("round_robin", Scope::bridge),
    seen("start_type", Scope::bridge),
    seen("threshold", Scope::bridge),
    seen("topic", Scope::bridge),
    seen("try_private", Scope::bridge),
    seen("username", Scope::bridge),
};

// Options of bridges and plugins whose names are not all known.
constexpr Option kBridgeOption = seen("bridge_", Scope::bridge);
constexpr Option kPluginOption = seen("plugin_opt_", Scope::bridge);

}  // namespace

std::span<const MosquittoOption> mosquitto_options() {
  return kOptions;
}

const MosquittoOption* find_mosquitto_option(std::string_view name) {
  const auto* found = std::ranges::find(kOptions, name, &Option::name);
  if (found != std::end(kOptions)) return found;
  if (name.starts_with("bridge_")) return &kBridgeOption;
  if (name.starts_with("plugin_opt_") || name.starts_with("auth_opt_")) return &kPluginOption;
  return nullptr;
}

}  // namespace tandemq
