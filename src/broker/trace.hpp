// Trace: protocol events as they happen, for `tandemqctl trace`. Each watch names a client, a topic
// filter or an address; while there is none, a step pays one comparison.
// Owned by the broker's World; core thread.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct TraceEvent {
  Instant at;
  std::string client_id;
  std::string address;
  std::string topic;  // Empty for packets without one.
  std::string text;   // "PUBLISH in qos=1 id=7 104 bytes"
};

class Trace {
 public:
  enum class Subject : std::uint8_t { client, topic, address };
  using Listener = std::function<void(const TraceEvent&)>;

  // Calls `listener` for every event that fits; the number ends it again.
  std::uint64_t start(Subject subject, std::string value, Listener listener);
  void stop(std::uint64_t watch);
  [[nodiscard]] bool active() const { return !watches_.empty(); }
  void report(const TraceEvent& event) const;

 private:
  struct Watch {
    std::uint64_t number;
    Subject subject;
    std::string value;
    Listener listener;
  };
  std::vector<Watch> watches_;
  std::uint64_t next_number_ = 1;
};

}  // namespace tandemq
