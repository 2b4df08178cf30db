#include "ctl/drill.hpp"

#include "config/listener_url.hpp"
#include "ctl/network.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kPlain = "mqtt";

// A listener on all addresses is reached at the one that only this machine has.
std::string reachable(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

// Only proxies may come there, or only who has its file.
bool is_closed_here(const ListenerConfig& listener) {
  return !listener.proxies.empty() || !listener.unix_path.empty();
}

// Clients are on other machines; and of a listener in plain MQTT more can be learned.
int rank(const ListenerConfig& listener) {
  if (is_closed_here(listener)) return -1;
  return (is_loopback(listener.host) ? 0 : 2) + (listener.scheme == kPlain ? 1 : 0);
}

Result<std::vector<DrillTarget>> named_targets(const std::string& named) {
  std::vector<DrillTarget> targets;
  for (std::size_t begin = 0; begin <= named.size();) {
    const std::size_t end = std::min(named.find(',', begin), named.size());
    auto one = parse_host_port(named.substr(begin, end - begin));
    if (!one) return failure("--probe: " + one.error().text);
    targets.push_back({one->host, one->port, true});
    begin = end + 1;
  }
  return targets;
}

std::string fewer(std::uint64_t before, std::uint64_t now, const std::string& where) {
  return std::to_string(before - now) + " durable sessions of " + std::to_string(before) +
         " were missing " + where + ": unless their clients have ended them, they are lost.";
}

void judge_move(const DrillLook& before, const DrillMove& move, std::vector<std::string>& out) {
  if (move.term <= before.term)
    out.push_back(move.to + " led in term " + std::to_string(move.term) +
                  ", which is not newer than " + std::to_string(before.term) + ".");
  if (const std::uint64_t lost = lost_records(before, move); lost > 0)
    out.push_back(std::to_string(lost) + " records of " + before.node + " were missing when " +
                  move.to + " began to lead.");
  if (!move.gap_ms)
    out.push_back("No client was served when " + move.to +
                  " led: is its listener, or the virtual address, reachable from here? "
                  "--probe=HOST:PORT,HOST:PORT names what clients connect to.");
}

}  // namespace

DrillLook drill_look_of(const Json& status) {
  const Json peer = part_of(status, "peer");
  DrillLook look;
  look.node = text_of(status, "node");
  look.peer = text_of(peer, "node");
  look.leads = text_of(status, "role") == "primary";
  look.in_sync = peer.value("in_sync", false);
  look.term = status.value("term", std::uint64_t{0});
  look.lsn = status.value("lsn", std::uint64_t{0});
  look.peer_lsn = peer.value("lsn", std::uint64_t{0});
  look.committed = look.leads ? part_of(status, "replication").value("committed", look.lsn)
                              : std::max(look.lsn, look.peer_lsn);
  look.durable_sessions = status.value("durable_sessions", std::uint64_t{0});
  return look;
}

Result<void> may_drill(const Json& status) {
  const Json peer = part_of(status, "peer");
  const std::string name = text_of(peer, "node").empty() ? "the other node" : text_of(peer, "node");
  if (peer.empty()) return failure("This node has no peer: replication.peer is not set.");
  if (text_of(status, "role") != "primary")
    return failure("This node is a standby: a drill begins on the one that leads, " + name + ".");
  if (!peer.value("connected", false))
    return failure("No standby is connected, so nobody could take over: see 'tandemqctl doctor'.");
  if (!peer.value("in_sync", false))
    return failure("The standby " + name +
                   " is not in sync, so it could not take over: 'tandemqctl wait --in-sync' says "
                   "when it is.");
  return {};
}

std::int64_t longest_gap_ms(std::vector<std::int64_t> answered_ms, std::int64_t from_ms,
                            std::int64_t to_ms) {
  answered_ms.push_back(to_ms);
  std::sort(answered_ms.begin(), answered_ms.end());
  std::int64_t longest = 0;
  std::int64_t last = from_ms;
  for (const std::int64_t at : answered_ms) {
    longest = std::max(longest, at - last);
    last = std::max(last, at);
  }
  return longest;
}

std::uint64_t lost_records(const DrillLook& before, const DrillMove& move) {
  return before.committed < move.lsn ? 0 : before.committed - move.lsn + 1;
}

DrillVerdict judge(const Drill& drill) {
  DrillVerdict verdict;
  std::vector<std::string>& troubles = verdict.troubles;
  judge_move(drill.before, drill.there, troubles);
  judge_move(drill.between, drill.back, troubles);
  verdict.rpo_records = lost_records(drill.before, drill.there) +
                        lost_records(drill.between, drill.back) + drill.cut_off;
  if (drill.there.gap_ms && drill.back.gap_ms)
    verdict.rto_ms = std::max(*drill.there.gap_ms, *drill.back.gap_ms);
  if (drill.cut_off > 0)
    troubles.push_back(std::to_string(drill.cut_off) +
                       " records were cut off the log of this node: see 'tandemqctl diverged "
                       "list'.");
  const std::uint64_t sessions = drill.before.durable_sessions;
  if (drill.between.durable_sessions < sessions)
    troubles.push_back(fewer(sessions, drill.between.durable_sessions, "after the first move"));
  if (drill.after.durable_sessions < sessions)
    troubles.push_back(fewer(sessions, drill.after.durable_sessions, "at the end"));
  if (!drill.after.leads || drill.after.node != drill.before.node)
    troubles.push_back("The node " + drill.before.node + " does not lead again.");
  if (!drill.after.in_sync) troubles.emplace_back("The pair is not in sync again.");
  for (const auto& [look, when] :
       {std::pair(&drill.before, "before it"), std::pair(&drill.after, "after it")})
    if (look->digest.empty() || look->digest != look->peer_digest)
      troubles.push_back(std::string("The digests of both nodes were not equal ") + when + ".");
  return verdict;
}

std::string after_failure(const std::string& began_as, const std::optional<Json>& status) {
  if (!status)
    return "This node does not answer. 'tandemqctl status' on the other one says whether it leads; "
           "if it does, clients are served, and nothing is urgent.";
  const DrillLook look = drill_look_of(*status);
  const bool other_leads = text_of(part_of(*status, "peer"), "role") == "primary";
  if (look.leads)
    return "The node " + look.node + " leads now" +
           (look.node == began_as ? ", as before" : std::string()) + ", and serves the clients; " +
           (look.in_sync ? "its standby is in sync."
                         : "its standby is not in sync yet: 'tandemqctl wait --in-sync'.");
  if (other_leads)
    return "The node " + look.peer + " leads now and serves the clients; " + look.node +
           (look.in_sync ? " is in sync." : " is not in sync yet.") +
           " To have it lead again: 'tandemqctl wait --in-sync --timeout=10m && tandemqctl "
           "switchover' on either node.";
  return "This node does not lead, and does not see that the other one does: ask 'tandemqctl "
         "status' on both. If neither leads within a minute, 'tandemqctl promote' on the one with "
         "the higher log position.";
}

Result<std::vector<DrillTarget>> drill_targets(const Config& config, const std::string& named) {
  if (!named.empty()) return named_targets(named);
  const std::string missing = "--probe=HOST:PORT says where the clients connect.";
  if (config.listeners.empty()) return failure("No listener is known here: " + missing);
  const auto listener =
      std::max_element(config.listeners.begin(), config.listeners.end(),
                       [](const auto& one, const auto& other) { return rank(one) < rank(other); });
  if (is_closed_here(*listener)) return failure("No listener can be tried from here: " + missing);
  if (listener->port == 0) return failure("The listener has any port that is free: " + missing);
  const bool plain = listener->scheme == kPlain;
  const std::string& address = config.failover.vip_address;
  if (!address.empty())
    return std::vector<DrillTarget>{{without_prefix(address), listener->port, plain}};
  const auto peer = parse_host_port(config.replication.peer);
  if (!peer) return failure(peer.error().text);
  std::vector<DrillTarget> targets{{reachable(listener->host), listener->port, plain}};
  if (peer->host != targets.front().host) targets.push_back({peer->host, listener->port, plain});
  return targets;
}

Json drill_row(const char* step, std::string what, Json value) {
  return {{"step", step}, {"what", std::move(what)}, {"value", std::move(value)}};
}

std::vector<Json> rows_of(const char* step, const DrillLook& look) {
  std::vector<Json> rows = {
      drill_row(step, "leads", look.leads ? look.node : look.peer),
      drill_row(step, "term", look.term), drill_row(step, "log position of " + look.node, look.lsn),
      drill_row(step, "log position of " + look.peer, look.peer_lsn),
      drill_row(step, "durable sessions of " + look.node, look.durable_sessions)};
  if (look.digest.empty()) return rows;
  rows.push_back(drill_row(step, "digest of " + look.node, look.digest));
  rows.push_back(drill_row(step, "digest of " + look.peer, look.peer_digest));
  return rows;
}

std::vector<Json> rows_of(const char* step, const DrillLook& before, const DrillMove& move) {
  return {drill_row(step, "leads", move.to),
          drill_row(step, "term", move.term),
          drill_row(step, "its first record", move.lsn),
          drill_row(step, "records lost", lost_records(before, move)),
          drill_row(step, "move, ms", move.took_ms),
          drill_row(step, "clients not served, ms", move.gap_ms ? Json(*move.gap_ms) : Json()),
          drill_row(step, "probes", move.probes),
          drill_row(step, "- answered", move.answered),
          drill_row(step, "in sync again after, ms", move.sync_ms)};
}

std::vector<Json> rows_of(const DrillVerdict& verdict) {
  constexpr const char* kStep = "result";
  std::vector<Json> rows = {
      drill_row(kStep, "RPO, records", verdict.rpo_records),
      drill_row(kStep, "RTO, ms", verdict.rto_ms ? Json(*verdict.rto_ms) : Json()),
      drill_row(kStep, "as before", verdict.troubles.empty())};
  for (const std::string& trouble : verdict.troubles)
    rows.push_back(drill_row(kStep, "trouble", trouble));
  return rows;
}

}  // namespace tandemq
