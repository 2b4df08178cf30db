#include "failover/standing.hpp"

namespace tandemq::failover {
namespace {

// It has written down that it leads, and has died before the first record of its term: it has let
// nothing out, so its peer may lead as well.
bool has_only_begun(const Standing& standing) {
  return standing.was == NodeState::Role::solo && standing.end.term < standing.term_seen;
}

bool led_alone(const Standing& standing) {
  return standing.was == NodeState::Role::solo && !has_only_begun(standing);
}

// What a node that led alone let out was on its own disk, so a longer log of the same term holds
// nothing more that was acknowledged.
bool peer_has_more(const Standing& standing) {
  if (!standing.peer_end || !is_ahead(*standing.peer_end, standing.end)) return false;
  return !led_alone(standing) || standing.peer_end->term != standing.end.term;
}

// It has begun a term without a record of it, and lacks nothing: of the two it leads.
bool peer_has_begun(const Standing& standing) {
  return standing.peer_end && standing.term_seen < standing.peer_term &&
         !is_ahead(standing.end, *standing.peer_end);
}

}  // namespace

bool is_ahead(const Position& one, const Position& other) {
  return one.term != other.term ? other.term < one.term : other.lsn < one.lsn;
}

Objection objection_to_lead(const Standing& standing) {
  if (standing.follows) return Objection::follows;
  if (!standing.whole) return Objection::not_whole;
  if (standing.outdated) return Objection::outdated;
  if (peer_has_more(standing) || peer_has_begun(standing)) return Objection::peer_has_more;
  const bool is_new = standing.end.lsn == 0 && standing.term_seen == Term{};
  if (standing.in_sync || standing.peer_end || led_alone(standing) || is_new)
    return Objection::none;
  return Objection::unknown;
}

bool leads_again(const Standing& standing) {
  // All that it had is here, and the end of its log too; it will not lead again.
  if (standing.peer_yields && standing.whole && !standing.outdated) return true;
  if (standing.was == NodeState::Role::standby) return false;
  if (!led_alone(standing) && !standing.peer_end) return false;
  return !peer_has_more(standing) && !peer_has_begun(standing);
}

std::string_view sentence_of(Objection objection) {
  switch (objection) {
    case Objection::none:
      return "Nothing speaks against it.";
    case Objection::follows:
      return "A primary is connected: demote it first.";
    case Objection::not_whole:
      return "What is here is not whole: it needs a full sync.";
    case Objection::outdated:
      return "The primary went on without this node: acknowledged messages may be missing.";
    case Objection::peer_has_more:
      return "The peer has more: promote that one.";
    case Objection::unknown:
      break;
  }
  return "This node was not in sync when it last heard of the primary.";
}

}  // namespace tandemq::failover
