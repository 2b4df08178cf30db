// drill: what a drill has seen of a switchover there and back, and what that says: whether one may
// begin, how long clients were not served, whether all is as it was before, and what to do if it is
// not. Pure; ctl/drill_command looks and moves.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

// What a node says of the pair at one moment.
struct DrillLook {
  std::string node;
  std::string peer;
  bool leads = false;
  bool in_sync = false;
  std::uint64_t term = 0;
  std::uint64_t lsn = 0;
  std::uint64_t peer_lsn = 0;
  std::uint64_t committed = 0;  // Of the one that leads, as far as this node knows.
  std::uint64_t durable_sessions = 0;
  // Of `verify`; empty: it was not asked for.
  std::string digest;
  std::string peer_digest;
};
DrillLook drill_look_of(const Json& status);

// One move of the leadership.
struct DrillMove {
  std::string to;
  std::uint64_t term = 0;
  std::uint64_t lsn = 0;  // The first record of the new term.
  std::int64_t took_ms = 0;
  std::optional<std::int64_t> gap_ms;  // None: nobody was served any more.
  std::uint64_t probes = 0;
  std::uint64_t answered = 0;  // Of them.
  std::int64_t sync_ms = 0;    // Until the pair was in sync again.
};

struct Drill {
  DrillLook before;
  DrillMove there;
  DrillLook between;
  DrillMove back;
  DrillLook after;
  std::uint64_t cut_off = 0;  // Records that this node has cut off its log meanwhile.
};

// Why no drill begins, with what this status says.
Result<void> may_drill(const Json& status);

// The longest time without an answer, between the two. `answered_ms` in any order.
std::int64_t longest_gap_ms(std::vector<std::int64_t> answered_ms, std::int64_t from_ms,
                            std::int64_t to_ms);

// Acknowledged records that the new primary did not have.
std::uint64_t lost_records(const DrillLook& before, const DrillMove& move);

struct DrillVerdict {
  std::uint64_t rpo_records = 0;
  std::optional<std::int64_t> rto_ms;  // The longer one of the two gaps.
  std::vector<std::string> troubles;   // Sentences; none: all is as it was before.
};
DrillVerdict judge(const Drill& drill);

// Who leads now, and what to do, after a drill that did not come to its end. Without a status the
// node does not answer.
std::string after_failure(const std::string& began_as, const std::optional<Json>& status);

struct DrillTarget {
  std::string host;
  std::uint16_t port = 0;
  bool speaks_mqtt = true;  // False: TLS or so; that it accepts has to do.
};
// Where clients connect: `named` (HOST:PORT, separated by commas), else the virtual address, else
// the listener of this node and that of its peer, which is taken to have the same port.
Result<std::vector<DrillTarget>> drill_targets(const Config& config, const std::string& named);

// {step, what, value}
Json drill_row(const char* step, std::string what, Json value);
std::vector<Json> rows_of(const char* step, const DrillLook& look);
std::vector<Json> rows_of(const char* step, const DrillLook& before, const DrillMove& move);
std::vector<Json> rows_of(const DrillVerdict& verdict);

}  // namespace tandemq
