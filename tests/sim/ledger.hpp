// Ledger: what the clients were promised and what they got. It knows nothing of the broker but its
// acknowledgements, so it is the judge of it. Whatever is wrong becomes a finding, a sentence.
// Owned by one Simulation.
#pragma once

#include "mqtt/packet.hpp"
#include "session/state.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::sim {

// A moment in the order of what clients saw and did. Clients are one thread, so it is total.
using Tick = std::uint64_t;
inline constexpr Tick kNever = UINT64_MAX;
inline constexpr Tick kAtTheEnd = UINT64_MAX - 1;

using MessageNumber = std::size_t;

struct SentMessage {
  std::string topic;
  std::size_t sender = 0;
  mqtt::QoS qos{};
  bool retain = false;
  bool empty = false;    // Removes what is retained; receivers cannot tell which one it is.
  bool expires = false;  // May be missing.
  bool is_will = false;
  int sends = 0;
  Tick sent_at = kNever;
  Tick acknowledged_at = kNever;
};

// Whoever is owed a message: a session, or the members of a shared group together.
struct Reader {
  std::string name;
  mqtt::QoS qos{};
  bool durable = true;
  bool shares = false;
  std::vector<std::string> filters;  // Without the $share part.
};

class Ledger {
 public:
  std::size_t add_reader(Reader reader);
  // Messages to these topics are acknowledged before they are safe, so they may be missing.
  void forgive(std::string filter) { forgiven_.push_back(std::move(filter)); }

  // A message with this number is going to be sent, for the first time.
  MessageNumber send(SentMessage message);
  void send_again(MessageNumber number) { ++messages_[number].sends; }
  void acknowledge(MessageNumber number);
  // A will that must have been published when the run is over.
  void fall_due(MessageNumber number) { messages_[number].acknowledged_at = kAtTheEnd; }
  [[nodiscard]] const SentMessage& message(MessageNumber number) const { return messages_[number]; }
  [[nodiscard]] std::size_t message_count() const { return messages_.size(); }
  [[nodiscard]] std::string payload(MessageNumber number) const;

  void granted(std::size_t reader, std::size_t filter);
  void leaves(std::size_t reader, std::size_t filter);
  void loses_session(std::size_t reader);

  // `again` is said of what the receiver knows to be a repetition: its packet id is open.
  void receive(std::size_t reader, const mqtt::Publish& packet, bool again);

  // After a recovery, or at any quiet time.
  void check_retained(const State& state);
  // When all is over: who misses what.
  void judge();
  void find(std::string what) { findings_.push_back(std::move(what)); }
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }

 private:
  struct Span {
    std::size_t filter = 0;
    Tick on_at = kNever;
    Tick leaving_at = kNever;
  };
  struct Account {
    Reader reader;
    std::vector<Span> spans;
    std::vector<std::uint8_t> counts;                                        // By message number.
    std::map<std::pair<std::size_t, std::string_view>, MessageNumber> last;  // By sender and topic.
  };

  [[nodiscard]] bool is_forgiven(const std::string& topic) const;
  [[nodiscard]] bool owes(const Account& account, const SentMessage& message) const;
  // Whether a subscription that stands since before it was sent should have brought it in order.
  [[nodiscard]] bool must_be_in_order(const Account& account, const SentMessage& message) const;
  void check_copy(Account& account, MessageNumber number, const mqtt::Publish& packet);

  Tick tick_ = 0;
  std::deque<SentMessage> messages_;  // They stay where they are: keys point into them.
  std::vector<Account> accounts_;
  std::vector<std::string> forgiven_;
  std::map<std::string, std::vector<MessageNumber>> retained_;  // By topic, as they were sent.
  std::vector<std::string> findings_;
};

}  // namespace tandemq::sim
