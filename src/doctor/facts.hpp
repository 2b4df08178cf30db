// Facts: what `tandemqctl doctor` has seen of a node, of its machine and of the other node, as
// plain values. What was not to be seen is empty. Collected by ctl/doctor; judged by checks.hpp.
#pragma once

#include "config/config.hpp"
#include "config/finding.hpp"
#include "doctor/keepalived_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandemq::doctor {

struct FileFacts {
  bool exists = false;
  bool readable_by_others = false;  // Than its owner.
  std::string unreadable;           // Why, if it cannot be read at all.
};

// Of a listener with TLS.
struct CertificateFacts {
  std::string listener;  // "mqtts://0.0.0.0:8883"
  std::string problem;   // Why tandemqd would not take it; empty: it would.
  std::int64_t expires_in_s = 0;
  std::string key;  // Its file.
  bool key_readable_by_all = false;
};

struct Facts {
  // The settings of the broker, or of a file if none answers.
  std::optional<Config> config;
  std::vector<Finding> config_findings;

  // The broker.
  std::string no_answer;  // Why it does not answer; empty: it does.
  std::string version;    // Of tandemqd.
  std::string own_version;
  bool leads = false;
  std::string failover_role;  // "paired"; empty: there is no peer.
  std::string phase;          // "nobody leads"; of a standby.
  bool in_sync = false;
  bool outdated = false;
  std::uint64_t files_max = 0;  // It may open so many; 0: not known.
  std::optional<bool> net_raw;  // It has CAP_NET_RAW.
  std::string memory_pressure;  // "publishers"; empty: not known.
  std::uint64_t memory_max_bytes = 0;
  std::optional<bool> vip_here;  // On this machine.

  // The witness, if there is one.
  std::optional<bool> witness_answers;
  std::string witness_trouble;  // Why not, or what is wrong with its record.

  // The other node.
  bool peer_connected = false;
  bool peer_is_self = false;  // replication.peer is where this node listens.
  std::string peer_problem;   // Why there is no connection to it.
  std::string peer_version;
  std::optional<std::int64_t> clock_offset_ms;  // So much is its clock ahead.
  std::optional<bool> peer_vip_here;

  // The machine.
  bool data_dir_exists = false;
  std::uint64_t disk_free_bytes = 0;
  FileFacts secret;  // replication.secret_file
  FileFacts key;     // replication.tls.key
  std::vector<CertificateFacts> certificates;
  FileFacts role_folder;   // The folder of vip.role_file,
  FileFacts claim_folder;  // and of vip.claim_file.
  bool keepalived_runs = false;
  std::string keepalived_path;
  std::string keepalived_unreadable;  // Why.
  std::optional<KeepalivedFile> keepalived;
};

}  // namespace tandemq::doctor
