// Checksums and digests of bytes: XXH3 with 64 bits. Finds damage and difference; it is no defence
// against somebody who wants them equal.
#pragma once

#include "base/wire.hpp"

#include <cstdint>

namespace tandemq {

std::uint64_t checksum(ByteView bytes, std::uint64_t seed = 0);

}  // namespace tandemq
