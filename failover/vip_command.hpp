// VipCommand: runs vip.command as COMMAND take ADDRESS when this node gets the virtual IP and
// COMMAND release ADDRESS when it gives it up: for clouds, where gratuitous ARP moves no address.
// One after the other; of what is asked for meanwhile the last one counts, so the command must bear
// being told the same thing twice. It logs nothing: the agent does, from `ended`.
// Owned by the agent; one io_context, one thread.
#pragma once

#include "failover/outside_command.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

namespace tandemq {

class VipCommand {
 public:
  enum class Deed : std::uint8_t { take, release };
  using Ended = std::function<void(Deed, const CommandEnd&)>;
  // A cloud's interface answers within seconds, or not at all.
  static constexpr std::uint32_t kTimeout_ms = 10'000;

  // `words` are those of parse_command(vip.command).
  VipCommand(asio::io_context& io, std::vector<std::string> words, std::string address, Ended ended,
             std::uint32_t timeout_ms = kTimeout_ms);

  void run(Deed deed);
  // Something runs or waits.
  [[nodiscard]] bool is_busy() const;

 private:
  void start(Deed deed);

  std::vector<std::string> words_;
  std::string address_;
  Ended ended_;
  std::uint32_t timeout_ms_;
  std::optional<Deed> next_;
  OutsideCommand command_;
};

const char* name_of(VipCommand::Deed deed);  // "take", "release"

}  // namespace tandemq
