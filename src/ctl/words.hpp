// words: what a command line of tandemqctl asks for. Pure: reads no environment and prints nothing.
#pragma once

#include "admin/command.hpp"
#include "admin/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {

struct Request {
  enum class Action : std::uint8_t {
    run,      // The command, with its arguments.
    help,     // --help: of the topic, the beginning of a command's name, or of everything.
    version,  // --version
  };

  Action action = Action::run;
  std::string socket;  // --socket; empty: not given.
  bool json = false;   // --json
  std::string topic;   // Of help.
  const Command* command = nullptr;
  Json arguments = Json::object();  // As check_arguments() wants them.
  std::string file;                 // --file; empty: not given.
  bool payload_stdin = false;       // --stdin
};

// `words` are those behind the name of the program. Options may stand anywhere, "--" ends them. The
// error says what is wrong and how to get on.
Result<Request> parse_words(const std::vector<std::string>& words);

}  // namespace tandemq
