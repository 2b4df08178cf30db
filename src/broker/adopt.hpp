// Adopt: a State that was recovered or handed over is taken over. Everybody in it has lost the
// connection just now: their sessions are suspended, their wills fall due, and what expires gets
// its timer. That is done in pages, so that a broker of a million sessions serves at once; a client
// that comes meanwhile is adopted first. Core thread.
#pragma once

#include "broker/turn.hpp"

#include <string_view>

namespace tandemq {

// Begins, with the first page.
void adopt(Turn& turn);
// The next one; sets the timer for the one after it.
void adopt_page(Turn& turn);
// What is left of this client, before it is served.
void adopt_client(Turn& turn, std::string_view client_id);

}  // namespace tandemq
