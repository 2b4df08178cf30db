#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/reports.hpp"
#include "topic/name.hpp"

#include <memory>
#include <utility>

namespace tandemq {
namespace {

// A subscription or a trace, as long as its stream runs.
class LiveStream {
 public:
  // `end` takes down on the core thread what was set up there.
  LiveStream(Runner& runner, std::shared_ptr<StreamBuffer> buffer, Runner::Closure end)
      : runner_(runner), buffer_(std::move(buffer)), end_(std::move(end)) {}
  ~LiveStream() { runner_.post(std::move(end_)); }
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;

  StreamBuffer::Taken take() { return buffer_->take(kRowsWait_ms); }
  void post(Runner::Closure closure) { runner_.post(std::move(closure)); }

 private:
  Runner& runner_;
  std::shared_ptr<StreamBuffer> buffer_;
  Runner::Closure end_;
};

// What the client on behalf of tandemqctl owes the broker for what it has taken.
struct Debts {
  std::vector<mqtt::Ack> acks;
  bool page_taken = false;
};

// False: the stream is over.
bool append_row(const StreamItem& item, std::vector<Json>& rows, Debts& debts) {
  if (const auto* arrived = std::get_if<ArrivedMessage>(&item)) {
    rows.push_back(to_json(*arrived));
    if (arrived->qos == mqtt::QoS::at_most_once) return true;
    const bool once = arrived->qos == mqtt::QoS::at_least_once;
    debts.acks.push_back(
        {once ? mqtt::PacketType::puback : mqtt::PacketType::pubrec, arrived->packet_id, {}, {}});
  } else if (const auto* event = std::get_if<TraceEvent>(&item)) {
    rows.push_back(to_json(*event));
  } else if (const auto* end = std::get_if<StreamEnd>(&item)) {
    if (!end->why.empty()) rows.push_back(Json{{"error", end->why}});
    return false;
  } else {
    debts.page_taken = true;
  }
  return true;
}

void pay(LiveStream& stream, ConnectionId id, Debts debts) {
  if (debts.acks.empty() && !debts.page_taken) return;
  stream.post([id, debts = std::move(debts)](Primary& primary, Instant now) {
    for (const mqtt::Ack& ack : debts.acks) primary.step(Received{id, ack}, now);
    if (debts.page_taken) primary.step(SentAll{id}, now);
  });
}

RowSource rows_of(std::shared_ptr<LiveStream> stream, ConnectionId id) {
  return [stream = std::move(stream), id](std::vector<Json>& rows) {
    StreamBuffer::Taken taken = stream->take();
    Debts debts;
    bool more = true;
    for (const StreamItem& item : taken.items) more = more && append_row(item, rows, debts);
    if (taken.left_out > 0) rows.push_back(Json{{"left_out", taken.left_out}});
    pay(*stream, id, std::move(debts));
    return more;
  };
}

bool is_filter(const std::string& filter) {
  if (!is_shared(filter)) return is_valid_filter(filter);
  const auto shared = split_shared(filter);
  return shared && is_valid_filter(shared->filter);
}

Result<RowSource> subscribe(const CommandPorts& ports, const Json& arguments) {
  const auto filters = arguments["filter"].get<std::vector<std::string>>();
  for (const std::string& filter : filters)
    if (!is_filter(filter)) return failure("'" + filter + "' is not a topic filter.");
  const auto qos = static_cast<mqtt::QoS>(arguments.value("qos", 0));
  const auto buffer = std::make_shared<StreamBuffer>();
  AdminStreams& streams = ports.streams;
  // Whoever gives up waiting leaves an end behind that comes after the beginning.
  const auto id = std::make_shared<ConnectionId>();
  auto stream = std::make_shared<LiveStream>(ports.runner, buffer,
                                             [&streams, id](Primary& primary, Instant now) {
                                               streams.end_subscription(primary, now, *id);
                                             });
  const auto began =
      ask(ports.runner, [&streams, filters, qos, buffer, id](Primary& primary, Instant now) {
        return *id = streams.subscribe(primary, now, filters, qos, buffer);
      });
  if (!began) return tl::unexpected(began.error());
  return rows_of(std::move(stream), *began);
}

Trace::Subject subject_of(const std::string& name) {
  return name == "client"  ? Trace::Subject::client
         : name == "topic" ? Trace::Subject::topic
                           : Trace::Subject::address;
}

Result<RowSource> trace(const CommandPorts& ports, const Json& arguments) {
  const Trace::Subject subject = subject_of(arguments["subject"].get<std::string>());
  const auto value = arguments["value"].get<std::string>();
  if (subject == Trace::Subject::topic && !is_valid_filter(value))
    return failure("'" + value + "' is not a topic filter.");
  const auto buffer = std::make_shared<StreamBuffer>();
  AdminStreams& streams = ports.streams;
  const auto watch = std::make_shared<std::uint64_t>();
  auto stream = std::make_shared<LiveStream>(
      ports.runner, buffer,
      [&streams, watch](Primary& primary, Instant) { streams.end_trace(primary, *watch); });
  const auto began =
      ask(ports.runner, [&streams, subject, value, buffer, watch](Primary& primary, Instant) {
        return *watch = streams.start_trace(primary, subject, value, buffer);
      });
  if (!began) return tl::unexpected(began.error());
  return rows_of(std::move(stream), ConnectionId::none);
}

}  // namespace

void add_live_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.rows["subscribe"] = [ports](const Json& a) { return subscribe(ports, a); };
  handlers.rows["trace start"] = [ports](const Json& a) { return trace(ports, a); };
}

}  // namespace tandemq
