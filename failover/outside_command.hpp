// OutsideCommand: a program of the operator's that this one starts and waits for, without ever
// blocking its thread. There is no shell in between: the text of a setting is a program and its
// arguments, separated by blanks; what needs a shell is written into a script. The program gets
// /dev/null as its input, none of our descriptors, and a process group of its own; when its time is
// up, the group is killed. One at a time. Owned by failover's shell; one io_context, one thread.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

namespace tandemq {

// The program and its arguments. The error says what is wrong with the text, without its key.
Result<std::vector<std::string>> parse_command(const std::string& text);

struct CommandEnd {
  bool succeeded = false;  // Exit code 0, in time.
  std::string what;        // "it ended with exit code 3", for the log.
  std::string output;      // What it wrote to stdout and stderr, as far as it is kept.
};

class OutsideCommand {
 public:
  using Done = std::function<void(const CommandEnd&)>;
  static constexpr std::size_t kOutputBytesMax = 4096;  // The rest is read and forgotten.

  explicit OutsideCommand(asio::io_context& io);
  ~OutsideCommand();  // As cancel().
  OutsideCommand(const OutsideCommand&) = delete;
  OutsideCommand& operator=(const OutsideCommand&) = delete;

  // Only when none runs. `done` is called once, never from here, and not after cancel().
  void run(const std::vector<std::string>& words, std::uint32_t timeout_ms, Done done);
  // Kills it.
  void cancel();
  [[nodiscard]] bool is_running() const;

 private:
  struct Process;
  asio::io_context& io_;
  std::shared_ptr<Process> process_;  // The last one; it lives until its process has ended.
};

}  // namespace tandemq
