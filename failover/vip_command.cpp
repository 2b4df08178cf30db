#include "failover/vip_command.hpp"

#include <utility>

namespace tandemq {

VipCommand::VipCommand(asio::io_context& io, std::vector<std::string> words, std::string address,
                       Ended ended, std::uint32_t timeout_ms)
    : words_(std::move(words)),
      address_(std::move(address)),
      ended_(std::move(ended)),
      timeout_ms_(timeout_ms),
      command_(io) {}

void VipCommand::run(Deed deed) {
  if (command_.is_running()) {
    next_ = deed;
    return;
  }
  start(deed);
}

bool VipCommand::is_busy() const {
  return command_.is_running();
}

// The next one begins before the end of this one is told, so that who hears of it sees that there
// is more to come.
void VipCommand::start(Deed deed) {
  std::vector<std::string> words = words_;
  words.emplace_back(name_of(deed));
  words.push_back(address_);
  command_.run(words, timeout_ms_, [this, deed](const CommandEnd& end) {
    const Ended ended = ended_;  // It may let go of us.
    if (const auto next = std::exchange(next_, std::nullopt)) start(*next);
    ended(deed, end);
  });
}

const char* name_of(VipCommand::Deed deed) {
  return deed == VipCommand::Deed::take ? "take" : "release";
}

}  // namespace tandemq
