#include "tests/sim/ledger.hpp"

#include "topic/name.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace tandemq::sim {
namespace {

// "17:xxxx": the number, and as much more as the number says.
std::optional<MessageNumber> number_in(std::string_view payload) {
  MessageNumber number = 0;
  const auto [end, error] =
      std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (error != std::errc{} || end == payload.data() + payload.size() || *end != ':')
    return std::nullopt;
  return number;
}

std::string shown(const SentMessage& message, MessageNumber number) {
  std::string text = "message " + std::to_string(number) + " (" + message.topic + ", QoS " +
                     std::to_string(static_cast<int>(message.qos));
  if (message.is_will) text += ", a will";
  return text + ", sent " + std::to_string(message.sends) + " times)";
}

}  // namespace

std::size_t Ledger::add_reader(Reader reader) {
  accounts_.emplace_back().reader = std::move(reader);
  return accounts_.size() - 1;
}

MessageNumber Ledger::send(SentMessage message) {
  message.sends = 1;
  message.sent_at = ++tick_;
  messages_.push_back(std::move(message));
  const MessageNumber number = messages_.size() - 1;
  const SentMessage& sent = messages_.back();
  if (sent.retain && !sent.expires && !sent.is_will) retained_[sent.topic].push_back(number);
  return number;
}

void Ledger::acknowledge(MessageNumber number) {
  Tick& at = messages_[number].acknowledged_at;
  if (at == kNever) at = ++tick_;
}

std::string Ledger::payload(MessageNumber number) const {
  if (messages_[number].empty) return {};
  std::string text = std::to_string(number) + ":";
  text.append(number * 37 % 120, 'x');
  return text;
}

void Ledger::granted(std::size_t reader, std::size_t filter) {
  auto& spans = accounts_[reader].spans;
  const bool on = std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
    return span.filter == filter && span.leaving_at == kNever;
  });
  if (!on) spans.push_back({filter, ++tick_, kNever});
}

void Ledger::leaves(std::size_t reader, std::size_t filter) {
  ++tick_;
  for (Span& span : accounts_[reader].spans)
    if (span.filter == filter && span.leaving_at == kNever) span.leaving_at = tick_;
}

// What it was owed is gone with it.
void Ledger::loses_session(std::size_t reader) {
  Account& account = accounts_[reader];
  account.spans.clear();
  if (account.reader.durable) return;
  // What goes to nobody else is in no log: when the power fails its publisher sends it once more,
  // and the next session may get it again.
  account.counts.clear();
  account.last.clear();
}

void Ledger::receive(std::size_t reader, const mqtt::Publish& packet, bool again) {
  Account& account = accounts_[reader];
  const auto& filters = account.reader.filters;
  const bool asked = std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
    return matches(filter, packet.topic);
  });
  if (!asked) find(account.reader.name + " got " + packet.topic + " unasked");
  if (packet.payload.empty()) return;
  const auto number = number_in(packet.payload);
  if (!number || *number >= messages_.size() || payload(*number) != packet.payload ||
      messages_[*number].topic != packet.topic)
    return find(account.reader.name + " got what nobody has sent: " + packet.topic);
  // A retained message comes once a subscription; no promise counts those.
  if (!again && !packet.retain) check_copy(account, *number, packet);
}

void Ledger::check_copy(Account& account, MessageNumber number, const mqtt::Publish& packet) {
  const SentMessage& message = messages_[number];
  ++tick_;
  if (account.counts.size() <= number) account.counts.resize(messages_.size());
  std::uint8_t& count = account.counts[number];
  if (count < UINT8_MAX) ++count;
  if (packet.qos == mqtt::QoS::at_most_once || message.qos == mqtt::QoS::at_most_once) return;
  if (count > 1) {
    if (packet.qos == mqtt::QoS::exactly_once)
      find("twice: " + account.reader.name + " got " + shown(message, number));
    return;
  }
  if (account.reader.shares) return;  // The members have no order among them.
  MessageNumber& last =
      account.last.try_emplace({message.sender, message.topic}, number).first->second;
  if (number < last && must_be_in_order(account, message))
    find("out of order: " + account.reader.name + " got " + shown(message, number) + " after " +
         std::to_string(last));
  last = std::max(last, number);
}

bool Ledger::is_forgiven(const std::string& topic) const {
  return std::any_of(forgiven_.begin(), forgiven_.end(),
                     [&](const std::string& filter) { return matches(filter, topic); });
}

bool Ledger::owes(const Account& account, const SentMessage& message) const {
  if (message.qos == mqtt::QoS::at_most_once || message.expires || message.empty) return false;
  if (message.acknowledged_at == kNever || is_forgiven(message.topic)) return false;
  return std::any_of(account.spans.begin(), account.spans.end(), [&](const Span& span) {
    return span.on_at < message.sent_at && message.acknowledged_at < span.leaving_at &&
           matches(account.reader.filters[span.filter], message.topic);
  });
}

bool Ledger::must_be_in_order(const Account& account, const SentMessage& message) const {
  // Of two copies the first may have expired in the queue, and the other is behind the next one.
  if (message.expires && message.sends > 1) return false;
  return std::any_of(account.spans.begin(), account.spans.end(), [&](const Span& span) {
    return span.on_at < message.sent_at && span.leaving_at == kNever &&
           matches(account.reader.filters[span.filter], message.topic);
  });
}

void Ledger::check_retained(const State& state) {
  for (const auto& [topic, sent] : retained_) {
    if (is_forgiven(topic)) continue;
    // The last that was acknowledged, or one behind it.
    auto from = std::find_if(sent.rbegin(), sent.rend(), [&](MessageNumber number) {
      return messages_[number].acknowledged_at != kNever;
    });
    const auto first = from == sent.rend() ? sent.begin() : from.base() - 1;
    const MessageRef kept = state.find_retained(topic);
    const std::string found = kept ? kept->payload : std::string();
    const bool may_be_none = from == sent.rend() && found.empty();
    const bool allowed = std::any_of(
        first, sent.end(), [&](MessageNumber number) { return payload(number) == found; });
    if (!allowed && !may_be_none)
      find("retained: " + topic + " holds '" + found + "', acknowledged was " +
           (from == sent.rend() ? std::string("nothing") : "message " + std::to_string(*first)));
  }
}

void Ledger::judge() {
  for (Account& account : accounts_) {
    account.counts.resize(messages_.size());
    for (MessageNumber number = 0; number < messages_.size(); ++number) {
      if (account.counts[number] > 0 || !owes(account, messages_[number])) continue;
      find("lost: " + account.reader.name + " never got " + shown(messages_[number], number));
    }
  }
}

}  // namespace tandemq::sim
