#include "node/admin_streams.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// QoS 1 and 2 messages on the way to a stream: what it does not take waits in the session.
constexpr std::uint32_t kReceiveMaximum = 1'000;

mqtt::Connect connect_packet(const std::string& client_id) {
  mqtt::Connect packet;
  packet.version = mqtt::Version::v5;
  packet.client_id = client_id;
  packet.properties.add(mqtt::PropertyId::receive_maximum, kReceiveMaximum);
  return packet;
}

mqtt::Subscribe subscribe_packet(const std::vector<std::string>& filters, mqtt::QoS qos) {
  mqtt::Subscribe packet;
  packet.packet_id = 1;
  for (const std::string& filter : filters) packet.entries.push_back({filter, qos, false, true, 0});
  return packet;
}

}  // namespace

AdminStreams::AdminStreams(Runner& runner)
    : runner_(runner),
      slots_(runner.add_sink(
          {[this](Outputs&& outputs) { carry_out(outputs); }, [](std::size_t) {}})) {}

void AdminStreams::when_committed(Primary& primary, std::function<void()> done) {
  const ConnectionId id = slots_.obtain();
  receipts_.emplace(id, std::move(done));
  primary.effects().at(primary.broker().world().level).list.emplace_back(id, NotifyWhenSent{});
}

std::string AdminStreams::free_client_id(const State& state) {
  std::string id;
  do {
    id = "tandemqctl-" + std::to_string(++last_client_);
  } while (state.find_session(id) != nullptr);
  return id;
}

ConnectionId AdminStreams::subscribe(Primary& primary, Instant now,
                                     const std::vector<std::string>& filters, mqtt::QoS qos,
                                     std::shared_ptr<StreamBuffer> buffer) {
  const ConnectionId id = slots_.obtain();
  subscribers_.emplace(id, std::move(buffer));
  auto origin = std::make_unique<Origin>();
  origin->address = "tandemqctl";
  origin->listener = "admin.socket";
  origin->admin = true;
  const std::string client_id = free_client_id(primary.broker().state());
  primary.step(Opened{id, std::move(origin)}, now);
  primary.step(Received{id, connect_packet(client_id)}, now);
  primary.step(Received{id, subscribe_packet(filters, qos)}, now);
  return id;
}

void AdminStreams::end_subscription(Primary& primary, Instant now, ConnectionId id) {
  if (subscribers_.contains(id)) primary.step(Received{id, mqtt::Disconnect{}}, now);
}

std::uint64_t AdminStreams::start_trace(Primary& primary, Trace::Subject subject,
                                        const std::string& value,
                                        std::shared_ptr<StreamBuffer> buffer) {
  const std::uint64_t watch = primary.broker().world().trace.start(
      subject, value, [buffer](const TraceEvent& event) { buffer->put_or_leave_out(event); });
  traces_.push_back({watch, subject, value, std::move(buffer)});
  return watch;
}

void AdminStreams::end_trace(Primary& primary, std::uint64_t watch) {
  primary.broker().world().trace.stop(watch);
  std::erase_if(traces_, [watch](const RunningTrace& trace) { return trace.watch == watch; });
}

std::size_t AdminStreams::end_traces(Primary& primary, std::optional<Trace::Subject> subject,
                                     const std::optional<std::string>& value) {
  return std::erase_if(traces_, [&](const RunningTrace& trace) {
    if (subject && *subject != trace.subject) return false;
    if (value && *value != trace.value) return false;
    primary.broker().world().trace.stop(trace.watch);
    trace.buffer->put(StreamEnd{});
    return true;
  });
}

void AdminStreams::carry_out(const Outputs& outputs) {
  for (const Output& output : outputs.list) {
    const ConnectionId id = output.connection;
    if (auto receipt = receipts_.extract(id)) {
      slots_.release(id);
      receipt.mapped()();
    } else if (const auto found = subscribers_.find(id); found != subscribers_.end()) {
      const std::shared_ptr<StreamBuffer> buffer = found->second;
      carry_out(id, *buffer, output, outputs);
    }
  }
}

void AdminStreams::carry_out(ConnectionId id, StreamBuffer& buffer, const Output& output,
                             const Outputs& outputs) {
  if (const auto* delivery = std::get_if<Deliver>(&output.action)) {
    const ArrivedMessage arrived{runner_.clock().now(), outputs.bodies[delivery->body],
                                 delivery->packet_id, delivery->qos, delivery->retain};
    if (delivery->qos == mqtt::QoS::at_most_once) return buffer.put_or_leave_out(arrived);
    return buffer.put(arrived);
  }
  if (const auto* other = std::get_if<OtherPacket>(&output.action))
    return take_packet(buffer, **other);
  if (std::holds_alternative<NotifyWhenSent>(output.action)) return buffer.put(PageEnd{});
  if (const auto* ack = std::get_if<mqtt::Ack>(&output.action);
      ack != nullptr && ack->type == mqtt::PacketType::pubrel) {
    const mqtt::Ack complete{mqtt::PacketType::pubcomp, ack->packet_id, {}, {}};
    return runner_.post([id, complete](Primary& primary, Instant now) {
      primary.step(Received{id, complete}, now);
    });
  }
  if (const auto* closing = std::get_if<Close>(&output.action)) {
    buffer.put(StreamEnd{closing->why});
    close(id);
  }
}

void AdminStreams::take_packet(StreamBuffer& buffer, const mqtt::Packet& packet) {
  const auto* ack = std::get_if<mqtt::SubscriptionAck>(&packet);
  if (ack == nullptr) return;
  for (const mqtt::ReasonCode reason : ack->reasons)
    if (is_error(reason))
      buffer.put(StreamEnd{"A filter was refused: " + std::string(name(reason)) + "."});
}

// The broker hears of it with the next batch; until then the id stays taken.
void AdminStreams::close(ConnectionId id) {
  subscribers_.erase(id);
  runner_.post([this, id](Primary& primary, Instant now) {
    primary.step(Closed{id, {}}, now);
    slots_.release(id);
  });
}

}  // namespace tandemq
