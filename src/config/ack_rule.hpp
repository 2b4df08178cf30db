// ack_rule: the levels of acknowledgements as an operator writes them, and the level of a node.
// Pure text and settings.
#pragma once

#include "base/commit_level.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>

namespace tandemq {

// memory, local, standby or standby_flushed; those of a node only: async, received.
std::string_view name(CommitLevel level);
// One of the four that an operator may ask for.
Result<CommitLevel> parse_ack_level(std::string_view text);

// "LEVEL topic FILTER" or "LEVEL user NAME"; the error says what is wrong with it.
Result<AckRule> parse_ack_rule(std::string_view text);
std::string text_of(const AckRule& rule);

constexpr CommitLevel level_of(ReplicationMode mode) {
  switch (mode) {
    case ReplicationMode::async:
      return CommitLevel::async;
    case ReplicationMode::received:
      return CommitLevel::received;
    case ReplicationMode::written:
      return CommitLevel::written;
    case ReplicationMode::flushed:
      break;
  }
  return CommitLevel::flushed;
}
// Whether a record is committed when it is written: of a node without a peer, by its store.sync.
bool is_relaxed(const Config& config);
CommitLevel node_level(const Config& config);

}  // namespace tandemq
