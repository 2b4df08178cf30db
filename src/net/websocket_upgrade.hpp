// websocket_upgrade: the HTTP request by which a client asks for a WebSocket, and our answer (RFC
// 6455 section 4.2, RFC 9110 for the rest, MQTT 5 section 6). Pure text. It serves nothing else: no
// files, no second request, no body, and no extension is ever agreed on.
#pragma once

#include "base/wire.hpp"
#include "config/config.hpp"

#include <cstddef>
#include <string>

namespace tandemq {

inline constexpr std::size_t kUpgradeSizeMax = 8'192;  // Of a request; more is answered with 431.
inline constexpr std::size_t kUpgradeLinesMax = 64;    // The same, with the request line.

struct UpgradeAnswer {
  bool accepted = false;
  std::string bytes;  // To be sent.
  std::string why;    // It is not accepted, for the log.
};

// The size of the request that `received` begins with; 0: it has not come whole. Those bytes at the
// front that were looked at before, less three, need not be looked at again.
std::size_t upgrade_size(ByteView received, std::size_t seen);

// Can `received`, the beginning of a request, still become one? It cannot with a byte that no line
// of HTTP has, as in what a client of plain MQTT or of TLS sends.
bool may_become_upgrade(ByteView received);

UpgradeAnswer answer_upgrade(ByteView request, const ListenerWebSocket& rules);
UpgradeAnswer answer_no_upgrade();  // 400: it was not even text.
UpgradeAnswer answer_too_large();   // 431
UpgradeAnswer answer_too_late();    // 408

}  // namespace tandemq
