#include "broker/adopt.hpp"

#include "broker/will.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tandemq {
namespace {

constexpr std::size_t kPage = 2'048;

// It has come back in the meantime.
bool is_served(const Turn& turn, std::string_view client_id) {
  const Session* session = turn.state.find_session(client_id);
  return session != nullptr && std::as_const(turn.world.connections).of(session->id) != nullptr;
}

void adopt_session(Turn& turn, SessionId id) {
  const Session* session = turn.state.session(id);
  if (session == nullptr || is_served(turn, session->client_id)) return;
  if (session->connected()) {
    turn.happens(Happening::suspended, id, {}, "the broker stopped");
    turn.apply(SessionSuspended{id, session->expiry_s, turn.now});
  }
  turn.watch(turn.state.session(id)->expires_at(), {Due::Kind::session, index(id), {}});
}

void adopt_will(Turn& turn, const std::string& client_id) {
  const auto found = turn.state.wills().find(client_id);
  if (found == turn.state.wills().end() || is_served(turn, client_id)) return;
  const StoredWill& stored = found->second;
  // A session that was not durable has ended with the process, and the delay with it.
  const bool goes_on = turn.state.find_session(client_id) != nullptr;
  const Instant delayed = goes_on ? turn.now.plus_s(stored.will.delay_s) : turn.now;
  schedule_will(turn, client_id, stored.at.is_never() ? delayed : stored.at);
}

// Each does as much as the budget allows, and takes it from there.
void adopt_wills(Turn& turn, Adoption& adoption, std::size_t& budget) {
  std::vector<std::string> clients;
  auto will = turn.state.wills().lower_bound(adoption.will_from);
  for (; will != turn.state.wills().end() && budget > 0; ++will, --budget)
    clients.push_back(will->first);
  adoption.wills_done = will == turn.state.wills().end();
  if (!adoption.wills_done) adoption.will_from = will->first;
  for (const std::string& client_id : clients) adopt_will(turn, client_id);
}

void adopt_sessions(Turn& turn, Adoption& adoption, std::size_t& budget) {
  const std::size_t end = std::min(adoption.session + budget, turn.state.session_slots());
  budget -= end - adoption.session;
  for (; adoption.session < end; ++adoption.session)
    adopt_session(turn, static_cast<SessionId>(adoption.session));
}

void adopt_retained(Turn& turn, Adoption& adoption, std::size_t budget) {
  std::vector<TopicTree::Found> page;
  turn.state.retained_topics().walk(adoption.retained, budget, page);
  for (const TopicTree::Found& found : page)
    turn.watch(turn.state.retained(found.value)->expires_at,
               {Due::Kind::retained, 0, std::string(found.topic)});
}

}  // namespace

void adopt(Turn& turn) {
  turn.world.adoption.emplace();
  turn.world.adoption->session = 1;
  adopt_page(turn);
}

void adopt_page(Turn& turn) {
  Adoption& adoption = *turn.world.adoption;
  std::size_t budget = kPage;
  if (!adoption.wills_done) adopt_wills(turn, adoption, budget);
  if (adoption.wills_done) adopt_sessions(turn, adoption, budget);
  if (budget > 0) adopt_retained(turn, adoption, budget);
  if (adoption.retained.done) return turn.world.adoption.reset();
  turn.world.timers.set(turn.now.plus_ms(1), {Due::Kind::adopt, 0, {}});
}

void adopt_client(Turn& turn, std::string_view client_id) {
  if (!turn.world.adoption) return;
  adopt_will(turn, std::string(client_id));
  const Session* session = turn.state.find_session(client_id);
  if (session != nullptr) adopt_session(turn, session->id);
}

}  // namespace tandemq
