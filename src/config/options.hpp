// options: one row for each key of the configuration, and what follows from a row alone: taking a
// value from text, writing it back, saying what is allowed. The rows stand in options_table.cpp; a
// default stands only in config.hpp.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tandemq {

// The member of a Config that a row is about. Its type is the kind of the option.
using ConfigField =
    std::variant<bool*, std::uint8_t*, std::uint16_t*, std::uint32_t*, std::uint64_t*, std::string*,
                 QueueFull*, ReplicationMode*, FailoverPolicy*, std::vector<ListenerConfig>*,
                 std::vector<AckRule>*, std::vector<std::string>*>;

// What is allowed. A text without words may be any MQTT UTF-8.
struct ConfigRange {
  std::uint64_t min = 0;  // Of a number.
  std::uint64_t max = 0;
  bool is_size = false;                     // A number of bytes, may be written as 64K, 1M, 2G.
  std::span<const std::string_view> words;  // Of an enum: in the order of its values.
};

struct ConfigOption {
  enum class Reload : std::uint8_t { live, after_restart };

  std::string_view key;
  ConfigField (*field)(Config&);
  ConfigRange range;
  Reload reload;           // When a running process takes a changed value.
  std::string_view about;  // Sentences for the sample file and the manual page.
};

// In the order in which an operator reads them.
std::span<const ConfigOption> config_options();

const ConfigOption* find_option(std::string_view key);  // Null: there is no such key.
std::string_view nearest_key(std::string_view wrong);   // Empty: nothing looks like it.

// The value of a repeatable option is added, that of another is replaced.
Result<void> set_value(Config& config, const ConfigOption& option, std::string_view value);
void clear_value(Config& config, const ConfigOption& option);  // Back to the default.
bool is_repeatable(const ConfigOption& option);
// Gives `to` the value that `from` has.
void copy_value(const Config& from, Config& to, const ConfigOption& option);

// The values as set_value() takes them: one, or any number for a repeatable option.
std::vector<std::string> values_of(const Config& config, const ConfigOption& option);
std::string value_of(const Config& config, const ConfigOption& option);  // Joined by ", ".
std::string default_of(const ConfigOption& option);
std::string allowed_of(const ConfigOption& option);  // "a number from 1 to 65535".

}  // namespace tandemq
