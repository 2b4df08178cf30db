#include "tests/sim/client.hpp"

#include "tests/broker/packets.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::QoS;

namespace {

constexpr std::uint16_t kSubscribeIds = 1'000;  // Packet ids of SUBSCRIBE begin here.
constexpr std::uint16_t kUnsubscribeIds = 2'000;

}  // namespace

SimClient::SimClient(Role role, std::size_t reader, std::size_t window, Luck& luck, Ledger& ledger,
                     Ports ports)
    : role_(std::move(role)),
      reader_(reader),
      window_(window),
      luck_(luck),
      ledger_(ledger),
      ports_(std::move(ports)),
      subscribed_(role_.filters.size(), Subscribing::off) {}

bool SimClient::is_quiet() const {
  const bool all_on = std::none_of(subscribed_.begin(), subscribed_.end(), [](Subscribing one) {
    return one == Subscribing::asked || one == Subscribing::leaving;
  });
  return link_ != nullptr && accepted_ && unfinished_.empty() && owed_.empty() && all_on &&
         link_->up.empty() && link_->down.empty();
}

void SimClient::find(const std::string& what) const {
  ledger_.find(role_.id + ": " + what);
}

void SimClient::tell(std::string_view what, const mqtt::Packet& packet) const {
  if (ports_.story != nullptr)
    *ports_.story << role_.id << ' ' << what << ' ' << describe(packet) << '\n';
}

void SimClient::act(Instant now, bool settling) {
  if (link_ == nullptr) {
    if (settling || luck_.once_in(6)) come(now);
    return;
  }
  if (!settling && luck_.once_in(50)) return leave(now, luck_.once_in(2));
  if (!accepted_) return;
  answer(settling);
  if (settling) return;
  if (role_.publishes && luck_.below(3) != 0) publish();
  if (!role_.filters.empty()) subscribe_or_leave();
}

void SimClient::come(Instant now) {
  link_ = ports_.open();
  if (link_ == nullptr) return;
  accepted_ = false;
  mqtt::Connect packet;
  packet.version = role_.version;
  packet.client_id = role_.id;
  if (role_.cleans && luck_.once_in(4)) wants_clean_ = true;
  packet.clean_start = wants_clean_ || !role_.durable;
  if (role_.version == mqtt::Version::v5) {
    if (role_.durable) packet.properties.add(PropertyId::session_expiry_interval, role_.expiry_s);
    if (role_.receive_maximum > 0)
      packet.properties.add(PropertyId::receive_maximum, role_.receive_maximum);
  }
  if (role_.will_delay_s) set_will(packet);
  if (wants_clean_) resume(false, now);
  link_->up.emplace_back(std::move(packet));
  tell(wants_clean_ ? "-> clean" : "->", link_->up.back());
}

void SimClient::set_will(mqtt::Connect& packet) {
  SentMessage message;
  message.topic = "w/" + std::to_string(role_.number);
  message.sender = role_.number;
  message.qos = luck_.once_in(2) ? QoS::at_least_once : QoS::exactly_once;
  message.is_will = true;
  will_ = ledger_.send(message);
  packet.will = std::make_unique<mqtt::Will>(
      will(message.topic, ledger_.payload(*will_), *role_.will_delay_s));
  packet.will->qos = message.qos;
}

void SimClient::leave(Instant now, bool politely) {
  if (ports_.story != nullptr)
    *ports_.story << role_.id << (politely ? " disconnects\n" : " is cut off\n");
  Link& link = *link_;
  if (politely && accepted_) {
    link.up.emplace_back(mqtt::Disconnect{});
    will_.reset();  // It may have arrived.
  } else if (!link.up.empty()) {
    // A part of what was on its way arrives, but never a CONNECT that overtakes the next one.
    const bool connects = std::holds_alternative<mqtt::Connect>(link.up.front());
    link.up.resize(connects ? 0 : luck_.below(link.up.size() + 1));
  }
  link.left = true;
  fail(now);
}

void SimClient::lose_link(Instant now) {
  if (accepted_) find("the broker has closed the connection");
  fail(now);
}

void SimClient::fail(Instant now, Instant left_at) {
  if (accepted_ && will_ && role_.will_delay_s == 0U) ledger_.fall_due(*will_);
  will_.reset();
  if (accepted_) left_at_ = std::min(now, left_at);
  // The broker may have begun a new session and the answer got lost: present would mean nothing.
  if (!accepted_ && has_session_ && has_expired(now)) wants_clean_ = true;
  link_ = nullptr;
  accepted_ = false;
  owed_.clear();
  if (role_.durable) return;
  resume(false, now);
}

bool SimClient::has_expired(Instant now) const {
  return role_.expiry_s != kNeverExpires && left_at_.plus_s(role_.expiry_s) <= now;
}

// The session goes on, or a new one begins.
void SimClient::resume(bool present, Instant now) {
  if (present) {
    for (const Unfinished& one : unfinished_) {
      if (one.released) {
        link_->up.emplace_back(mqtt::Ack{PacketType::pubrel, one.packet_id, {}, {}});
      } else {
        send_publish(one, true);
      }
    }
    return;
  }
  const bool may_be_over = !role_.durable || wants_clean_ || has_expired(now);
  if (has_session_ && !may_be_over) find("its session is gone");
  has_session_ = false;
  unfinished_.clear();
  open_.clear();
  if (!role_.filters.empty() && !role_.shares) ledger_.loses_session(reader_);
  std::fill(subscribed_.begin(), subscribed_.end(), Subscribing::off);
}

void SimClient::take(mqtt::Packet packet, Instant now) {
  tell("<-", packet);
  if (const auto* connack = std::get_if<mqtt::Connack>(&packet)) return on_connack(*connack, now);
  if (const auto* message = std::get_if<mqtt::Publish>(&packet)) return on_publish(*message);
  if (const auto* ack = std::get_if<mqtt::Ack>(&packet)) return on_ack(*ack);
  if (const auto* ack = std::get_if<mqtt::SubscriptionAck>(&packet))
    return on_subscription_ack(*ack);
  find("did not expect " + describe(packet));
}

void SimClient::on_connack(const mqtt::Connack& packet, Instant now) {
  if (packet.reason != mqtt::ReasonCode::success) return find("is refused");
  accepted_ = true;
  if (wants_clean_ && packet.session_present) find("its session should have ended");
  resume(packet.session_present, now);
  has_session_ = role_.durable;
  wants_clean_ = false;
  // An answer that was lost with the connection is asked for again.
  for (std::size_t i = 0; i < subscribed_.size(); ++i) {
    if (subscribed_[i] == Subscribing::leaving) unsubscribe(i);
    if (subscribed_[i] == Subscribing::asked || role_.shares) subscribe(i);
  }
}

// ---------------------------------------------------------------- as a receiver

void SimClient::on_publish(const mqtt::Publish& packet) {
  if (packet.qos == QoS::exactly_once) {
    const auto [held, fresh] = open_.try_emplace(packet.packet_id, packet.payload);
    if (!fresh && held->second != packet.payload)
      find("packet id " + std::to_string(packet.packet_id) + " stands for two messages");
    ledger_.receive(reader_, packet, !fresh);
    owed_.push_back({PacketType::pubrec, packet.packet_id, {}, {}});
    return;
  }
  ledger_.receive(reader_, packet, false);
  if (packet.qos == QoS::at_least_once)
    owed_.push_back({PacketType::puback, packet.packet_id, {}, {}});
}

void SimClient::answer(bool all) {
  std::uint32_t count = luck_.below(owed_.size() + 1);
  if (all) count = static_cast<std::uint32_t>(owed_.size());
  for (; count > 0; --count) {
    link_->up.emplace_back(std::move(owed_.front()));
    tell("->", link_->up.back());
    owed_.pop_front();
  }
}

void SimClient::subscribe_or_leave() {
  const std::size_t i = luck_.below(subscribed_.size());
  switch (subscribed_[i]) {
    case Subscribing::off:
      if (!role_.fickle || luck_.once_in(4)) subscribe(i);
      return;
    case Subscribing::on:
      if (role_.fickle && luck_.once_in(8)) return unsubscribe(i);
      if (luck_.once_in(40)) subscribe(i);  // Once more.
      return;
    case Subscribing::asked:
    case Subscribing::leaving:
      return;
  }
}

void SimClient::subscribe(std::size_t filter) {
  if (subscribed_[filter] != Subscribing::on) subscribed_[filter] = Subscribing::asked;
  mqtt::Subscribe packet{static_cast<std::uint16_t>(kSubscribeIds + filter), {}, {}};
  packet.entries.push_back(entry(role_.filters[filter], static_cast<int>(role_.qos)));
  if (role_.version == mqtt::Version::v5 && luck_.once_in(2))
    packet.properties.add(PropertyId::subscription_identifier,
                          static_cast<std::uint32_t>(1 + filter));
  link_->up.emplace_back(std::move(packet));
}

void SimClient::unsubscribe(std::size_t filter) {
  subscribed_[filter] = Subscribing::leaving;
  ledger_.leaves(reader_, filter);
  link_->up.emplace_back(mqtt::Unsubscribe{
      static_cast<std::uint16_t>(kUnsubscribeIds + filter), {}, {role_.filters[filter]}});
}

void SimClient::on_subscription_ack(const mqtt::SubscriptionAck& packet) {
  if (packet.type == PacketType::unsuback) {
    subscribed_[packet.packet_id - kUnsubscribeIds] = Subscribing::off;
    return;
  }
  const std::size_t filter = packet.packet_id - kSubscribeIds;
  if (packet.reasons.size() != 1 || mqtt::is_error(packet.reasons[0]))
    return find("its subscription is refused");
  if (subscribed_[filter] == Subscribing::leaving) return;  // The answer to an earlier one.
  subscribed_[filter] = Subscribing::on;
  ledger_.granted(reader_, filter);
}

// ---------------------------------------------------------------- as a publisher

SentMessage SimClient::choose_message() {
  SentMessage message;
  message.sender = role_.number;
  message.qos = static_cast<QoS>(luck_.once_in(10) ? 0 : 1 + luck_.below(2));
  const std::string me = std::to_string(role_.number);
  const std::string last = std::to_string(luck_.below(2));
  switch (luck_.below(8)) {
    case 0:
    case 1:
      message.topic = "s/" + last;
      break;
    case 2:
      // One QoS a topic: else its messages have no order that could be judged.
      message.topic = "r/" + me + "/" + last;
      message.qos = last == "0" ? QoS::at_least_once : QoS::exactly_once;
      message.retain = true;
      message.empty = luck_.once_in(5);
      break;
    case 3:
      message.topic = "x/" + me;
      message.retain = message.expires = true;
      break;
    default:
      message.topic = "t/" + last;
      message.expires = luck_.once_in(6);
      break;
  }
  return message;
}

void SimClient::publish() {
  if (unfinished_.size() >= window_) return;
  const MessageNumber number = ledger_.send(choose_message());
  if (ledger_.message(number).qos == QoS::at_most_once)
    return send_publish({number, 0, false}, false);
  unfinished_.push_back({number, free_packet_id(), false});
  send_publish(unfinished_.back(), false);
}

// Few of them, so that they come again soon.
std::uint16_t SimClient::free_packet_id() {
  for (;;) {
    last_packet_id_ = static_cast<std::uint16_t>(last_packet_id_ % (window_ + 2) + 1);
    const bool used =
        std::any_of(unfinished_.begin(), unfinished_.end(),
                    [this](const Unfinished& one) { return one.packet_id == last_packet_id_; });
    if (!used) return last_packet_id_;
  }
}

void SimClient::send_publish(const Unfinished& unfinished, bool dup) {
  const SentMessage& sent = ledger_.message(unfinished.number);
  mqtt::Publish packet = message(sent.topic, ledger_.payload(unfinished.number),
                                 static_cast<int>(sent.qos), unfinished.packet_id);
  packet.retain = sent.retain;
  packet.dup = dup;
  if (sent.expires && role_.version == mqtt::Version::v5)
    packet.properties.add(PropertyId::message_expiry_interval, 1 + luck_.below(4));
  if (dup) ledger_.send_again(unfinished.number);
  link_->up.emplace_back(std::move(packet));
  tell("->", link_->up.back());
}

void SimClient::on_ack(const mqtt::Ack& packet) {
  if (packet.type == PacketType::pubrel) {
    open_.erase(packet.packet_id);
    owed_.push_back({PacketType::pubcomp, packet.packet_id, {}, {}});
    return;
  }
  if (mqtt::is_error(packet.reason)) return find("did not expect " + describe(packet));
  const auto one = std::find_if(
      unfinished_.begin(), unfinished_.end(),
      [&](const Unfinished& unfinished) { return unfinished.packet_id == packet.packet_id; });
  if (one == unfinished_.end()) return find("nothing waits for " + describe(packet));
  const bool once = ledger_.message(one->number).qos == QoS::at_least_once;
  const bool fits = packet.type == PacketType::puback   ? once
                    : packet.type == PacketType::pubrec ? !once
                                                        : !once && one->released;
  if (!fits) return find(describe(packet) + " does not fit what was sent");
  ledger_.acknowledge(one->number);
  if (packet.type != PacketType::pubrec) {
    unfinished_.erase(one);
    return;
  }
  one->released = true;
  owed_.push_back({PacketType::pubrel, packet.packet_id, {}, {}});
}

// ---------------------------------------------------------------- judged at once

void SimClient::check(const State& state) const {
  if (!has_session_ || role_.expiry_s != kNeverExpires || wants_clean_) return;
  const Session* session = state.find_session(role_.id);
  if (session == nullptr) return find("its session is gone");
  for (std::size_t i = 0; i < subscribed_.size(); ++i) {
    if (subscribed_[i] != Subscribing::on) continue;
    const Subscription* subscription = state.subscriptions().find(role_.filters[i], session->id);
    if (subscription == nullptr) find("its subscription to " + role_.filters[i] + " is gone");
  }
}

}  // namespace tandemq::sim
