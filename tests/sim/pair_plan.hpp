// PairPlan: what one run of two nodes consists of, drawn from its seed: the plan of the broker and
// its clients, the mode of replication, and how often what fails.
// Plain values.
#pragma once

#include "tests/sim/luck.hpp"
#include "tests/sim/plan.hpp"

#include <cstdint>
#include <string_view>

namespace tandemq::sim {

struct PairPlan {
  Plan plan;
  bool forces = false;              // The operator may lead with a node that may lack something.
  std::uint32_t wire_lag_ms = 0;    // Of a frame, at the most.
  std::uint32_t trouble = 0;        // Once in so many steps, for each kind of trouble.
  std::uint32_t restart_steps = 0;  // A node that is down stays so about as long.
  bool second_path = false;         // Datagrams between the nodes; see BeatNet.
  bool channels = false;            // Frames pass a Channel, on which bits are flipped.
  bool witness = false;             // There is one, and it decides.
  std::uint32_t witness_lost_once_in = 40;  // Of what is asked there, and of the answers.
  std::uint32_t dies_early = 0;  // One of so many leaders, before its first record; 0: none.
};

// `more`: for what was added later, so that a seed stays what it was.
PairPlan pair_plan_for(Luck& luck, Luck& more);
std::string_view name_of(ReplicationMode mode);

// Deliberate faults of the shells, each of which the judges must notice.
enum class PairFault : std::uint8_t {
  none,
  acknowledges_early,  // The primary takes a record for committed as soon as it is sealed.
  skips_a_record,      // A record does not get into the standby's store as it came.
  wrong_fork,          // A Welcome names another position than the fork.
  applies_twice,       // The standby applies a mutation once more.
  trims_too_early,     // The log does not wait for the standby, and the primary hides it.
  ignores_the_term,    // A node follows and feeds whoever comes, whatever the terms say.
  forgets_term_start,  // The newest term is missing in the history of a Hello.
  loses_incoming,      // The image lacks the QoS 2 packet ids that are open.
  releases_unordered,  // Outputs leave in another order than their records.
  promotes_behind,     // Whoever is asked leads, whatever it lacks.
  tables_unsettled,    // The standby's tables take what is not committed.
  alone_unnoted,       // The primary goes on alone before node.state says so.
  skips_a_row,         // The image lacks a row, and counts and sums say otherwise.
  flushed_too_early,   // The standby says flushed before it has written anything.
  keeps_the_tail,      // A tail that the primary does not have is not cut off.
  alone_unproven,      // A primary goes on alone although its standby may have taken over.
  claims_anyway,       // A standby takes over from a primary that it has let lead again.
  notes_nothing,       // A standby says that it has noted that it is outdated, and has not.
  claims_cut_off,      // A standby takes over although no gateway answers it.
  alone_cut_off,       // A primary goes on alone although none does.
  forgets_its_offer,   // A primary that has offered to lead no more leads again unasked.
  count
};
std::string_view name_of(PairFault fault);

}  // namespace tandemq::sim
