// settings_source: the settings of the node that a command is about: those in force in the broker
// that answers, or those of a configuration file. Called by main, its thread, which waits.
#pragma once

#include "config/load.hpp"
#include "ctl/client.hpp"

#include <string>

namespace tandemq {

// The settings as the broker has them; of those that may stand there several times only listener.
tl::expected<LoadedConfig, CommandFailure> ask_settings(const AdminClient& client);
// With all that is wrong with the file, and with the files that it names.
LoadedConfig read_settings(const std::string& path);

}  // namespace tandemq
