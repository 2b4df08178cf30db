#include "doctor/checks.hpp"

#include "failover/machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tandemq::doctor {
namespace {

constexpr std::uint64_t kOtherFiles = 100;  // Log, listeners, administration, libraries.
constexpr std::int64_t kClocksApart_ms = 1'000;
constexpr std::int64_t kClocksFarApart_ms = 60'000;
constexpr std::string_view kNobodyLeads = "nobody leads";  // As status has it.

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MB";
}

bool runs(const Facts& facts) {
  return facts.no_answer.empty();
}

bool has_peer(const Facts& facts) {
  return facts.config && !facts.config->replication.peer.empty();
}

void check_daemon(const Facts& facts, Report& report) {
  if (!runs(facts))
    return report.error(
        facts.no_answer +
        " Start it with 'systemctl start tandemq'; 'journalctl -u tandemq' says why "
        "it ended.");
  if (facts.version != facts.own_version)
    return report.warning("tandemqd is " + facts.version + ", tandemqctl is " + facts.own_version +
                          ": restart tandemqd after an upgrade");
  report.ok("tandemqd " + facts.version + " answers");
}

void check_configuration(const Facts& facts, Report& report) {
  for (const Finding& finding : facts.config_findings) {
    if (finding.weight == Finding::Weight::error) {
      report.error(finding.text);
    } else {
      report.warning(finding.text);
    }
  }
  if (!facts.config) return report.error("no settings are known: name the file with --config");
  if (facts.config_findings.empty()) report.ok("the settings fit together");
}

void check_data(const Facts& facts, Report& report) {
  if (!facts.config) return;
  const StoreConfig& store = facts.config->store;
  const std::string& folder = facts.config->data_dir;
  if (!facts.data_dir_exists)
    return report.error("data.dir = " + folder +
                        " does not exist or cannot be seen: make it and give it to the user of "
                        "tandemqd, or run the doctor as root");
  const std::string room =
      "the disk of data.dir = " + folder + " has " + megabytes(facts.disk_free_bytes) + " free";
  if (facts.disk_free_bytes < store.floor_bytes)
    return report.error(room + ", store.floor_bytes is " + megabytes(store.floor_bytes) +
                        ": tandemqd does not start; make room (data.dir/quarantine, old backups)");
  if (facts.disk_free_bytes < store.low_bytes)
    return report.error(room + ", store.low_bytes is " + megabytes(store.low_bytes) +
                        ": nothing new is taken; make room (data.dir/quarantine, old backups)");
  if (facts.disk_free_bytes < 2 * store.low_bytes)
    return report.warning(room + ", and below " + megabytes(store.low_bytes) +
                          " (store.low_bytes) nothing new is taken: make room");
  report.ok(room);
}

void check_files_max(const Facts& facts, Report& report) {
  if (!facts.config || facts.files_max == 0) return;
  const std::uint64_t wanted = facts.config->limits.max_connections + kOtherFiles;
  const std::string may = "tandemqd may open " + std::to_string(facts.files_max) + " files";
  if (facts.files_max < wanted)
    return report.warning(may + ", limits.max_connections needs " + std::to_string(wanted) +
                          ": raise LimitNOFILE of the service, or lower limits.max_connections");
  report.ok(may);
}

void check_memory(const Facts& facts, Report& report) {
  if (facts.memory_pressure.empty()) return;
  const std::string most = megabytes(facts.memory_max_bytes) + " (memory.max_bytes)";
  constexpr const char* kMore =
      ": find who publishes so much ('tandemqctl clients list'), give the process more memory, or "
      "lower limits.max_queued_bytes and limits.message_rate";
  if (facts.memory_pressure == "connections")
    return report.error("memory is near " + most + ": nobody is let in" + kMore);
  if (facts.memory_pressure == "publishers")
    return report.warning("memory is near " + most + ": the heaviest publishers are not read from" +
                          kMore);
  report.ok("memory is well below " + most);
}

void check_secret_file(const char* key, const std::string& path, const FileFacts& file,
                       Report& report) {
  if (path.empty()) return;
  const std::string named = std::string(key) + " = " + path;
  if (!file.unreadable.empty())
    return report.warning(named + " cannot be looked at: " + file.unreadable +
                          "; run the doctor as root");
  if (!file.exists)
    return report.error(named +
                        " does not exist: copy it from the other node, or make one with "
                        "'openssl rand -hex 32' for both");
  if (file.readable_by_others)
    return report.warning(named + " may be read by others than its owner: chmod 600 it");
  report.ok(named + " is its owner's alone");
}

void check_secrets(const Facts& facts, Report& report) {
  if (!facts.config) return;
  const ReplicationConfig& replication = facts.config->replication;
  check_secret_file("replication.secret_file", replication.secret_file, facts.secret, report);
  check_secret_file("replication.tls.key", replication.tls_key, facts.key, report);
}

void check_certificate(const CertificateFacts& facts, Report& report) {
  constexpr std::int64_t kDayS = 86'400;
  constexpr std::int64_t kSoonDays = 14;
  constexpr const char* kRenew = ": renew it, then 'tandemqctl tls reload'";
  const std::string named = "the certificate of " + facts.listener;
  const std::int64_t days = facts.expires_in_s / kDayS;
  if (!facts.problem.empty())
    return report.error(facts.problem + "; tandemqd does not start with it");
  if (facts.key_readable_by_all)
    report.warning(facts.key + " may be read by everybody on this machine: chmod 640 it");
  if (facts.expires_in_s <= 0)
    return report.error(named + " has expired, so clients refuse it" + kRenew);
  if (days < kSoonDays)
    return report.warning(named + " expires in " + std::to_string(days) + " days" + kRenew);
  report.ok(named + " is valid for " + std::to_string(days) + " days");
}

void check_certificates(const Facts& facts, Report& report) {
  for (const CertificateFacts& certificate : facts.certificates)
    check_certificate(certificate, report);
}

void check_peer(const Facts& facts, Report& report) {
  if (!facts.config) return;
  const std::string& peer = facts.config->replication.peer;
  if (peer.empty())
    return report.ok("no replication.peer is set: this node is alone, and nothing takes over");
  if (facts.peer_is_self)
    return report.error("replication.peer = " + peer +
                        " is this node itself: put the address of the other node there");
  if (!runs(facts)) return;
  if (facts.peer_connected) return report.ok("the other node at " + peer + " is connected");
  if (facts.phase == kNobodyLeads) return report.ok("the other node at " + peer + " answers");
  const bool told = !facts.peer_problem.empty();
  report.error("the other node at " + peer + " is not connected" +
               (told ? ": " + facts.peer_problem
                     : std::string(": is tandemqd running there, and does its firewall let " +
                                   peer + " through?")));
}

void check_pair(const Facts& facts, Report& report) {
  if (!has_peer(facts) || !runs(facts)) return;
  if (facts.phase == kNobodyLeads)
    return report.error(
        "neither node leads: look at 'tandemqctl status' on both, and 'tandemqctl promote' the one "
        "that has more");
  if (facts.failover_role == "stalled")
    return report.error(
        "the standby is lost and acknowledgements are held: bring it back, or see 'tandemqctl "
        "status' for what the primary waits for");
  if (facts.outdated)
    return report.warning(
        "the primary went on without this node, which would not take over: it is in sync again "
        "when "
        "it has caught up; keep both running");
  if (!facts.in_sync)
    return report.warning(
        "the standby is not in sync, so nobody could take over now: see 'tandemqctl status' for "
        "how "
        "far it is");
  report.ok("both nodes have the same, and the standby could take over");
}

void check_versions(const Facts& facts, Report& report) {
  if (facts.peer_version.empty()) return;
  if (facts.peer_version != facts.version)
    return report.warning("the other node runs " + facts.peer_version + ", this one " +
                          facts.version + ": upgrade the older one, the standby first");
  report.ok("both nodes run " + facts.version);
}

void check_clocks(const Facts& facts, Report& report) {
  if (!facts.clock_offset_ms) return;
  const std::int64_t apart_ms = std::abs(*facts.clock_offset_ms);
  if (apart_ms < kClocksApart_ms)
    return report.ok("the clocks of both nodes are within a second of each other");
  const std::string text = "the clock of the other node is " + std::to_string(apart_ms) + " ms " +
                           (*facts.clock_offset_ms > 0 ? "ahead of" : "behind") +
                           " the one here, so messages and sessions would expire at another time "
                           "after a failover: have NTP (chrony) set both, then restart tandemqd "
                           "where it was wrong";
  if (apart_ms < kClocksFarApart_ms) return report.warning(text);
  report.error(text);
}

void check_witness(const Facts& facts, Report& report) {
  if (!facts.witness_answers) return;
  if (*facts.witness_answers) return report.ok("the witness answers, and has a record");
  report.error("the witness is of no use, so nobody takes over and nobody goes on alone: " +
               (facts.witness_trouble.empty() ? "it has not answered yet" : facts.witness_trouble));
}

// What nobody can promise with two nodes and nothing else.
void check_policy(const Facts& facts, Report& report) {
  if (!has_peer(facts) || !facts.config->witness.etcd.empty()) return;
  switch (failover::settings_of(*facts.config).policy) {
    case FailoverPolicy::automatic:
    case FailoverPolicy::heartbeat:
      return report.ok(
          "failover.policy heartbeat: if the connection between the nodes is cut and both are "
          "alive, both lead until it is back");
    case FailoverPolicy::gateway:
      return report.ok(
          "failover.policy gateway: if the nodes lose each other and both still reach a gateway, "
          "both lead until they meet again");
    case FailoverPolicy::fence:
      return report.ok(
          "failover.policy fence: nobody takes over as long as failover.fence_command fails; try "
          "it "
          "before you need it");
    case FailoverPolicy::manual:
      break;
  }
  report.ok(
      "failover.policy manual: nobody takes over by itself; somebody has to be there for "
      "'tandemqctl promote'");
}

void check_wake(const Facts& facts, Report& report) {
  if (!has_peer(facts) || !facts.net_raw) return;
  if (*facts.net_raw) return report.ok("tandemqd has CAP_NET_RAW and can wake idle clients");
  report.warning(
      "tandemqd has no CAP_NET_RAW: after a takeover an idle client comes back at its next "
      "keep-alive and not at once; add it to AmbientCapabilities and CapabilityBoundingSet of the "
      "service");
}

struct Check {
  std::string_view name;
  void (*judge)(const Facts& facts, Report& report);
};

constexpr Check kChecks[] = {
    {"daemon", check_daemon},     {"configuration", check_configuration},
    {"data", check_data},         {"files", check_files_max},
    {"secrets", check_secrets},   {"certificates", check_certificates},
    {"peer", check_peer},         {"pair", check_pair},
    {"versions", check_versions}, {"clocks", check_clocks},
    {"vip", check_vip},           {"keepalived", check_keepalived},
    {"policy", check_policy},     {"witness", check_witness},
    {"wake", check_wake},         {"memory", check_memory},
};

}  // namespace

void Report::add(Verdict::Level level, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  verdicts_.push_back({check_, level, std::move(text)});
}

std::string_view name_of(Verdict::Level level) {
  constexpr std::string_view kNames[] = {"ok", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::vector<Verdict> examine(const Facts& facts) {
  Report report;
  for (const Check& check : kChecks) {
    report.begin(check.name);
    check.judge(facts, report);
  }
  return report.take();
}

}  // namespace tandemq::doctor
