// Topic aliases of one direction of one connection (3.3.2.3.4). They die with the connection, so
// they live beside it and never in State.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq::mqtt {

// What the client maps: alias -> topic.
class InboundAliases {
 public:
  explicit InboundAliases(std::uint16_t maximum = 0) : maximum_(maximum) {}
  // False for 0 and above the maximum [MQTT-3.3.2-8, -9].
  bool assign(std::uint16_t alias, std::string_view topic);
  [[nodiscard]] const std::string* find(std::uint16_t alias) const;  // Null: never assigned.

 private:
  std::uint16_t maximum_;
  std::vector<std::string> topics_;  // By alias - 1; grows as the client uses them.
};

// What we map for the client: the first topics seen keep their alias. Call it only for a packet
// that is surely sent, or the client would never learn the alias.
class OutboundAliases {
 public:
  struct Choice {
    std::uint16_t alias = 0;  // 0: none left, send the topic.
    bool known = false;       // True: the topic may be left out.
  };
  explicit OutboundAliases(std::uint16_t maximum = 0) : maximum_(maximum) {}
  Choice choose(std::string_view topic);

 private:
  // Finds a string by a view of it, without a copy.
  struct TopicHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view topic) const {
      return std::hash<std::string_view>{}(topic);
    }
  };

  std::uint16_t maximum_;
  std::unordered_map<std::string, std::uint16_t, TopicHash, std::equal_to<>> aliases_;
};

}  // namespace tandemq::mqtt
