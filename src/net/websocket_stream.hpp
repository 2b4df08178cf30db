// WebSocketStream: what a ClientSocket has more when it speaks MQTT over WebSocket: the upgrade
// that begins it, and the frames both ways. TLS, if any, is below and knows nothing of it. It
// decides nothing. Owned by a ClientSocket; its hub's thread.
#pragma once

#include "broker/event.hpp"
#include "config/config.hpp"
#include "net/client_socket.hpp"
#include "net/websocket_input.hpp"
#include "net/websocket_output.hpp"

#include <memory>
#include <string>

namespace tandemq {

struct WebSocketStream {
  struct Upgrade {
    std::shared_ptr<const ListenerWebSocket> rules;
    ClientSocket::TimePoint accepted_at;
    std::unique_ptr<Origin> origin;  // Null while TLS has it.
    std::string request;             // As far as it has come.
  };
  std::unique_ptr<Upgrade> upgrade;  // Null once the broker knows the connection.
  struct End {
    std::uint16_t code = 0;
    std::string why;
  };
  std::unique_ptr<End> end;  // It ends when all packets before are taken; null: not yet.
  WebSocketInput input;
  WebSocketOutput output;
};

// What an idle connection costs more than one without WebSocket.
static_assert(sizeof(WebSocketStream) <= 128, "docs/LISTENERS.md says so");

}  // namespace tandemq
