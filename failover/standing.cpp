#include "failover/standing.hpp"

namespace tandemq::failover {
namespace {

// What a node that led alone let out was on its own disk, so a longer log of the same term holds
// nothing more that was acknowledged.
bool peer_has_more(const Standing& standing) {
  if (!standing.peer_end || !is_ahead(*standing.peer_end, standing.end)) return false;
  return standing.was != NodeState::Role::solo || standing.peer_end->term != standing.end.term;
}

}  // namespace

bool is_ahead(const Position& one, const Position& other) {
  return one.term != other.term ? other.term < one.term : other.lsn < one.lsn;
}

Objection objection_to_lead(const Standing& standing) {
  if (standing.follows) return Objection::follows;
  if (!standing.whole) return Objection::not_whole;
  if (standing.outdated) return Objection::outdated;
  if (peer_has_more(standing)) return Objection::peer_has_more;
  const bool is_new = standing.end.lsn == 0 && standing.term_seen == Term{};
  const bool led_alone = standing.was == NodeState::Role::solo;
  if (standing.in_sync || standing.peer_end || led_alone || is_new) return Objection::none;
  return Objection::unknown;
}

bool leads_again(const Standing& standing) {
  // All that it had is here, and the end of its log too; it will not lead again.
  if (standing.peer_yields && standing.whole && !standing.outdated) return true;
  if (standing.was == NodeState::Role::standby) return false;
  if (standing.was == NodeState::Role::primary && !standing.peer_end) return false;
  return !peer_has_more(standing);
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
