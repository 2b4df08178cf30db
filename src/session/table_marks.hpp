// TableMarks: which rows of the tables no longer say what the State says, since they were collected
// last. Messages that are stored and acknowledged in between leave no mark, so they cost no row.
// Part of State: changed by State alone.
#pragma once

#include "session/stored_message.hpp"
#include "session/tables.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tandemq {

struct TableMarks {
  std::vector<SessionId> sessions;  // Each has Session::marked set, or has ended.
  std::vector<TableKey> gone;       // Rows whose subject is no more.
  std::vector<TableRange> gone_ranges;
  std::set<std::pair<SessionId, std::string>> filters;
  std::unordered_set<std::string> retained;  // Topics.
  std::unordered_set<std::string> wills;     // Client ids.
  StoredList unwritten;                      // Messages without a row.
  std::uint64_t unwritten_bytes = 0;
  std::size_t unwritten_messages = 0;
  std::size_t unwritten_deliveries = 0;

  // Entries of which one each is left by what comes and goes.
  [[nodiscard]] std::size_t noted() const {
    return sessions.size() + filters.size() + retained.size() + wills.size();
  }
  // How many rows a collection would have to make, about.
  [[nodiscard]] std::size_t rows() const {
    return unwritten_messages + unwritten_deliveries + gone.size() + filters.size() +
           retained.size() + wills.size();
  }
};

}  // namespace tandemq
