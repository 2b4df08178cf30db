// TicketKeys: the keys of the tickets with which a client resumes its session of TLS. They follow
// from a secret and from the time alone, by HKDF-SHA-256 (RFC 5869): two nodes with one secret have
// the same keys without a word between them, so a client resumes at either. A key serves for one
// period; the one before and, as clocks differ, the one after are accepted too.
// Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tandemq {

struct TicketKey {
  std::array<std::uint8_t, 16> name{};
  std::array<std::uint8_t, 32> cipher{};  // AES-256-CBC
  std::array<std::uint8_t, 32> mac{};     // HMAC-SHA-256
  bool current = true;
};

class TicketKeys {
 public:
  static constexpr std::int64_t kPeriodS = 6 * 3'600;

  explicit TicketKeys(std::string_view secret);
  static TicketKeys random();  // Of this process alone.

  [[nodiscard]] TicketKey current(std::int64_t now_s) const;
  // The key of this name, if it is accepted now.
  [[nodiscard]] std::optional<TicketKey> find(std::span<const std::uint8_t, 16> name,
                                              std::int64_t now_s) const;

 private:
  [[nodiscard]] TicketKey key_of(std::int64_t period) const;

  std::string extracted_;  // The PRK of HKDF.
};

}  // namespace tandemq
