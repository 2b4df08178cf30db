// Operate: what an operator may do to a running broker, by the same rules as everything else: a
// change goes through Turn::apply, so it is in the log and on the standby before it is answered.
// What may be long is done in pages, so that the clients do not feel it.
#pragma once

#include "base/result.hpp"
#include "broker/route.hpp"
#include "broker/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

inline constexpr std::size_t kOperatePage = 1'000;  // Things touched in one go: about 1 ms.

// Ends the client's connection with DISCONNECT 0x98; the session stays if it may outlive it, and
// the will is published. False if the client is not connected.
bool kick(Turn& turn, std::string_view client_id);

// Ends the session for good, and its connection first. False if there is none.
bool delete_session(Turn& turn, std::string_view client_id);

// Discards what waits in the client's queue, oldest first, at most a page; what is in flight stays.
// How many were discarded, each counted as purged; nothing if there is no such session.
std::optional<std::size_t> purge_queue(Turn& turn, std::string_view client_id);

// Deletes the retained messages that the filter matches, a page further; how many that were. The
// cursor says when all has been looked at.
std::size_t delete_retained(Turn& turn, std::string_view filter, TopicCursor& cursor);

// A message of the operator's own. The error says why it was not published, then nobody got it.
Result<Routed> publish_message(Turn& turn, Message message);

}  // namespace tandemq
