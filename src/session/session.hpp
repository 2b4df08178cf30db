// Session: what the broker remembers of a client between its connections (section 4.1). A session
// that is not durable ends with its connection and never appears in the log, but it lives in the
// same State and obeys the same rules.
// Part of State: changed by State::apply alone.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "session/outgoing.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tandemq {

inline constexpr std::uint32_t kNeverExpires = 0xFFFFFFFF;  // [MQTT-3.1.2-23] and 3.1.2.11.2.

struct Session {
  SessionId id{};
  bool durable = false;
  std::uint32_t expiry_s = 0;
  std::string client_id;
  std::string user_name;
  Instant opened_at;
  Instant suspended_at = Instant::never();  // Never while it has a connection.
  std::set<std::string, std::less<>> filters;
  Outgoing outgoing;
  std::vector<std::uint16_t> incoming;  // QoS 2 packet ids that are not released; sorted.
  std::uint64_t row_checksum = 0;       // Of its row in the tables; 0: it has none.
  bool marked = false;                  // Among those whose rows may have to be written.

  [[nodiscard]] bool connected() const { return suspended_at.is_never(); }
  [[nodiscard]] Instant expires_at() const {
    return connected() || expiry_s == kNeverExpires ? Instant::never()
                                                    : suspended_at.plus_s(expiry_s);
  }
  [[nodiscard]] bool has_incoming(std::uint16_t packet_id) const;
};

}  // namespace tandemq
