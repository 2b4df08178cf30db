// Message: an application message as it was published, stored once and shared by reference among
// all who wait for it. Immutable; may be read by any thread that holds a reference.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/wire.hpp"
#include "mqtt/packet.hpp"

#include <memory>
#include <string>

namespace tandemq {

struct Message {
  MessageId id = MessageId::none;
  mqtt::QoS qos = mqtt::QoS::at_most_once;  // As published; a delivery may have less.
  bool retain = false;                      // As published (Retain As Published needs it).
  Instant published_at;
  Instant expires_at = Instant::never();
  std::string topic;
  std::string payload;
  std::string forwarded;  // mqtt::forwarded_properties() of the PUBLISH or the will.
  std::string publisher;  // Client id; only kept where it is needed later: retained messages.

  [[nodiscard]] bool expired_at(Instant now) const { return expires_at <= now; }
  // What it takes of the limits that are counted in bytes.
  [[nodiscard]] std::size_t size() const {
    return topic.size() + payload.size() + forwarded.size();
  }
};

using MessageRef = std::shared_ptr<const Message>;

class StagedWriter;

void write_message(Writer& writer, const Message& message);
void write_message(StagedWriter& writer, const Message& message);
Message read_message(Reader& reader);  // Ask the reader's ok() afterwards.

}  // namespace tandemq
