#include "config/files.hpp"

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

LoadedConfig load_config(const std::string& path, const SettingList& command_line) {
  if (path.empty()) return make_config({}, command_line);
  const auto text = read_text_file(path);
  if (text) return make_config(parse_config_text(*text, path), command_line);
  SettingList unread;
  unread.findings.push_back({Finding::Weight::error, text.error().text});
  return make_config(unread, command_line);
}

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
  std::error_code error;
  const auto status = std::filesystem::status(config.data_dir, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status))
    complain("data.dir", "'" + config.data_dir + "' is not a folder");
  return findings;
}

}  // namespace tandemq
