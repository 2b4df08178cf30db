// Revoked: the subscriptions that the rules in force would not grant. They were made under other
// rules, or with roles that the client has not now. They stay in their session and give it nothing;
// when the rules grant them again they go on. So a slip in the ACL file costs nobody a
// subscription. A session is looked at when it first matters after a change: a reload holds nobody
// up. Owned by the broker's World; core thread.
#pragma once

#include "base/ids.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

class Turn;
struct Session;
struct World;

class Revoked {
 public:
  using Filters = std::vector<std::string>;  // Sorted.

  void rules_changed();
  // Somebody else is asked about: the session has another login or none, or it has ended.
  void forget(SessionId session);
  // Null: none, as nearly always. What is found the first time goes to the audit trail.
  const Filters* of(const Turn& turn, const Session& session);

 private:
  std::vector<bool> known_;  // By session.
  std::unordered_map<SessionId, Filters> filters_;
};

// Whether the rules in force grant the session a subscription, by the login it has now.
bool is_granted(const World& world, const Session& session, std::string_view filter);

}  // namespace tandemq
