// TicketKeys: the keys of the tickets with which a client resumes its session of TLS. They follow
// from a secret and from the time alone, by HKDF-SHA-256 (RFC 5869): two nodes with one secret have
// the same keys without a word between them, so a client resumes at either. A key serves for one
// period; the one before and, as clocks differ, the one after are accepted too.
// What follows from the time is worked out once a period. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
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
  static std::shared_ptr<const TicketKeys> random();  // Of this process alone.

  [[nodiscard]] TicketKey current(std::int64_t now_s) const;
  // The key of this name, if it is accepted now.
  [[nodiscard]] std::optional<TicketKey> find(std::span<const std::uint8_t, 16> name,
                                              std::int64_t now_s) const;

 private:
  // What is accepted in a period: its own key first.
  struct Accepted {
    std::int64_t period = 0;
    std::array<TicketKey, 3> keys;
  };
  [[nodiscard]] std::shared_ptr<const Accepted> accepted_at(std::int64_t now_s) const;
  [[nodiscard]] TicketKey key_of(std::int64_t period) const;

  std::string extracted_;                             // The PRK of HKDF.
  mutable std::mutex mutex_;                          // For what follows.
  mutable std::shared_ptr<const Accepted> accepted_;  // Of the period that was asked for last.
};

}  // namespace tandemq
