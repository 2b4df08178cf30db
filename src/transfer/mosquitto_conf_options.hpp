// The options of Mosquitto 2.0, one row each: how far an option reaches there, which key stands for
// it here, and what an operator has to know. Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tandemq {

struct MosquittoOption {
  enum class Scope : std::uint8_t {
    everywhere,  // One value for the broker; the last one holds.
    listener,    // Of the listener above it.
    security,    // Of the listener above it if per_listener_settings is true, or else everywhere.
    bridge,      // Of the bridge above it, about which one sentence is enough.
  };
  // What becomes of the value.
  enum class Value : std::uint8_t {
    number,
    flag,
    path,
    other,  // It is looked at by name, or only told.
  };

  std::string_view name;
  Scope scope{};
  Value value{};
  std::string_view key;          // Ours; empty: there is none, or it is not a plain copy.
  std::uint64_t zero_means = 0;  // For numbers whose 0 says "no limit".
  std::string_view advice;       // Told whenever the option is there. Empty: nothing to tell.
};

std::span<const MosquittoOption> mosquitto_options();
// Null: Mosquitto 2.0 has no such option.
const MosquittoOption* find_mosquitto_option(std::string_view name);

}  // namespace tandemq
