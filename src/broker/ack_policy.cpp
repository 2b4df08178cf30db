#include "broker/ack_policy.hpp"

#include "config/ack_rule.hpp"

namespace tandemq {

AckPolicy::AckPolicy(const Config& config) : of_node_(node_level(config)) {
  for (const ListenerConfig& listener : config.listeners)
    if (listener.ack) of_listeners_.emplace(listener.url, *listener.ack);
  for (const AckRule& rule : config.acks) {
    if (rule.about == AckRule::About::user) {
      of_users_.emplace(rule.name, rule.level);
    } else {
      topics_.add_topic(rule.name, RuleKind::read, static_cast<std::uint32_t>(of_topics_.size()));
      of_topics_.push_back(rule.level);
    }
  }
}

AckPolicy::Choice AckPolicy::of_client(std::string_view listener, std::string_view user) const {
  if (const auto one = of_users_.find(user); one != of_users_.end()) return {one->second, By::user};
  if (const auto one = of_listeners_.find(listener); one != of_listeners_.end())
    return {one->second, By::listener};
  return {of_node_, By::node};
}

CommitLevel AckPolicy::find_topic(std::string_view topic, CommitLevel otherwise) const {
  RuleHits hits;
  topics_.match(topic, {}, hits);
  return hits.read == RuleHits::kNoLine ? otherwise : of_topics_[hits.read];
}

}  // namespace tandemq
