#include "mqtt/alias.hpp"

namespace tandemq::mqtt {

bool InboundAliases::assign(std::uint16_t alias, std::string_view topic) {
  if (alias == 0 || alias > maximum_) return false;
  if (topics_.size() < alias) topics_.resize(alias);
  topics_[alias - 1U] = topic;
  return true;
}

const std::string* InboundAliases::find(std::uint16_t alias) const {
  if (alias == 0 || alias > topics_.size()) return nullptr;
  const std::string& topic = topics_[alias - 1U];
  return topic.empty() ? nullptr : &topic;  // A topic has at least one byte [MQTT-4.7.3-1].
}

OutboundAliases::Choice OutboundAliases::choose(std::string_view topic) {
  if (maximum_ == 0) return {};
  if (const auto found = aliases_.find(topic); found != aliases_.end()) {
    return {found->second, true};
  }
  if (aliases_.size() >= maximum_) return {};
  const auto alias = static_cast<std::uint16_t>(aliases_.size() + 1);
  aliases_.emplace(topic, alias);
  return {alias, false};
}

}  // namespace tandemq::mqtt
