// reload: what differs between the configuration in force and a new one, and what of it a running
// process can take. Pure; the rows of the option table say what is live.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace tandemq {

struct ReloadChange {
  std::string key;
  std::string running;
  std::string wanted;
  bool live = false;  // False: in force after a restart.
};

std::vector<ReloadChange> compare(const Config& running, const Config& wanted);

// `running` with the live options of `wanted`.
Config merged(Config running, const Config& wanted);

std::string sentence_of(const ReloadChange& change);  // For the log and tandemqctl.

}  // namespace tandemq
