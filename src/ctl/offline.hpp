// offline: the commands that tandemqctl does by itself, on the files of a broker that does not run.
// Called by main, its thread, which waits.
#pragma once

#include "admin/command.hpp"
#include "admin/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tandemq {

struct OfflineAnswer {
  Json record;
  std::vector<std::string> findings;  // Sentences: what is damaged.
};

// The command is one that can be done offline, the arguments are checked. `progress` is told now
// and then how far it is.
Result<OfflineAnswer> answer_offline(const Command& command, const Json& arguments, Instant now,
                                     const std::function<void(const std::string&)>& progress);

}  // namespace tandemq
