// Mutation: one change of the broker's state, the unit of the log. A step of the broker yields
// mutations, State::apply() is the only place that carries them out, on the primary, on the
// standby and in recovery. A mutation names what it changes by id, states the outcome and never a
// decision, so applying it needs no clock, no settings and no luck.
//
// Bytes: u8 kind, then the fields in the order of the struct. Numbers are varints, an Instant is a
// varint of milliseconds (0: never), text is a varint of length and its bytes. Adding a kind adds a
// row to the variant and a line to mutation.cpp; changing one bumps kRecordFormat.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/wire.hpp"
#include "journal/message.hpp"
#include "journal/term.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandemq {

// A client has opened a session of its own; there was none for this client id.
struct SessionOpened {
  SessionId session{};
  std::string client_id;
  std::string user_name;
  std::uint32_t expiry_s = 0;  // 0xFFFFFFFF: never expires.
  Instant at;
  bool durable = false;  // False: ends with its connection; never in the log.
};

// The client is back: the session waits for its connection's end again.
struct SessionResumed {
  SessionId session{};
  std::string user_name;
  std::uint32_t expiry_s = 0;
  Instant at;
};

// The connection has ended, the session waits until it expires.
struct SessionSuspended {
  SessionId session{};
  std::uint32_t expiry_s = 0;
  Instant at;
};

// The session is gone, with its subscriptions and deliveries.
struct SessionEnded {
  SessionId session{};
};

struct Subscribed {
  SessionId session{};
  std::string filter;
  std::uint8_t options = 0;  // encode_options()
  std::uint32_t identifier = 0;
};

struct Unsubscribed {
  SessionId session{};
  std::string filter;
};

// A message that mutations of the same record refer to for the first time.
struct MessageStored {
  MessageRef message;
};

using SubscriptionIds = std::vector<std::uint32_t>;

// The message waits for the session; with a packet id it is in flight already.
struct Queued {
  SessionId session{};
  std::uint64_t sequence = 0;  // Names the delivery within its queue; rises until that is empty.
  MessageId message{};
  mqtt::QoS qos{};
  bool retain = false;  // The RETAIN flag to send.
  std::uint16_t packet_id = 0;
  std::uint64_t share = 0;  // Key of the shared group it was taken for; 0: none.
  SubscriptionIds subscription_ids;
  MessageRef volatile_message;  // Of a session that is not durable and a message not in the log.
};

// The oldest delivery that is not yet in flight is sent under this packet id. One of QoS 0 has no
// packet id and is done with it.
struct Sent {
  SessionId session{};
  std::uint16_t packet_id = 0;
};

// PUBREC with success: from now on PUBREL is what is repeated (Figure 4.3, sender).
struct Released {
  SessionId session{};
  std::uint16_t packet_id = 0;
};

// PUBACK, PUBCOMP, or PUBREC with an error: the delivery is over.
struct Acknowledged {
  SessionId session{};
  std::uint16_t packet_id = 0;
};

// A delivery leaves its session without having been acknowledged: expired, dropped from a full
// queue, purged, or moved to another member of its shared group.
struct Discarded {
  SessionId session{};
  std::uint64_t sequence = 0;
};

// A QoS 2 PUBLISH was taken over; its packet id must not be taken again until it is released.
struct IncomingTaken {
  SessionId session{};
  std::uint16_t packet_id = 0;
};

struct IncomingReleased {
  SessionId session{};
  std::uint16_t packet_id = 0;
};

// The message is the retained one of its topic from now on.
struct RetainedSet {
  MessageId message{};
};

struct RetainedCleared {
  std::string topic;
};

// The will of a connected client. It does not hang on the session: the will of a session that is
// not durable must survive too.
struct WillSet {
  std::string client_id;
  std::string user_name;
  std::uint32_t delay_s = 0;
  std::optional<std::uint32_t> message_expiry_s;
  std::shared_ptr<const Message> message;  // Without id and times; retain and QoS as it asks.
};

// The connection is gone and the will is due at this time.
struct WillScheduled {
  std::string client_id;
  Instant at;
};

// Published, or no longer wanted.
struct WillCleared {
  std::string client_id;
};

// A primary begins its term. The first mutation of its first record, and of none else.
struct TermStart {
  Term term;
  Lsn first = 0;  // This record.
};

using Mutation = std::variant<SessionOpened, SessionResumed, SessionSuspended, SessionEnded,
                              Subscribed, Unsubscribed, MessageStored, Queued, Sent, Released,
                              Acknowledged, Discarded, IncomingTaken, IncomingReleased, RetainedSet,
                              RetainedCleared, WillSet, WillScheduled, WillCleared, TermStart>;

void write_mutation(Writer& writer, const Mutation& mutation);
// A kind that is not known or fields that do not fit fail the reader.
Mutation read_mutation(Reader& reader);

}  // namespace tandemq
