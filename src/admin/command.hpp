// Command: what can be asked of a running broker or done with its data, in one table that the
// server, tandemqctl, its help and its manual page share: names, arguments, and how a person wants
// to see the answer. Pure values, any thread. What a command does stands in node/commands.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tandemq {

struct CommandArgument {
  enum class Kind : std::uint8_t {
    word,    // By its place: CLIENT
    words,   // All that is left, at least one if required: FILTER...
    option,  // --name=VALUE
    flag,    // --name
  };
  enum class Type : std::uint8_t {
    text,
    number,
    yes,
    path,  // A text; tandemqctl makes it absolute, for the broker stands in another folder.
  };

  std::string_view name;  // The key in the request; with '-' for '_' on a command line.
  Kind kind = Kind::word;
  Type type = Type::text;
  bool required = false;
  std::uint32_t max = 0;                      // Of a number; 0 is the least.
  std::span<const std::string_view> allowed;  // Of a text; empty: any.
  std::string_view about;
  bool local = false;  // For tandemqctl alone; a request does not have it.
};

// How a value of the answer is shown to a person.
struct CommandColumn {
  enum class Show : std::uint8_t {
    text,      // Also numbers and true or false, as they are.
    count,     // 1,234,567
    bytes,     // 1.2 MB
    time,      // Milliseconds since the epoch, as UTC.
    age,       // The same, as how long ago: 3 h 12 min.
    duration,  // Milliseconds, as 3 h 12 min.
    seconds,   // Seconds, as 3 h 12 min; 4294967295 is "never" ending.
    payload,   // The text of a payload, or that it is binary.
  };

  std::string_view key;  // "drops.expired" is expired in drops.
  std::string_view title;
  Show show = Show::text;
};

struct Command {
  enum class Answer : std::uint8_t {
    record,  // One object.
    rows,    // Any number of objects, a line each.
    live,    // The same, each when it happens; there may be no end.
  };
  enum class Place : std::uint8_t {
    broker,    // A running broker answers.
    offline,   // tandemqctl does it itself, on a data.dir that no broker uses.
    either,    // Offline if data_dir is given.
    assisted,  // tandemqctl does it, and sends other commands to a running broker.
  };

  std::string_view name;  // "clients list"
  Answer answer = Answer::record;
  std::span<const CommandArgument> arguments;
  std::span<const CommandColumn> columns;
  std::string_view about;  // Sentences.
  Place place = Place::broker;
};

std::span<const Command> commands();                 // In the order in which help shows them.
const Command* find_command(std::string_view name);  // Null: there is no such command.

// Whether these arguments, an object, are what the command takes. The error says what is wrong.
Result<void> check_arguments(const Command& command, const Json& arguments);

std::string usage_of(const Command& command);  // "clients list [--limit=NUMBER]"
std::string option_of(std::string_view name);  // "session_expiry" is --session-expiry.

}  // namespace tandemq
