// What can be wrong with the virtual address, and with the keepalived that moves it.
#include "doctor/checks.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::doctor {
namespace {

constexpr const char* kRestart = "'systemctl restart keepalived'";
constexpr const char* kPrint = "'tandemqctl keepalived-config' prints what it should say";

void check_folder(const char* key, const std::string& path, const FileFacts& folder,
                  Report& report) {
  if (path.empty() || folder.exists) return;
  report.error(std::string(key) + " = " + path +
               ": its folder does not exist, so tandemqd does not start and keepalived would take "
               "the address unasked: make it, give it to the user of tandemqd, then " +
               kRestart);
}

// Where it is, as far as that is known.
void check_place(const Facts& facts, Report& report) {
  const std::string vip = "vip.address = " + facts.config->failover.vip_address;
  const bool here = *facts.vip_here;
  const bool there = facts.peer_vip_here == true;
  if (here && there)
    return report.error(vip + " is on both nodes: " + kRestart +
                        " on the one that does not lead, which removes it there");
  if (!here && facts.peer_vip_here == false)
    return report.error(vip +
                        " is on neither node, so no client reaches the pair: on the primary see "
                        "that keepalived runs and reads vip.role_file");
  if (facts.leads && !here)
    return report.error(vip +
                        (there ? " is on the other node, which does not lead: "
                               : " is not here although this node leads: ") +
                        kRestart + " on both nodes");
  if (!facts.leads && here)
    return report.error(vip + " is here, and this node does not lead: " + kRestart +
                        " removes it at once");
  report.ok(vip + (here ? " is here, and this node leads" : " is not here, and this node follows"));
}

bool tracks(const KeepalivedFile::Instance& instance, const std::string& name) {
  return std::any_of(instance.tracked.begin(), instance.tracked.end(),
                     [&](const auto& one) { return one.name == name; });
}

std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

bool has_address(const KeepalivedFile::Instance& instance, const std::string& vip) {
  return std::any_of(
      instance.addresses.begin(), instance.addresses.end(),
      [&](const std::string& one) { return without_prefix(one) == without_prefix(vip); });
}

// As keepalived names its files in what follows.
struct Judged {
  const std::string& path;
  const KeepalivedFile& file;
  Report& report;

  void error(const std::string& text) const { report.error(path + ": " + text + "; " + kPrint); }

  [[nodiscard]] const KeepalivedFile::TrackFile* find(const std::string& role_file) const {
    const auto found = std::find_if(file.track_files.begin(), file.track_files.end(),
                                    [&](const auto& one) { return one.file == role_file; });
    return found == file.track_files.end() ? nullptr : &*found;
  }
};

void check_role_track(const Judged& judged, const KeepalivedFile::TrackFile& track,
                      const KeepalivedFile::Instance& instance) {
  TrackWeight weight = track.weight;
  for (const KeepalivedFile::Tracked& one : instance.tracked)
    if (one.name == track.name && one.weight) weight = *one.weight;
  if (weight != TrackWeight{0, true})
    judged.error("track_file " + track.name +
                 " needs 'weight 0 reverse': as it is, keepalived takes the address on a node that "
                 "may not hold it");
  if (track.init_file)
    judged.error("track_file " + track.name +
                 " must not have init_file: keepalived would write in tandemqd's place");
}

void check_instance(const FailoverConfig& config, const Judged& judged,
                    const KeepalivedFile::Instance& instance) {
  const std::string named = "vrrp_instance " + instance.name;
  const KeepalivedFile::TrackFile* role = judged.find(config.vip_role_file);
  if (role == nullptr || !tracks(instance, role->name)) {
    judged.error(named + " does not track vip.role_file = " + config.vip_role_file +
                 ": it holds the address whatever tandemqd says");
  } else {
    check_role_track(judged, *role, instance);
  }
  if (instance.nopreempt)
    judged.error(named + " must not have nopreempt: a new primary could not claim the address");
  if (config.vip_claim_file.empty()) return;
  const KeepalivedFile::TrackFile* claim = judged.find(config.vip_claim_file);
  if (claim == nullptr || !tracks(instance, claim->name))
    judged.report.warning(judged.path + ": " + named +
                          " does not track vip.claim_file = " + config.vip_claim_file +
                          ": a primary that hangs keeps the address; " + kPrint);
}

void check_file(const FailoverConfig& config, const Judged& judged) {
  const auto& all = judged.file.instances;
  const auto ours = std::find_if(all.begin(), all.end(), [&](const auto& instance) {
    return config.vip_address.empty() || has_address(instance, config.vip_address);
  });
  if (ours != all.end()) return check_instance(config, judged, *ours);
  if (judged.file.includes)
    return judged.report.warning(judged.path +
                                 " includes other files, which the doctor does not read: name the "
                                 "one that has vip.address with --keepalived-conf");
  judged.error("no vrrp_instance has vip.address = " + config.vip_address);
}

}  // namespace

void check_vip(const Facts& facts, Report& report) {
  if (!facts.config) return;
  const FailoverConfig& config = facts.config->failover;
  const bool is_used = !config.vip_role_file.empty() || !config.vip_command.empty();
  if (!is_used && config.vip_address.empty()) {
    if (!facts.config->replication.peer.empty())
      report.ok("no vip.* is set: clients have to know the addresses of both nodes");
    return;
  }
  check_folder("vip.role_file", config.vip_role_file, facts.role_folder, report);
  check_folder("vip.claim_file", config.vip_claim_file, facts.claim_folder, report);
  if (!is_used)
    return report.warning("vip.address = " + config.vip_address +
                          " is set, and nothing moves it: set vip.role_file for keepalived, or "
                          "vip.command");
  if (config.vip_address.empty())
    return report.warning(
        "vip.address is not set, so nobody sees whether the address is where it should be: set it");
  if (facts.vip_here && facts.no_answer.empty()) check_place(facts, report);
}

void check_keepalived(const Facts& facts, Report& report) {
  if (!facts.config || facts.config->failover.vip_role_file.empty()) return;
  const std::size_t before = report.count();
  if (!facts.keepalived_runs)
    report.error(
        "keepalived does not run, so nothing moves vip.address: 'systemctl enable --now "
        "keepalived'");
  if (!facts.keepalived) {
    return report.warning(facts.keepalived_unreadable +
                          ": run the doctor as root, or name the file with --keepalived-conf");
  }
  check_file(facts.config->failover, {facts.keepalived_path, *facts.keepalived, report});
  if (report.count() == before)
    report.ok("keepalived runs, and " + facts.keepalived_path + " does what tandemqd says");
}

}  // namespace tandemq::doctor
