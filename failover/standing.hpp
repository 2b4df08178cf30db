// Standing: what a node that does not lead knows of itself and of its peer, and whether it may lead
// without an operator who answers for it. Pure values; no clock is asked (invariants I3, I5).
#pragma once

#include "journal/record.hpp"
#include "replication/node_state.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tandemq::failover {

struct Standing {
  NodeState::Role was{};  // When it noted its role last.
  bool outdated = false;  // The primary has gone on without it.
  bool whole = true;      // No full sync is under way, no difference was found.
  bool follows = false;   // A primary is connected.
  bool in_sync = false;   // The last primary has said so last.
  Term term_seen;
  Position end;                      // Of its log.
  std::optional<Position> peer_end;  // Of a peer that has said that it does not lead,
  Term peer_term;                    // and the highest term that it has seen.
  bool peer_yields = false;          // It led with this node in sync, has less, and was told so.
};

enum class Objection : std::uint8_t { none, follows, not_whole, outdated, peer_has_more, unknown };

// Whether the log that ends at `one` may hold what the other does not.
bool is_ahead(const Position& one, const Position& other);
// Why it must not lead: acknowledged messages may be missing here, or somebody leads.
Objection objection_to_lead(const Standing& standing);
// Whether it goes on leading after a restart: it led last, and nobody can have led since.
bool leads_again(const Standing& standing);
// A sentence for the operator.
std::string_view sentence_of(Objection objection);

}  // namespace tandemq::failover
