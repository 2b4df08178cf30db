// Lab: a Primary over a State with a clock of its own and clients in the same thread. What a client
// receives has gone through the codec, as on the wire. After every batch State::check() must be
// silent; a replica fed with the records alone must end in the same State, and so must a recovery
// from the store that the records and the tables went to.
// Owned by one test case.
#pragma once

#include "core/primary.hpp"
#include "store/memory_store.hpp"
#include "tests/broker/packets.hpp"
#include "tests/core/replica.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {

class Lab;

// The defaults without $SYS, so that a long time passes in few steps.
Config quiet();

// One connection, as its client sees it.
class Client {
 public:
  Client(Lab& lab, ConnectionId id) : lab_(lab), id_(id) {}

  void send(mqtt::Packet packet);
  void malformed(mqtt::ReasonCode reason, std::optional<mqtt::Version> connect_version = {});
  // Publishes and goes through the whole handshake; the reason of PUBACK or PUBREC.
  mqtt::ReasonCode publish(std::string_view topic, std::string_view payload, int qos = 0);
  mqtt::ReasonCode publish(mqtt::Publish packet);
  // Subscribes; the reason of the SUBACK.
  mqtt::ReasonCode subscribe(std::string_view filter, int qos = 0);
  mqtt::ReasonCode subscribe(mqtt::SubscribeEntry entry, std::uint32_t identifier = 0);
  void unsubscribe(std::string_view filter);
  void disconnect(mqtt::ReasonCode reason = mqtt::ReasonCode::success);
  void lose();             // The network closes the connection.
  void taken();            // Answers NotifyWhenSent.
  void verify_password();  // What the password worker does.

  // The next packet described; "closed" behind the last one; empty if nothing has come.
  std::string next();
  std::vector<std::string> all();
  std::vector<mqtt::Packet> drain();
  template <class Packet>
  Packet take();
  // The next message, acknowledged as its QoS wants; described.
  std::string next_acknowledged();
  void acknowledge(const mqtt::Publish& packet);

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool is_read() const { return read_; }
  [[nodiscard]] bool asked() const { return asked_ > 0; }  // By NotifyWhenSent.
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] ConnectionId id() const { return id_; }
  mqtt::Connack connack;      // Of Lab::join().
  bool answers_asked = true;  // NotifyWhenSent is answered by itself.

 private:
  friend class Lab;
  void take_output(Output& output, const Outputs& outputs);
  std::uint16_t next_packet_id();
  mqtt::ReasonCode await_ack(mqtt::PacketType type, std::uint16_t packet_id);

  Lab& lab_;
  ConnectionId id_;
  mqtt::Version version_ = mqtt::Version::v311;
  std::deque<mqtt::Packet> received_;
  std::unique_ptr<PasswordCheck> check_;
  std::string why_;
  std::uint16_t last_packet_id_ = 0;
  int asked_ = 0;
  bool closed_ = false;
  bool gone_ = false;  // Closed has been told.
  bool read_ = true;
};

class Lab {
 public:
  explicit Lab(Config config = quiet(), Policy policy = {Anonymous::everywhere, {}, {}});
  Lab(const Lab&) = delete;
  ~Lab();

  Client& open(Origin origin = {});       // Sends nothing.
  Client& connect(mqtt::Connect packet);  // Sends CONNECT, whatever the answer.
  Client& join(mqtt::Connect packet);     // Is accepted.
  void step(Event event);
  // Several steps as one batch.
  void batch(const std::function<void()>& steps);
  void advance_ms(std::int64_t ms);
  void advance_s(std::int64_t s) { advance_ms(s * 1000); }
  // Everything sealed so far is durable. Goes without saying unless holds_commits.
  void commit();
  // The process dies and a new one goes on with what the store holds.
  void restart();
  // Ends the batch: seals, checks, hands out.
  void settle();

  [[nodiscard]] const State& state() const { return *state_; }
  [[nodiscard]] World& world() { return primary_->broker().world(); }
  [[nodiscard]] Primary& primary() { return *primary_; }
  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] const Store& store() const { return store_; }
  [[nodiscard]] std::uint64_t drops(DropReason reason) { return world().drops.count(reason); }

  Instant now{1'700'000'000'000};
  bool holds_commits = false;
  bool reads_bodies = true;  // What the broker wants read back it gets at once.

 private:
  friend class Client;
  void hand_out();
  void answer_body_request();

  Config config_;
  std::shared_ptr<const Access> access_;
  std::unique_ptr<State> state_;
  Term term_{1, 1};
  std::unique_ptr<Primary> primary_;
  Replica replica_;
  MemoryStore store_;
  std::vector<Record> records_;
  std::vector<std::unique_ptr<Client>> clients_;  // By slot; never reused.
  bool in_batch_ = false;
};

template <class Packet>
Packet Client::take() {
  REQUIRE_FALSE(received_.empty());
  auto* packet = std::get_if<Packet>(&received_.front());
  REQUIRE_MESSAGE(packet != nullptr, describe(received_.front()));
  Packet taken = std::move(*packet);
  received_.pop_front();
  return taken;
}

}  // namespace tandemq
