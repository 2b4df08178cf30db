// ClientSocket: one socket of a client with what belongs to it alone. It reads and sends when its
// hub says so and decides nothing. While it is idle it holds no buffer.
// Owned by a Hub; its thread.
#pragma once

#include "base/four_tuple.hpp"
#include "base/ids.hpp"
#include "mqtt/alias.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"
#include "net/poller.hpp"
#include "net/publish_gate.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tandemq {

class TlsStream;
struct WebSocketStream;

class ClientSocket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Phase : std::uint8_t {
    announcing,   // A proxy says who the client is; nobody knows of it but its hub.
    handshaking,  // Of TLS; nobody knows of it but its hub.
    upgrading,    // To WebSocket; neither.
    serving,      // Packets go both ways.
    flushing,     // Close has come: the outbox is sent, nothing that comes is handed on.
    lingering,  // Our side is shut; what comes is thrown away until the peer closes too, so that it
                // reads our last packet and not a reset.
  };
  struct Ending {
    TimePoint deadline;  // From then on the peer is waited for no more.
    std::string why;
  };
  struct ReadResult {
    std::size_t size = 0;
    bool ended = false;  // By the peer or by the network; `error` is 0 for the former.
    int error = 0;
    bool wants_output = false;  // TLS goes on when the socket has room.
  };
  enum class SendResult : std::uint8_t { all_sent, blocked, failed };

  // Takes the socket over; it does not block.
  ClientSocket(ConnectionId id, int socket, std::unique_ptr<TlsStream> tls = nullptr);
  ~ClientSocket();  // Closes it.
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  ReadResult read(std::span<char> buffer);
  // Sends until the outbox is empty or the socket takes no more.
  SendResult send(PendingPool& pool, std::uint64_t& bytes_sent);
  bool shut_output();  // False: TLS has a last word, and the socket no room for it.

  const ConnectionId id;
  const int descriptor;
  Interest interest;  // What the poller has been asked for.
  Phase phase = Phase::serving;
  bool dirty = false;         // On the hub's list of those that have something to send.
  bool send_waiting = false;  // The socket took no more; it is told when there is room.
  bool deferred = false;      // Not read from while the core is behind.
  bool may_read = true;       // The broker lets it.
  bool output_lost = false;   // The peer takes nothing any more; what it sent before still counts.
  bool overflowed = false;    // The broker knows that it reads too slowly.
  bool watched = false;       // On the hub's list of those with a deadline.
  bool throttled = false;     // Its gate is shut; nothing is read meanwhile.
  std::uint16_t notify_count = 0;  // SentAll events that are owed.
  std::uint16_t listener = 0;      // ListenerConfig::number
  TimePoint progress_at;           // When the socket took something last, while send_waiting.
  Inbox inbox;
  Outbox outbox;
  std::unique_ptr<mqtt::OutboundAliases> aliases;  // Null: the client takes none.
  std::unique_ptr<Ending> ending;                  // Null while serving.
  std::unique_ptr<PublishGate> gate;               // Null: it may publish as fast as it can.
  const std::unique_ptr<TlsStream> tls;            // Null: plain TCP.
  std::unique_ptr<WebSocketStream> websocket;      // Null: MQTT as it is.
};

// Nothing: the peer has gone meanwhile, or the socket is none of TCP.
std::optional<FourTuple> ends_of(int socket);

// The part of an idle connection that is ours; the broker's comes on top.
static_assert(sizeof(ClientSocket) <= 192, "an idle connection stays within its budget");

}  // namespace tandemq
