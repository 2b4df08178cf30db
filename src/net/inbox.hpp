// Inbox: bytes of a connection in, events out. It keeps a packet that has come only in part, and
// nothing while there is none. It learns the protocol version from the CONNECT that passes by.
// Touches no socket. Owned by a ClientSocket; its hub's thread.
#pragma once

#include "broker/event.hpp"
#include "mqtt/packet.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {

class PublishGate;

class Inbox {
 public:
  // Appends a Received for each whole packet, or a Malformed; after that one it takes no more.
  // A packet that the gate does not let pass stays here with what follows it; it is tried again
  // with the next bytes, which may be none. Null: all pass.
  void take(ByteView bytes, ConnectionId from, std::uint32_t packet_size_max,
            std::vector<Event>& events, PublishGate* gate = nullptr);

  [[nodiscard]] bool broken() const { return broken_; }  // It has said Malformed.
  [[nodiscard]] mqtt::Version version() const { return version_; }
  [[nodiscard]] std::size_t kept_bytes() const { return partial_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const { return partial_.capacity(); }

 private:
  // Returns how many bytes at the front were whole packets.
  std::size_t cut(ByteView bytes, ConnectionId from, std::uint32_t packet_size_max,
                  std::vector<Event>& events, PublishGate* gate);
  void decode(ByteView frame, std::size_t header_size, ConnectionId from,
              std::vector<Event>& events);
  void fail(ConnectionId from, mqtt::DecodeError error, std::vector<Event>& events);

  std::string partial_;
  mqtt::Version version_ = mqtt::Version::v311;
  bool broken_ = false;
};

}  // namespace tandemq
