// AdminClient: a command sent to a broker's admin socket, and its answer. Waits; never retries.
// Owned by main, its thread.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"

#include <chrono>
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

  // `patience`: with a broker that says nothing; it gives up by itself after 5 s.
  explicit AdminClient(std::string socket_path,
                       std::chrono::milliseconds patience = std::chrono::seconds(30))
      : socket_path_(std::move(socket_path)), patience_(patience) {}

  // `live`: the broker may be silent for as long as it likes.
  tl::expected<void, CommandFailure> run(std::string_view command, const Json& arguments, bool live,
                                         const LineReader& read_line) const;
  // Of a command that is answered by one object.
  [[nodiscard]] tl::expected<Json, CommandFailure> ask(std::string_view command,
                                                       const Json& arguments) const;

 private:
  std::string socket_path_;
  std::chrono::milliseconds patience_;
};

}  // namespace tandemq
