// Whole connections: the input is a script of chunks of bytes for a few connections, of losses and
// of time. Everything goes the way it goes in the daemon, through Inbox and Primary; what comes out
// is encoded. At the end the State must be whole and the records alone must give the same one.
//
// A chunk: u8 what (low 3 bits the connection; 0x08 loses it, 0x10 lets time pass, 0x20 commits,
// 0x40 is the end of a batch), u8 size or seconds, then `size` bytes.
#include "base/ensure.hpp"
#include "core/primary.hpp"
#include "mqtt/encode.hpp"
#include "net/inbox.hpp"
#include "tests/core/replica.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

struct Line {
  ConnectionId id = ConnectionId::none;  // None while nobody is there.
  std::uint32_t generation = 0;
  Inbox inbox;
  mqtt::Version version = mqtt::Version::v311;
};

Config fuzz_config() {
  Config config;
  config.limits.max_queued_messages = 4;
  config.limits.max_inflight = 3;
  config.limits.max_packet_size = 2'000;
  config.mqtt.queue_qos0 = true;
  config.mqtt.dead_letter_topic = "dead";
  return config;
}

class Server {
 public:
  Server()
      : primary_(state_, fuzz_config(),
                 std::make_shared<const Access>(Policy{Anonymous::everywhere, {}, {}}), Term{1, 1},
                 Position{}, Lsn{0}) {
    primary_.start(now_);
  }

  void play(ByteView script) {
    Reader reader(script);
    while (reader.size() > 0) {
      const std::uint8_t what = reader.u8();
      const std::uint8_t amount = reader.u8();
      Line& line = lines_[what & 0x07U];
      if ((what & 0x10U) != 0) {
        pass(amount);
      } else if ((what & 0x08U) != 0) {
        lose(line);
      } else {
        receive(line, what & 0x07U, reader.bytes(std::min<std::size_t>(amount, reader.size())));
      }
      if ((what & 0x40U) != 0) end_batch();
      if ((what & 0x20U) != 0) commit();
    }
    end_batch();
    commit();
  }

  void verify() const {
    ENSURE(state_.check().empty(), "the State is whole");
    ENSURE(replica_.differences(state_).empty(), "the records give the same State");
  }

 private:
  void receive(Line& line, std::uint32_t slot, ByteView bytes) {
    if (line.id == ConnectionId::none) {
      line.id = make_connection_id(0, ++line.generation, slot);
      line.inbox = {};
      line.version = mqtt::Version::v311;
      primary_.step(Opened{line.id, std::make_unique<Origin>()}, now_);
    }
    std::vector<Event> events;
    line.inbox.take(bytes, line.id, 2'000, events);
    for (Event& event : events) primary_.step(std::move(event), now_);
  }

  void lose(Line& line) {
    if (line.id == ConnectionId::none) return;
    primary_.step(Closed{std::exchange(line.id, ConnectionId::none), "lost"}, now_);
  }

  void pass(std::uint8_t seconds) {
    now_ = now_.plus_s(seconds);
    primary_.tick(now_);
  }

  void end_batch() {
    if (const auto record = primary_.seal(now_)) replica_.take(*record);
    hand_out();
  }

  void commit() {
    primary_.committed(primary_.position().lsn);
    hand_out();
  }

  void hand_out() {
    if (primary_.take_tables()) primary_.tables_written();
    for (const Outputs& outputs : primary_.take_outputs())
      for (const Output& output : outputs.list) carry_out(output, outputs);
  }

  void carry_out(const Output& output, const Outputs& outputs) {
    Line& line = lines_[connection_slot(output.connection)];
    if (line.id != output.connection) return;
    std::string bytes;
    if (const auto* accepted = std::get_if<Accepted>(&output.action))
      line.version = accepted->version;
    if (const auto* ack = std::get_if<mqtt::Ack>(&output.action))
      mqtt::encode(*ack, line.version, bytes);
    if (const auto* packet = std::get_if<OtherPacket>(&output.action))
      mqtt::encode(**packet, line.version, bytes);
    if (const auto* delivery = std::get_if<Deliver>(&output.action)) {
      const Message& body = *outputs.bodies[delivery->body];
      mqtt::PublishParts parts;
      parts.topic = body.topic;
      parts.payload = body.payload;
      parts.forwarded = body.forwarded;
      parts.qos = delivery->qos;
      parts.packet_id = delivery->packet_id;
      parts.subscription_ids = delivery->subscription_ids;
      mqtt::encode_publish(parts, line.version, bytes);
    }
    if (!bytes.empty())
      ENSURE(mqtt::decode(bytes, line.version).has_value(), "what the broker sends is well-formed");
    if (std::holds_alternative<NotifyWhenSent>(output.action))
      primary_.step(SentAll{line.id}, now_);
    if (std::holds_alternative<Close>(output.action)) lose(line);
  }

  State state_;
  Primary primary_;
  Replica replica_;
  std::array<Line, 8> lines_;
  Instant now_{1'700'000'000'000};
};

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tandemq::Server server;
  server.play({reinterpret_cast<const char*>(data), size});
  server.verify();
  return 0;
}
