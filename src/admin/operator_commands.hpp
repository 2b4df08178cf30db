// What the commands take and show with which an operator, or a script of his, learns how a node and
// its pair are.
#pragma once

#include "admin/command.hpp"

#include <array>

namespace tandemq {

inline constexpr CommandColumn kStatusColumns[] = {
    {"version", "version"},
    {"node", "node"},
    {"role", "role"},
    {"uptime_ms", "uptime", CommandColumn::Show::duration},
    {"term", "term", CommandColumn::Show::count},
    {"lsn", "log position", CommandColumn::Show::count},
    {"failover.role", "failover"},
    {"failover.policy", "- policy"},
    {"failover.second_path.heard", "- second path"},
    {"failover.second_path.heard_ms_ago", "- - last heard", CommandColumn::Show::duration},
    {"failover.gateway.answers", "- gateway answers"},
    {"failover.since", "- since", CommandColumn::Show::time},
    {"failover.event", "- because of"},
    {"failover.why", "- why"},
    {"failover.if_peer_dies", "- if the peer died"},
    {"witness.answers", "witness answers"},
    {"witness.age_ms", "- last answer", CommandColumn::Show::duration},
    {"witness.trouble", "- trouble"},
    {"witness.primary", "- primary"},
    {"witness.insync", "- in sync"},
    {"peer.address", "peer"},
    {"peer.connected", "- connected"},
    {"peer.role", "- role"},
    {"peer.lsn", "- log position", CommandColumn::Show::count},
    {"peer.in_sync", "- in sync"},
    {"peer.heard_ms_ago", "- last heard", CommandColumn::Show::duration},
    {"peer.version", "- version"},
    {"peer.clock_offset_ms", "- clock ahead, ms"},
    {"peer.problem", "- problem"},
    {"vip.address", "virtual address"},
    {"vip.here", "- here"},
    {"replication.mode", "replication"},
    {"replication.acknowledges", "- acknowledges"},
    {"replication.phase", "- phase"},
    {"replication.lag_records", "- lag, records", CommandColumn::Show::count},
    {"replication.lag_bytes", "- lag", CommandColumn::Show::bytes},
    {"replication.lag_ms", "- lag, ms", CommandColumn::Show::count},
    {"replication.outdated", "- outdated"},
    {"replication.image.rows", "- rows synced", CommandColumn::Show::count},
    {"replication.image.rows_about", "- of about", CommandColumn::Show::count},
    {"replication.image.rows_per_s", "- rows per second", CommandColumn::Show::count},
    {"replication.image.left_s", "- left", CommandColumn::Show::seconds},
    {"connections", "connections", CommandColumn::Show::count},
    {"sessions", "sessions", CommandColumn::Show::count},
    {"durable_sessions", "- durable", CommandColumn::Show::count},
    {"subscriptions", "subscriptions", CommandColumn::Show::count},
    {"filters", "filters", CommandColumn::Show::count},
    {"retained.count", "retained messages", CommandColumn::Show::count},
    {"retained.bytes", "retained bytes", CommandColumn::Show::bytes},
    {"queued", "queued messages", CommandColumn::Show::count},
    {"inflight", "- in flight", CommandColumn::Show::count},
    {"stored", "messages in the log", CommandColumn::Show::count},
    {"wills", "wills", CommandColumn::Show::count},
    {"publishers_blocked", "publishers blocked", CommandColumn::Show::count},
    {"ack.level", "acknowledges at"},
    {"ack.rules", "- but"},
    {"acknowledged.memory", "- at memory", CommandColumn::Show::count},
    {"acknowledged.async", "- at async", CommandColumn::Show::count},
    {"acknowledged.local", "- at local", CommandColumn::Show::count},
    {"acknowledged.received", "- at received", CommandColumn::Show::count},
    {"acknowledged.standby", "- at standby", CommandColumn::Show::count},
    {"acknowledged.standby_flushed", "- at standby_flushed", CommandColumn::Show::count},
    {"received.qos0", "received QoS 0", CommandColumn::Show::count},
    {"received.qos1", "received QoS 1", CommandColumn::Show::count},
    {"received.qos2", "received QoS 2", CommandColumn::Show::count},
    {"received.bytes", "received payload", CommandColumn::Show::bytes},
    {"sent.qos0", "sent QoS 0", CommandColumn::Show::count},
    {"sent.qos1", "sent QoS 1", CommandColumn::Show::count},
    {"sent.qos2", "sent QoS 2", CommandColumn::Show::count},
    {"sent.bytes", "sent payload", CommandColumn::Show::bytes},
    {"dropped.total", "dropped", CommandColumn::Show::count},
    {"dropped.queue_full", "- queue full", CommandColumn::Show::count},
    {"dropped.expired", "- expired", CommandColumn::Show::count},
    {"dropped.packet_too_large", "- packet too large", CommandColumn::Show::count},
    {"dropped.outbox_full", "- outbox full", CommandColumn::Show::count},
    {"dropped.not_authorized", "- not authorized", CommandColumn::Show::count},
    {"dropped.refused", "- refused", CommandColumn::Show::count},
    {"dropped.session_ended", "- session ended", CommandColumn::Show::count},
    {"dropped.purged", "- purged", CommandColumn::Show::count},
    {"dropped.damaged", "- damaged", CommandColumn::Show::count},
    {"dropped.disk_full", "- disk full", CommandColumn::Show::count},
    {"table_rows", "table rows written", CommandColumn::Show::count},
    {"accepted", "connections accepted", CommandColumn::Show::count},
    {"refused", "connections refused", CommandColumn::Show::count},
    {"memory.pressure", "pressure on memory"},
    {"memory.publishers_held", "publishers held for it", CommandColumn::Show::count},
    {"takeovers", "take-overs", CommandColumn::Show::count},
    {"sessions_expired", "sessions expired", CommandColumn::Show::count},
    {"protocol_errors", "protocol errors", CommandColumn::Show::count},
    {"memory_bytes", "memory", CommandColumn::Show::bytes},
};

inline constexpr CommandArgument kEventArguments[] = {
    {"limit",
     CommandArgument::Kind::option,
     CommandArgument::Type::number,
     false,
     0xFFFFFFFF,
     {},
     "At most so many rows, the last ones; 20 if it is not given. -n N says the same."}};
inline constexpr CommandColumn kEventColumns[] = {
    {"at", "TIME", CommandColumn::Show::time},
    {"term", "TERM"},
    {"from", "FROM"},
    {"to", "TO"},
    {"event", "EVENT"},
    {"why", "WHY"},
};

inline constexpr std::array<std::string_view, 10> kRolesToWaitFor = {
    "primary",  "standby",   "reconciling", "syncing", "insync",
    "claiming", "promoting", "solo",        "paired",  "stalled"};
inline constexpr CommandArgument kWaitArguments[] = {
    {"role", CommandArgument::Kind::option, CommandArgument::Type::text, false, 0, kRolesToWaitFor,
     "primary or standby, or a role as 'failover' of status names it; without it any."},
    {"in_sync",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "And until the standby of the pair is in sync."},
    {"timeout",
     CommandArgument::Kind::option,
     CommandArgument::Type::text,
     false,
     0,
     {},
     "How long: 500ms, 30s, 5m; 30s if it is not given."}};
inline constexpr CommandColumn kWaitColumns[] = {
    {"node", "node"},
    {"role", "role"},
    {"failover", "failover"},
    {"in_sync", "in sync"},
    {"waited_ms", "waited", CommandColumn::Show::duration},
};

inline constexpr CommandArgument kHealthArguments[] = {
    {"live",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Ask only whether the process does its work."},
    {"ready",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Ask whether it serves or could take over at once; so does no flag."},
    {"serving",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Ask whether it serves the clients: of a pair one node does."}};
inline constexpr CommandColumn kHealthColumns[] = {
    {"role", "role"}, {"live", "live"}, {"ready", "ready"}, {"primary", "serving"}, {"why", "why"}};

constexpr CommandArgument plain_option(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::option, CommandArgument::Type::text, false, 0, {}, about};
}
inline constexpr CommandArgument kDrillArguments[] = {
    plain_option("probe",
                 "Where clients connect, HOST:PORT, several separated by commas; otherwise "
                 "vip.address, or without one the listener of this node and the same port of its "
                 "peer."),
    plain_option("timeout",
                 "How long the pair may take to be in sync again: 500ms, 30s, 5m; 5m "
                 "if it is not given.")};
inline constexpr CommandColumn kDrillColumns[] = {
    {"step", "STEP"}, {"what", "WHAT"}, {"value", "VALUE", CommandColumn::Show::count}};

inline constexpr CommandColumn kPairVerifyColumns[] = {
    {"verdict", "verdict"},
    {"why", "because"},
    {"first_lsn", "from log position", CommandColumn::Show::count},
    {"last_lsn", "to log position", CommandColumn::Show::count},
    {"sessions", "sessions up to", CommandColumn::Show::count},
    {"parts", "parts", CommandColumn::Show::count},
    {"ours", "digest here"},
    {"theirs", "digest of the standby"},
};

inline constexpr CommandArgument kConfigFileArgument = {
    "config",
    CommandArgument::Kind::option,
    CommandArgument::Type::path,
    false,
    0,
    {},
    "Take the settings from this file and not from a running broker."};
inline constexpr CommandArgument kDoctorArguments[] = {
    kConfigFileArgument,
    {"keepalived_conf",
     CommandArgument::Kind::option,
     CommandArgument::Type::path,
     false,
     0,
     {},
     "The configuration of keepalived; otherwise /etc/keepalived/keepalived.conf."}};
inline constexpr CommandColumn kDoctorColumns[] = {
    {"state", "STATE"}, {"check", "CHECK"}, {"finding", "FINDING"}};
inline constexpr CommandColumn kKeepalivedColumns[] = {{"config", "keepalived.conf"}};
inline constexpr CommandArgument kKeepalivedArguments[] = {
    plain_option("interface",
                 "Where the clients are; otherwise the one in the network of "
                 "vip.address."),
    plain_option("own_ip", "The address of this node on it."),
    plain_option("peer_ip",
                 "That of the other node; otherwise that of replication.peer, if it is "
                 "in the same network."),
    {"router_id",
     CommandArgument::Kind::option,
     CommandArgument::Type::number,
     false,
     255,
     {},
     "virtual_router_id, 1 to 255, the same on both nodes and on no other pair; otherwise 83."},
    kConfigFileArgument};

inline constexpr CommandColumn kWitnessColumns[] = {
    {"answers", "answers"},   {"age_ms", "last answer", CommandColumn::Show::duration},
    {"trouble", "trouble"},   {"term", "term", CommandColumn::Show::count},
    {"primary", "primary"},   {"insync", "in sync"},
    {"released", "released"},
};

}  // namespace tandemq
