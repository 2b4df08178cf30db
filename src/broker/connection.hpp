// Connection: the volatile side of a client, from accept to close; nothing of it outlives the
// process. Connections is the table of all, found by id without hashing, and by session.
// Owned by the broker's World; core thread.
#pragma once

#include "access/scram.hpp"
#include "base/commit_level.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "broker/admission.hpp"
#include "broker/event.hpp"
#include "journal/record.hpp"
#include "mqtt/alias.hpp"
#include "mqtt/packet.hpp"
#include "topic/subscription.hpp"
#include "topic/topic_tree.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tandemq {

enum class ConnectionPhase : std::uint8_t {
  opened,          // Nothing has come; the next packet must be CONNECT [MQTT-3.1.0-1].
  verifying,       // A password worker looks at the CONNECT; what comes meanwhile is parked.
  authenticating,  // Enhanced authentication of a CONNECT goes on (4.12).
  ready,           // CONNACK with success is out.
  closing,         // Close is out; whatever still comes is ignored.
};

// Retained messages that a new subscription still has to get.
struct RetainedWalk {
  std::string filter;  // Without the $share part.
  Subscription subscription;
  TopicCursor cursor;
};

// An exchange of AUTH packets (4.12), for a CONNECT or a re-authentication.
struct Authentication {
  std::string method;
  ScramServer scram;
};

struct Connection {
  ConnectionId id{};
  ConnectionPhase phase = ConnectionPhase::opened;
  mqtt::Version version = mqtt::Version::v311;
  bool problem_information = false;            // It is told Reason Strings [MQTT-3.1.2-29].
  bool sends_aliases = false;                  // The first use of one makes a packet larger.
  bool will_set = false;                       // State holds a will of this connection.
  bool blocked = false;                        // Its publisher waits for room in a queue.
  std::uint16_t keep_alive_s = 0;              // As in force: ours if we set it.
  std::uint16_t receive_maximum = 65'535;      // What the client takes unacknowledged.
  std::uint32_t packet_size_max = UINT32_MAX;  // What the client takes at all, bytes.
  std::uint32_t session_expiry_s = 0;
  SessionId session = SessionId::none;
  std::uint32_t authentications = 0;  // Exchanges begun; makes each nonce another one.
  std::uint32_t outstanding = 0;      // Deliveries in flight on this connection.
  std::uint32_t incoming = 0;         // QoS 2 messages taken on this connection and not released.
  std::uint32_t resent = 0;  // Deliveries of the window that this connection has been sent.
  std::uint64_t fetch = 0;   // The request for bodies that it waits for; 0: none.
  Lsn held_until = 0;        // Outputs for it wait for this record; later ones queue behind.
  CommitLevel held_level{};  // And at this level.
  CommitLevel ack{};         // Of its PUBACKs and PUBRECs, if the topic says nothing else.
  Instant opened_at;
  Instant received_at;
  Instant login_ends_at = Instant::never();  // When its token expires.
  bool block_timer = false;                  // A timer is set that looks at blocked_at.
  Instant blocked_at = Instant::never();     // Since when it waits for the packet parked first.
  std::uint64_t received_count = 0;          // PUBLISH packets.
  std::uint64_t sent_count = 0;
  const LimitsConfig* limits = nullptr;  // Of its listener, in World::limits.
  Admittance welcome{};                  // What its address was told.
  bool held = false;                     // Not read from for lack of memory.
  std::uint32_t throttled_count = 0;     // Pauses for limits.message_rate and byte_rate,
  std::int64_t throttled_ms = 0;         // and how long they were together.
  Instant throttled_until;               // The end of the last one.
  std::uint64_t received_bytes = 0;      // Payload of the PUBLISH packets,
  std::uint64_t measured_bytes = 0;      // and at the last look of relieve().
  std::unique_ptr<Origin> origin;
  std::string client_id;
  std::string user_name;
  std::vector<std::string> roles;  // That came with the login.
  mqtt::InboundAliases inbound_aliases;
  std::unique_ptr<mqtt::Connect> connect;            // While verifying or authenticating.
  std::unique_ptr<Authentication> authentication;    // While an exchange goes on.
  std::string auth_method;                           // Of the CONNECT; empty: none.
  std::unique_ptr<std::deque<mqtt::Packet>> parked;  // Null if nothing is.
  std::unique_ptr<std::deque<RetainedWalk>> walks;   // Null if there is none.
  bool page_sent = true;                             // The last page of a walk is with the kernel.

  [[nodiscard]] bool is_v5() const { return version == mqtt::Version::v5; }
  [[nodiscard]] WhoView who() const { return {client_id, user_name, roles, origin->admin}; }
};

class Connections {
 public:
  Connection& open(ConnectionId id);
  void close(ConnectionId id);
  [[nodiscard]] Connection* find(ConnectionId id);  // Null if it is gone.
  [[nodiscard]] const Connection* find(ConnectionId id) const;

  // The connection that serves a session; null if it is offline.
  [[nodiscard]] Connection* of(SessionId session);
  [[nodiscard]] const Connection* of(SessionId session) const;
  void bind(SessionId session, Connection* connection);  // Null: the session is offline.

  void for_each(const std::function<void(Connection&)>& visit);
  void for_each(const std::function<void(const Connection&)>& visit) const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<std::vector<std::unique_ptr<Connection>>> slots_;  // By sink, then slot.
  std::vector<Connection*> by_session_;
  std::size_t size_ = 0;
};

}  // namespace tandemq
