// Event: what may happen to the broker, the only input of Broker::step(). Made by the shells (net,
// admin, the password workers), carried to the core thread through its mailbox. Plain values.
#pragma once

#include "access/access.hpp"
#include "base/ids.hpp"
#include "mqtt/decode.hpp"
#include "mqtt/packet.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace tandemq {

// Where a connection comes from.
struct Origin {
  std::string address;    // "192.0.2.7:50123", for the log and `clients list`.
  std::string listener;   // Its URL.
  bool loopback = false;  // The listener is bound to a loopback address.
  bool admin = false;     // A client inside this process, on behalf of tandemqctl.
  // Whom the client's certificate names; empty: nobody, though it should. None: it does not say who
  // the client is.
  std::optional<std::string> certificate_user;
  std::uint32_t waited_ms = 0;        // From accept to Opened.
  std::uint16_t listener_number = 0;  // See ListenerConfig; 0: of none.
  // From the shell's random source: for an assigned client id and for SCRAM's nonce.
  std::array<std::uint8_t, 16> entropy{};
};

// A connection was accepted. Always the first event of its id.
struct Opened {
  ConnectionId connection{};
  std::unique_ptr<Origin> origin;
};

// One whole packet.
struct Received {
  ConnectionId connection{};
  mqtt::Packet packet = mqtt::Ping{};  // What is decoded takes its place; this costs nothing.
};

// Bytes that are no packet; nothing more is read from this connection.
struct Malformed {
  ConnectionId connection{};
  mqtt::DecodeError error;
};

// The connection is gone: closed by the peer or by the network, or after our Close was carried out.
// Always the last event of its id.
struct Closed {
  ConnectionId connection{};
  std::string why;
};

// QoS 0 deliveries that did not fit the connection's outbox.
struct OutboxDropped {
  ConnectionId connection{};
  std::string topic;  // Of the last one.
  std::uint32_t count = 0;
};

// The connection takes nothing any more and its outbox is beyond its bound.
struct OutboxOverflowed {
  ConnectionId connection{};
};

// Answer to NotifyWhenSent; one each.
struct SentAll {
  ConnectionId connection{};
};

// Answer to CheckPassword.
struct PasswordChecked {
  ConnectionId connection{};
  CheckResult result;
};

// The connection is not read from for so long: it publishes more than it may.
struct Throttled {
  ConnectionId connection{};
  std::int64_t pause_ms = 0;
  bool by_bytes = false;  // limits.byte_rate; else limits.message_rate.
};

using Event = std::variant<Received, Opened, Malformed, Closed, OutboxDropped, OutboxOverflowed,
                           SentAll, PasswordChecked, Throttled>;

}  // namespace tandemq
