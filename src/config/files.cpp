#include "config/files.hpp"

#include "config/listener_tls.hpp"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace tandemq {
namespace {

// No configuration, password or ACL file is near it; a device or a log given by mistake is not
// read to its end.
constexpr std::size_t kFileSizeMax = 64 * 1'024 * 1'024;
// Random ones cannot be guessed; the words of a person are at least not tried in an afternoon.
constexpr std::size_t kSecretSizeMin = 16;

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const auto unreadable = [&](const std::string& why) {
    return failure("'" + path + "' cannot be read: " + why);
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unreadable("it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::generic_category().message(errno));
  std::string text;
  std::string part(64 * 1'024, '\0');
  while (file) {
    file.read(part.data(), static_cast<std::streamsize>(part.size()));
    text.append(part, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kFileSizeMax) return unreadable("it is larger than 64 MB");
  }
  if (!file.eof()) return unreadable(std::generic_category().message(errno));
  return text;
}

Result<std::string> read_secret(const std::string& path) {
  const std::string remedy =
      "; make it with 'openssl rand -hex 32 > " + path + "' and copy it to both nodes";
  auto secret = read_first_line(path);
  if (!secret) return failure(secret.error().text + remedy);
  if (secret->size() >= kSecretSizeMin) return secret;
  return failure("the first line of '" + path + "' has " + std::to_string(secret->size()) +
                 " bytes, a secret has 16 or more" + remedy);
}

Result<std::string> read_first_line(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  std::string line = text->substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

LoadedConfig load_config(const std::string& path, const SettingList& command_line) {
  if (path.empty()) return make_config({}, command_line);
  const auto text = read_text_file(path);
  if (text) return make_config(parse_config_text(*text, path), command_line);
  SettingList unread;
  unread.findings.push_back({Finding::Weight::error, text.error().text});
  return make_config(unread, command_line);
}

namespace {

void check_closed(const std::string& key, const std::string& path, std::vector<Finding>& findings) {
  using std::filesystem::perms;
  std::error_code error;
  const perms others =
      std::filesystem::status(path, error).permissions() & (perms::group_read | perms::others_read);
  if (error || others == perms::none) return;
  findings.push_back({Finding::Weight::warning,
                      key + "others than its owner may read '" + path + "'; chmod 600 it"});
}

void check_secret(const std::string& path, std::vector<Finding>& findings) {
  if (path.empty()) return;
  const std::string key = "replication.secret_file: ";
  if (const auto secret = read_secret(path); !secret) {
    findings.push_back({Finding::Weight::error, key + secret.error().text});
    return;
  }
  check_closed(key, path, findings);
}

void check_listeners(const Config& config, std::vector<Finding>& findings) {
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.tls) continue;
    const auto made = make_listener_context(listener);
    if (!made) findings.push_back({Finding::Weight::error, made.error().text});
    if (made && !made->warning.empty())
      findings.push_back({Finding::Weight::warning, made->warning});
    if (!made) continue;
    for (const std::string& note : made->notes)
      findings.push_back({Finding::Weight::warning, note});
    if (!listener.tls->psk.empty())
      check_closed("listener = '" + listener.url + "': psk: ", listener.tls->psk, findings);
  }
}

}  // namespace

std::vector<Finding> check_files(const Config& config) {
  std::vector<Finding> findings;
  const auto complain = [&](std::string_view key, const std::string& why) {
    findings.push_back({Finding::Weight::error, std::string(key) + ": " + why});
  };
  const auto check_readable = [&](std::string_view key, const std::string& path) {
    if (path.empty()) return;
    const auto text = read_text_file(path);
    if (!text) complain(key, text.error().text);
  };
  check_readable("auth.password_file", config.auth.password_file);
  check_readable("auth.acl_file", config.auth.acl_file);
  check_readable("auth.jwt_keys", config.auth.jwt_keys);
  const ReplicationConfig& replication = config.replication;
  check_readable("replication.tls.cert", replication.tls_cert);
  check_readable("replication.tls.key", replication.tls_key);
  check_readable("replication.tls.ca", replication.tls_ca);
  check_secret(replication.secret_file, findings);
  check_listeners(config, findings);
  std::error_code error;
  const auto status = std::filesystem::status(config.data_dir, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status))
    complain("data.dir", "'" + config.data_dir + "' is not a folder");
  return findings;
}

}  // namespace tandemq
