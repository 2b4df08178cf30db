// Rows: the keys and fields of the tables' rows, each kind written and read in one place.
// Pure functions.
#pragma once

#include "session/session.hpp"
#include "session/tables.hpp"
#include "topic/subscription.hpp"

#include <memory>
#include <string>

namespace tandemq {

std::string session_key(SessionId id);
std::string subscription_key(SessionId id, ByteView filter);
std::string queue_key(SessionId id, std::uint64_t sequence);

// What a body takes of the memory that is counted for bodies, with what stands around it.
std::uint64_t body_cost(const StoredMessage& message);

std::string session_fields(const Session& session);
// Null if the fields do not fit.
std::unique_ptr<Session> read_session_fields(ByteView key, Reader& fields);

std::string delivery_fields(const Delivery& delivery);
struct DeliveryRow {
  SessionId session{};
  MessageId message{};  // None once released.
  Delivery delivery;    // Without its message.
};
// Fails the reader if the fields do not fit each other.
DeliveryRow read_delivery_fields(ByteView key, Reader& fields);

}  // namespace tandemq
