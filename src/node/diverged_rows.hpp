// DivergedRows: what a tail of a log holds, as rows for a person, one a mutation. Sessions that
// were opened in the tail have the name of their client, others their number: what the tables say
// about a number now may be about another session.
// Owned by a `diverged show`; its thread.
#pragma once

#include "admin/json.hpp"
#include "journal/record.hpp"

#include <map>
#include <string>
#include <vector>

namespace tandemq {

class DivergedRows {
 public:
  explicit DivergedRows(bool messages_only) : messages_only_(messages_only) {}

  void take(const OpenedRecord& record, std::vector<Json>& rows);

 private:
  [[nodiscard]] std::string client_of(SessionId session) const;

  bool messages_only_;
  std::map<SessionId, std::string> clients_;  // By the sessions that are open, as far as is known.
};

}  // namespace tandemq
