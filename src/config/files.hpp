// files: reads the configuration file, and asks whether the files that a configuration names can be
// read. Beside tls_files and listener_tls the only unit of this floor that touches the disk.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/finding.hpp"
#include "config/load.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace tandemq {

Result<std::string> read_text_file(const std::string& path);

// The first line of replication.secret_file, without its end. The error names the file and says how
// to make one.
Result<std::string> read_secret(const std::string& path);
// The same of any length.
Result<std::string> read_first_line(const std::string& path);

// The whole way, at start and again on SIGHUP. An empty path: there is no file.
LoadedConfig load_config(const std::string& path, const SettingList& command_line);

std::vector<Finding> check_files(const Config& config);

}  // namespace tandemq
