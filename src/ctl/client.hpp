// AdminClient: a command sent to a broker's admin socket, and its answer. Waits; never retries.
// Owned by main, its thread.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tandemq {

struct CommandFailure {
  enum class Kind : std::uint8_t {
    no_broker,  // Nobody answers on the socket.
    refused,    // The broker says no.
    usage,      // It does not know the command, or not these arguments: another version.
  };
  Kind kind = Kind::refused;
  std::string text;  // A sentence.
};

class AdminClient {
 public:
  // Gets whole lines without their ends, as they come. False ends the command.
  using LineReader = std::function<bool(std::string_view line)>;

  explicit AdminClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  // `live`: the broker may be silent for as long as it likes.
  tl::expected<void, CommandFailure> run(std::string_view command, const Json& arguments, bool live,
                                         const LineReader& read_line) const;

 private:
  std::string socket_path_;
};

}  // namespace tandemq
