// Verify: whether all that a store holds can be read and fits together: each row, each record of
// the log in its chain, the State that follows from them, its invariants. It changes nothing that
// counts. The thread that calls it, which waits.
#pragma once

#include "recovery/recover.hpp"
#include "store/rocks_store.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tandemq {

struct Verification {
  Position position;  // Where the log ends.
  Lsn tables_at = 0;
  Lsn first_lsn = 0;
  Instant last_at = Instant::never();  // When the last record was sealed; never if there is none.
  std::array<std::uint64_t, kTableCount> rows{};
  std::uint64_t records = 0;   // Of the log.
  std::uint64_t replayed = 0;  // Of them, those that the tables do not hold.
  std::uint64_t sessions = 0;
  std::uint64_t messages = 0;
  std::uint64_t digest = 0;  // State::digest().
  std::vector<Damage> damage;
  std::vector<std::string> broken;  // Invariants.

  [[nodiscard]] bool sound() const { return damage.empty() && broken.empty(); }
};

// Of a store that is open.
Verification verify_store(const Store& store,
                          const std::function<void(const std::string&)>& progress);

// Opens the store in `folder`, which no process may use; what cannot be read is in the damage. The
// error: it cannot be opened at all, or is damaged as a whole.
Result<Verification> verify_folder(const std::string& folder,
                                   const std::function<void(const std::string&)>& progress);

// The first few findings, as sentences.
std::string report_of(const Verification& verification);

// Where the tables stand; 0 if that cannot be read, or they are empty.
Lsn tables_at_of(const Store& store);

}  // namespace tandemq
