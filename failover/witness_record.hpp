// WitnessRecord: what the witness knows of the pair, the value of its one key: who leads in which
// term, and who may be promoted; and the rules by which it may change. A rule gives the record to
// swap in, or says why there is none; that nobody else changed it meanwhile, the swap sees to.
//
//   {"format": 1, "term": {"counter": "7", "node": "81985529216486895"}, "primary": "a",
//    "insync": [{"node": "a", "incarnation": "17", "boot": "7f3c…"}], "mode": "written",
//    "renew": "12", "released": false, "settled": true}
//
// Numbers of 64 bits are text, because most programs that read JSON would round them.
// Plain values; any thread.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "journal/term.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

inline constexpr std::uint64_t kWitnessFormat = 1;

// A node, and since when it has kept what it received.
struct WitnessMember {
  std::string node;
  std::uint64_t incarnation = 0;  // Of its process.
  std::string boot;               // Of its machine.
  bool operator==(const WitnessMember&) const = default;
};

struct WitnessRecord {
  std::uint64_t format = kWitnessFormat;
  Term term;
  std::string primary;
  std::vector<WitnessMember> insync;                // The primary, then its standby if it has one.
  ReplicationMode mode = ReplicationMode::written;  // By which `insync` commits.
  std::uint64_t renew = 0;                          // Rises with every change.
  bool released = false;  // The primary has stepped down; nobody need wait for it.
  // Since it leads, the primary has forced all that it had to its disk. Before, what was said of a
  // standby is still true of it.
  bool settled = false;
  bool operator==(const WitnessRecord&) const = default;
};

std::string witness_text(const WitnessRecord& record);  // On one line.
// The error says what is damaged, or that a newer program has written it.
Result<WitnessRecord> parse_witness_record(std::string_view text);

// Of a cluster that has none yet.
WitnessRecord first_record(const WitnessMember& us, Term term, ReplicationMode mode);

// I5: only a node that is in sync takes over, in a higher term, and the other one is out. Whether
// it still has what it acknowledged, incarnation and boot tell: after a restart not what it had in
// memory, after a reboot not what it had only written. A lone primary that is settled has it.
// `pair_here`: both that are in sync are here and this one has no less, so nothing better can come.
Result<WitnessRecord> claim(const WitnessRecord& record, const WitnessMember& us, Term term,
                            bool pair_here = false);

// These are for the primary, in its own term `ours`: a record of another term is somebody else's.

// I4: the standby is out before anything is acknowledged without it.
Result<WitnessRecord> go_alone(const WitnessRecord& record, Term ours);
// `standby` has all that was ever committed, and every commit waits for it as `mode` says.
Result<WitnessRecord> admit(const WitnessRecord& record, Term ours, const WitnessMember& standby,
                            ReplicationMode mode);
Result<WitnessRecord> renewed(const WitnessRecord& record, Term ours);
// The last word of a primary that serves nobody any more.
Result<WitnessRecord> release(const WitnessRecord& record, Term ours);

}  // namespace tandemq
