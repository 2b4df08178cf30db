// AdminStreams: the sink of administration: clients inside this process that subscribe on behalf of
// tandemqctl, receipts that say when a change is durable, and the traces that run.
// Owned by node; core thread, but for the constructor, which runs before the core does.
#pragma once

#include "core/primary.hpp"
#include "net/connection_slots.hpp"
#include "node/runner.hpp"
#include "node/stream_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

class AdminStreams {
 public:
  explicit AdminStreams(Runner& runner);

  // To be called within a closure of Runner::post(). `done` is called when all that has been
  // recorded so far is committed: the receipt is an output like any other and waits at the gate.
  void when_committed(Primary& primary, std::function<void()> done);

  // A client of its own, whose messages go into the buffer; the filters are valid.
  ConnectionId subscribe(Primary& primary, Instant now, const std::vector<std::string>& filters,
                         mqtt::QoS qos, std::shared_ptr<StreamBuffer> buffer);
  void end_subscription(Primary& primary, Instant now, ConnectionId id);

  std::uint64_t start_trace(Primary& primary, Trace::Subject subject, const std::string& value,
                            std::shared_ptr<StreamBuffer> buffer);
  void end_trace(Primary& primary, std::uint64_t watch);
  // Ends those of the subject and value, or all; how many.
  std::size_t end_traces(Primary& primary, std::optional<Trace::Subject> subject,
                         const std::optional<std::string>& value);

 private:
  struct RunningTrace {
    std::uint64_t watch;
    Trace::Subject subject;
    std::string value;
    std::shared_ptr<StreamBuffer> buffer;
  };

  void carry_out(const Outputs& outputs);
  void carry_out(ConnectionId id, StreamBuffer& buffer, const Output& output,
                 const Outputs& outputs);
  void take_packet(StreamBuffer& buffer, const mqtt::Packet& packet);
  void close(ConnectionId id);
  [[nodiscard]] std::string free_client_id(const State& state);

  Runner& runner_;
  ConnectionSlots slots_;
  std::uint64_t last_client_ = 0;  // Number in the client id.
  std::map<ConnectionId, std::shared_ptr<StreamBuffer>> subscribers_;
  std::map<ConnectionId, std::function<void()>> receipts_;
  std::vector<RunningTrace> traces_;
};

}  // namespace tandemq
