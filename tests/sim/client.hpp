// SimClient: a client that keeps to MQTT and forgets nothing of its session, however often its
// connection ends: it sends what was not acknowledged again with its packet id, knows which QoS 2
// messages it holds, and tells the ledger what it was promised and what it got.
// Owned by one Simulation.
#pragma once

#include "base/time.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/link.hpp"
#include "tests/sim/luck.hpp"
#include "tests/sim/plan.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace tandemq::sim {

class SimClient {
 public:
  // What it needs of the world around it.
  struct Ports {
    std::function<Link*()> open;    // Null: nobody answers.
    std::ostream* story = nullptr;  // Null if nobody listens.
  };

  // `window`: QoS 1 and 2 messages that it may have unacknowledged. `reader`: its account.
  SimClient(Role role, std::size_t reader, std::size_t window, Luck& luck, Ledger& ledger,
            Ports ports);

  // Does what it feels like. When `settling` it comes back, acknowledges all and starts nothing.
  void act(Instant now, bool settling);
  void take(mqtt::Packet packet, Instant now);
  // The broker has closed the connection, or the network has.
  void lose_link(Instant now);
  // The same by no fault of the broker's. Its session may count as left from before.
  void fail(Instant now, Instant left_at = Instant::never());

  [[nodiscard]] Link* link() const { return link_; }
  [[nodiscard]] const Role& role() const { return role_; }
  // Nothing waits for an answer of either side.
  [[nodiscard]] bool is_quiet() const;
  // What it was promised and can be seen at once: the session and its subscriptions.
  void check(const State& state) const;

 private:
  // A QoS 1 or 2 message whose handshake is not over, oldest first.
  struct Unfinished {
    MessageNumber number = 0;
    std::uint16_t packet_id = 0;
    bool released = false;  // PUBREC has come.
  };
  enum class Subscribing : std::uint8_t { off, asked, on, leaving };

  void come(Instant now);
  void leave(Instant now, bool politely);
  void on_connack(const mqtt::Connack& packet, Instant now);
  void resume(bool present, Instant now);
  void on_publish(const mqtt::Publish& packet);
  void on_ack(const mqtt::Ack& packet);
  void on_subscription_ack(const mqtt::SubscriptionAck& packet);
  void publish();
  SentMessage choose_message();
  void send_publish(const Unfinished& unfinished, bool dup);
  void subscribe(std::size_t filter);
  void unsubscribe(std::size_t filter);
  void subscribe_or_leave();
  void answer(bool all);
  void set_will(mqtt::Connect& packet);
  std::uint16_t free_packet_id();
  [[nodiscard]] bool has_expired(Instant now) const;  // Its session, perhaps.
  void find(const std::string& what) const;
  void tell(std::string_view what, const mqtt::Packet& packet) const;

  const Role role_;
  const std::size_t reader_;
  const std::size_t window_;
  Luck& luck_;
  Ledger& ledger_;
  const Ports ports_;

  Link* link_ = nullptr;
  bool accepted_ = false;
  bool has_session_ = false;  // The broker has said so.
  bool wants_clean_ = false;  // Until it is accepted.
  Instant left_at_;
  std::optional<MessageNumber> will_;  // Of this connection.
  std::deque<Unfinished> unfinished_;
  std::uint16_t last_packet_id_ = 0;
  std::map<std::uint16_t, std::string> open_;  // QoS 2 messages that it holds, by packet id.
  std::deque<mqtt::Ack> owed_;                 // To be sent on this connection.
  std::vector<Subscribing> subscribed_;        // By filter.
};

}  // namespace tandemq::sim
