// Recover: a State from a Store: the rows of the tables, then the records of the log behind
// `tables_at`, then State::check(). What cannot be read or does not fit is set aside as Damage, and
// all else is taken; whether a node may serve then is for the caller to decide. It writes nothing.
// Pure over the Store; the thread that is going to own the State.
#pragma once

#include "base/result.hpp"
#include "session/state.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tandemq {

// A part that could not be taken.
struct Damage {
  std::string where;  // "session row 00000005", "record 17"
  std::string what;   // "checksum does not match"
  std::string bytes;  // As far as they could be read.
};

struct Recovery {
  Position position;  // Where the log ends.
  Lsn tables_at = 0;
  std::uint64_t rows = 0;
  std::uint64_t records = 0;  // Replayed.
  std::vector<Damage> damage;
  std::vector<std::string> broken;  // State::check(); never because of damage.
};

struct RecoverOptions {
  std::uint64_t bodies_max_bytes = UINT64_MAX;
  // Told now and then: "loading messages: 1200000".
  std::function<void(const std::string&)> progress;
};

Recovery recover(const Store& store, State& state, const RecoverOptions& options);

// Puts the whole State, as it stands at `at`, into a new store: after damage was set aside the log
// has a hole, and the files it stood in are not trusted any more.
void write_whole(Store& fresh, State& state, const Position& at);

// Sentences for the operator: the first few, and how many there are.
std::string report_of(const Recovery& recovery);

}  // namespace tandemq
