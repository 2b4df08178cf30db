// argon2: Argon2id (RFC 9106) of a password, and how much work that is, in the words of its
// reference implementation: "m=KIB,t=PASSES,p=LANES". Slow on purpose, and wants its memory while
// it runs: never on a core or net thread. Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

inline constexpr std::string_view kArgon2Version = "v=19";  // 1.3, the only one in use.

struct Argon2Cost {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
};

// Bounds for what a line may say: a check takes a second or so and 256 MB at the most.
inline constexpr Argon2Cost kArgon2Max{262'144, 50, 16};

Result<Argon2Cost> parse_argon2_cost(std::string_view text);
std::string text_of(const Argon2Cost& cost);
// The cost is within the bounds, the salt has at least 8 bytes. Empty: there was no memory for it.
std::string argon2id(std::string_view password, std::string_view salt, const Argon2Cost& cost,
                     std::size_t hash_size);

}  // namespace tandemq
