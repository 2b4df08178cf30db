// Moment: a point in time as an operator writes it. Pure.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <string>
#include <string_view>

namespace tandemq {

// "2026-11-21T10:00:00Z", seconds with a fraction if need be, or milliseconds since 1970.
Result<Instant> parse_moment(std::string_view text);

// "2026-11-21T10:00:00.000Z" (RFC 3339).
std::string rfc3339(Instant at);

}  // namespace tandemq
