// Term: the reign of one primary. A term is durable before its first record, which is TermStart; so
// a log says who wrote what. Raft's word; the node in it makes two claims of one number differ.
// Plain values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tandemq {

// One leader a term. Ordered by counter, then by node.
struct Term {
  std::uint64_t counter = 0;
  std::uint64_t node = 0;
  auto operator<=>(const Term&) const = default;
};

using Lsn = std::uint64_t;  // Log sequence number: the first record has 1.

struct TermBegin {
  Term term;
  Lsn first = 0;  // Its first record.
  bool operator==(const TermBegin&) const = default;
};

using TermHistory = std::vector<TermBegin>;  // Oldest first.

// Older ones are forgotten.
inline constexpr std::size_t kTermsKept = 100;

}  // namespace tandemq
