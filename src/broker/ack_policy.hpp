// AckPolicy: what the acknowledgement of a PUBLISH waits for: what its topic asks, else its user,
// else its listener, else the node. Of topics the first that matches counts, as they stand in the
// file. It is about PUBACK and PUBREC; a PUBCOMP ends a handshake that a failover must not begin
// anew, so it waits for what the node asks at least.
// Built from the settings, then read only.
#pragma once

#include "access/rule_tree.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

class AckPolicy {
 public:
  enum class By : std::uint8_t { node, listener, user };
  struct Choice {
    CommitLevel level{};
    By by = By::node;
  };

  explicit AckPolicy(const Config& config);

  // Of a client, whatever it publishes to. `listener` is its URL.
  [[nodiscard]] Choice of_client(std::string_view listener, std::string_view user) const;
  // Of a message, whose client has this level.
  [[nodiscard]] CommitLevel of_topic(std::string_view topic, CommitLevel of_client) const {
    return of_topics_.empty() ? of_client : find_topic(topic, of_client);
  }

 private:
  using Levels = std::unordered_map<std::string, CommitLevel, TextHash, std::equal_to<>>;

  [[nodiscard]] CommitLevel find_topic(std::string_view topic, CommitLevel otherwise) const;

  CommitLevel of_node_;
  Levels of_listeners_;
  Levels of_users_;
  RuleTree topics_;  // Their lines are indices of of_topics_.
  std::vector<CommitLevel> of_topics_;
};

}  // namespace tandemq
