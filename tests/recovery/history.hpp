// What tests of recovery share: a broker's life without the broker: mutations, sealed as records
// into a store, and now and then its tables.
#pragma once

#include "journal/record.hpp"
#include "session/state.hpp"
#include "store/store.hpp"

#include <string>
#include <vector>

namespace tandemq::tests {

// Of Ann, session 1, and Bob, session 2.
inline constexpr auto kAnn = static_cast<SessionId>(1);
inline constexpr auto kBob = static_cast<SessionId>(2);

MessageStored stored(std::uint64_t id, const std::string& topic, std::string payload);
Queued queued(SessionId session, std::uint64_t sequence, std::uint64_t message);

class History {
 public:
  explicit History(Store& store) : store_(store) {}

  // Applies them and appends them as one record, sealed at this time.
  void record(const std::vector<Mutation>& mutations, std::int64_t at_ms = 1'000);
  void write_tables();

  // Sessions of Ann and Bob, each with a subscription and two messages, a retained message, a will,
  // all in the tables, at record 3.
  void begin();
  // A message to both, records 4 to 6; record 5 is all that Bob's part is in.
  void go_on();

  // Keeps the next records from the store and gives other bytes instead.
  std::string replace_next_by;

  State state;
  Position position{{1, 0}, 0, 0};

 private:
  Store& store_;
  RecordDraft draft_;
};

// Flips a bit in the middle of a row.
void damage_row(Store& store, Table table, const std::string& key);

}  // namespace tandemq::tests
