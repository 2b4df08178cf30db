#include "access/argon2.hpp"

#include "access/lines.hpp"

#include <charconv>

#include <argon2.h>

namespace tandemq {
namespace {

constexpr std::uint32_t kBlocksOfLane = 8;  // KiB; less is not allowed (RFC 9106 section 3.1).

// "m=123" at the front; the comma behind it is taken too.
bool take_number(std::string_view& text, char name, std::uint32_t most, std::uint32_t& out) {
  if (text.size() < 3 || text[0] != name || text[1] != '=' || text[2] == '0') return false;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 2, end, out);
  if (error != std::errc{} || out > most) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.empty()) return true;
  const bool divided = text.front() == ',';
  text.remove_prefix(1);
  return divided && !text.empty();
}

}  // namespace

Result<Argon2Cost> parse_argon2_cost(std::string_view text) {
  Argon2Cost cost;
  std::string_view rest = text;
  if (take_number(rest, 'm', kArgon2Max.memory_kib, cost.memory_kib) &&
      take_number(rest, 't', kArgon2Max.passes, cost.passes) &&
      take_number(rest, 'p', kArgon2Max.lanes, cost.lanes) && rest.empty() &&
      cost.memory_kib >= kBlocksOfLane * cost.lanes)
    return cost;
  return failure("the cost of Argon2id is " + quoted(text) + ", allowed is m=8*p to " +
                 std::to_string(kArgon2Max.memory_kib) + ",t=1 to " +
                 std::to_string(kArgon2Max.passes) + ",p=1 to " + std::to_string(kArgon2Max.lanes));
}

std::string text_of(const Argon2Cost& cost) {
  return "m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.passes) +
         ",p=" + std::to_string(cost.lanes);
}

std::string argon2id(std::string_view password, std::string_view salt, const Argon2Cost& cost,
                     std::size_t hash_size) {
  std::string hash(hash_size, '\0');
  const int done =
      argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                        salt.data(), salt.size(), hash.data(), hash.size());
  return done == ARGON2_OK ? hash : std::string();
}

}  // namespace tandemq
