#include "ctl/doctor.hpp"

#include "base/version.hpp"
#include "config/files.hpp"
#include "config/listener_tls.hpp"
#include "config/listener_url.hpp"
#include "ctl/network.hpp"
#include "ctl/printer.hpp"
#include "ctl/settings_source.hpp"
#include "ctl/status.hpp"
#include "doctor/checks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr const char* kConfigFile = "/etc/tandemq/tandemq.conf";
constexpr const char* kKeepalivedFile = "/etc/keepalived/keepalived.conf";

template <class Value>
std::optional<Value> maybe(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return found->template get<Value>();
}

doctor::FileFacts look_at(const std::string& path) {
  doctor::FileFacts facts;
  if (path.empty()) return facts;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  facts.exists = fs::exists(status);
  if (error && status.type() != fs::file_type::not_found) facts.unreadable = error.message();
  using fs::perms;
  facts.readable_by_others =
      (status.permissions() & (perms::group_read | perms::others_read)) != perms::none;
  return facts;
}

doctor::FileFacts look_at_folder_of(const std::string& path) {
  return look_at(path.empty() ? path : fs::path(path).parent_path().string());
}

// The addresses of a name; none if it has none.
std::vector<std::string> addresses_of(const std::string& host) {
  std::vector<std::string> all;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return all;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      all.emplace_back(text.data());
  }
  return all;
}

// Whether who dials the peer comes to where this node listens.
bool is_self(const ReplicationConfig& config) {
  const auto peer = parse_host_port(config.peer);
  const auto listen = parse_host_port(config.listen);
  const auto here = network_addresses();
  if (!peer || !listen || !here || peer->port != listen->port) return false;
  const std::vector<std::string> ours = addresses_of(listen->host);
  const bool everywhere = std::any_of(ours.begin(), ours.end(), [](const std::string& one) {
    return same_address(one, "0.0.0.0") || same_address(one, "::");
  });
  for (const std::string& address : addresses_of(peer->host)) {
    const auto is_it = [&](const auto& one) { return same_address(one, address); };
    const auto is_here = [&](const NetworkAddress& one) { return is_it(one.address); };
    if (std::any_of(ours.begin(), ours.end(), is_it)) return true;
    if (everywhere && std::any_of(here->begin(), here->end(), is_here)) return true;
  }
  return false;
}

bool process_runs(const std::string& name) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto text = read_text_file(entry.path().string() + "/comm");
    if (text && *text == name + "\n") return true;
  }
  return false;
}

void take_status(const Json& status, doctor::Facts& facts) {
  facts.version = text_of(status, "version");
  facts.leads = text_of(status, "role") == "primary";
  const Json peer = part_of(status, "peer");
  facts.failover_role = text_of(part_of(status, "failover"), "role");
  facts.phase = text_of(part_of(status, "replication"), "phase");
  facts.outdated = part_of(status, "replication").value("outdated", false);
  facts.in_sync = peer.value("in_sync", false);
  facts.peer_connected = peer.value("connected", false);
  facts.peer_problem = text_of(peer, "problem");
  facts.vip_here = maybe<bool>(part_of(status, "vip"), "here");
  const Json witness = part_of(status, "witness");
  facts.witness_answers = maybe<bool>(witness, "answers");
  facts.witness_trouble = text_of(witness, "trouble");
  const Json process = part_of(status, "process");
  facts.files_max = process.value("files_max", std::uint64_t{0});
  facts.net_raw = maybe<bool>(process, "net_raw");
  const Json memory = part_of(status, "memory");
  facts.memory_pressure = text_of(memory, "pressure");
  facts.memory_max_bytes = memory.value("max_bytes", std::uint64_t{0});
  if (!facts.peer_connected) return;  // What it said before may be true no more.
  facts.peer_version = text_of(peer, "version");
  facts.clock_offset_ms = maybe<std::int64_t>(peer, "clock_offset_ms");
  facts.peer_vip_here = maybe<bool>(peer, "vip_here");
}

// The settings of the broker; or those of the file that is named, or of the usual one.
void take_settings(const AdminClient& client, const std::string& file, doctor::Facts& facts) {
  if (file.empty() && facts.no_answer.empty()) {
    auto asked = ask_settings(client);
    if (asked) facts.config = std::move(asked->config);
    return;
  }
  std::error_code error;
  const std::string path = file.empty() ? kConfigFile : file;
  if (file.empty() && !fs::exists(path, error)) return;
  LoadedConfig read = read_settings(path);
  facts.config_findings = std::move(read.findings);
  if (!any_error(facts.config_findings)) facts.config = std::move(read.config);
}

bool may_all_read(const std::string& path) {
  std::error_code unseen;
  const fs::perms permissions = fs::status(path, unseen).permissions();
  return !unseen && (permissions & fs::perms::others_read) != fs::perms::none;
}

// Those that the broker shows.
void take_certificates(const AdminClient& client, Instant now, doctor::Facts& facts) {
  const auto take = [&](std::string_view line) {
    const Result<Json> row = parse_json(line);
    if (!row || !row->is_object()) return true;
    doctor::CertificateFacts& one = facts.certificates.emplace_back();
    one.listener = text_of(*row, "listener");
    one.expires_in_s = (row->value("expires_at", std::int64_t{0}) - now.ms) / kMsPerSecond;
    one.key = text_of(*row, "key");
    one.key_readable_by_all = may_all_read(one.key);
    return true;
  };
  // An older broker does not know them.
  static_cast<void>(client.run("tls list", Json::object(), false, take));
}

// Those that it would show.
std::vector<doctor::CertificateFacts> look_at_certificates(const Config& config, Instant now) {
  std::vector<doctor::CertificateFacts> all;
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.tls) continue;
    doctor::CertificateFacts& facts = all.emplace_back();
    facts.listener = listener.url.substr(0, listener.url.find('?'));
    facts.key = listener.tls->key;
    facts.key_readable_by_all = may_all_read(facts.key);
    const auto made = make_listener_context(listener);
    if (!made) facts.problem = made.error().text;
    if (made) facts.expires_in_s = made->expires_at_s - now.ms / kMsPerSecond;
    if (made && made->certificate.empty()) all.pop_back();  // It has shared keys only.
  }
  return all;
}

void take_machine(const std::string& keepalived_file, doctor::Facts& facts) {
  const Config& config = *facts.config;
  std::error_code error;
  facts.data_dir_exists = fs::is_directory(config.data_dir, error);
  const fs::space_info space = fs::space(config.data_dir, error);
  if (!error) facts.disk_free_bytes = space.available;
  facts.secret = look_at(config.replication.secret_file);
  facts.key = look_at(config.replication.tls_key);
  facts.role_folder = look_at_folder_of(config.failover.vip_role_file);
  facts.claim_folder = look_at_folder_of(config.failover.vip_claim_file);
  if (!config.replication.peer.empty()) facts.peer_is_self = is_self(config.replication);
  if (config.failover.vip_role_file.empty()) return;
  facts.keepalived_runs = process_runs("keepalived");
  facts.keepalived_path = keepalived_file.empty() ? kKeepalivedFile : keepalived_file;
  const auto text = read_text_file(facts.keepalived_path);
  if (text) {
    facts.keepalived = doctor::read_keepalived_file(*text);
  } else {
    facts.keepalived_unreadable = text.error().text;
  }
}

Json to_json(const doctor::Verdict& verdict) {
  return {{"check", verdict.check},
          {"state", doctor::name_of(verdict.level)},
          {"finding", verdict.text}};
}

}  // namespace

int run_doctor(const std::string& socket, const Request& request, Instant now) {
  doctor::Facts facts;
  facts.own_version = kVersion;
  const AdminClient client(socket);
  if (const auto status = client.ask("status", Json::object())) {
    take_status(*status, facts);
  } else {
    facts.no_answer = status.error().text;
  }
  take_settings(client, text_of(request.arguments, "config"), facts);
  if (facts.config) take_machine(text_of(request.arguments, "keepalived_conf"), facts);
  if (facts.no_answer.empty() && text_of(request.arguments, "config").empty()) {
    take_certificates(client, now, facts);
  } else if (facts.config) {
    facts.certificates = look_at_certificates(*facts.config, now);
  }

  Printer printer(*request.command, request.json, false);
  bool good = true;
  for (const doctor::Verdict& verdict : doctor::examine(facts)) {
    good = good && verdict.level != doctor::Verdict::Level::error;
    std::cout << printer.take(json_text(to_json(verdict)), now);
  }
  std::cout << printer.finish(true, now) << std::flush;
  return good ? kDone : kRefused;
}

}  // namespace tandemq
