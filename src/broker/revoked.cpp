#include "broker/revoked.hpp"

#include "broker/audit_event.hpp"

#include <utility>

namespace tandemq {

void Revoked::rules_changed() {
  known_.clear();
  filters_.clear();
}

void Revoked::forget(SessionId session) {
  if (index(session) >= known_.size()) return;
  known_[index(session)] = false;
  filters_.erase(session);
}

const Revoked::Filters* Revoked::of(const Turn& turn, const Session& session) {
  if (!turn.world.access->has_rules()) return nullptr;
  const std::size_t i = index(session.id);
  if (known_.size() <= i) known_.resize(i + 1);
  if (!known_[i]) {
    known_[i] = true;
    for (const std::string& filter : session.filters) {
      if (is_granted(turn.world, session, filter)) continue;
      filters_[session.id].push_back(filter);
      audit_revoked(turn, session, filter);
    }
  }
  if (filters_.empty()) return nullptr;
  const auto found = filters_.find(session.id);
  return found == filters_.end() ? nullptr : &found->second;
}

bool is_granted(const World& world, const Session& session, std::string_view filter) {
  if (const Connection* connection = std::as_const(world.connections).of(session.id))
    return world.access->may_subscribe(connection->who(), filter);
  return world.access->may_while_away({session.client_id, session.user_name}, Action::subscribe,
                                      filter);
}

}  // namespace tandemq
