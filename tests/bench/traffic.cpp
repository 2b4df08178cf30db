#include "tests/bench/traffic.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/endpoints.hpp"

namespace tandemq {
namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::int64_t kMillisecond_ns = 1'000'000;
constexpr std::int64_t kStall_ns = 10 * kSecond_ns;      // Silence after which the rest is lost.
constexpr std::size_t kScratch_bytes = 4 * 1024 * 1024;  // Holds any kept frame and much more.

struct Snapshot {
  std::int64_t at_ns = 0;
  std::uint64_t sent_count = 0;
  std::uint64_t delivered_count = 0;
  CpuTime broker;
  CpuTime load;
};

enum class Phase {
  kWarmup,   // Messages flow and are not measured.
  kMeasure,  // Messages flow and are measured.
  kDrain,    // No new messages; waiting for what is under way.
};

class Traffic {
 public:
  explicit Traffic(const Settings& settings)
      : settings_(settings),
        open_loop_(settings.scenario == "latency"),
        scratch_(kScratch_bytes),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  ~Traffic() { ::close(epoll_); }

  Result<void> connect();
  Result<TrafficFigures> run();

 private:
  Result<void> add_subscriber(std::uint32_t first_publisher, const std::string& filter,
                              std::uint32_t publishers_count);
  Result<void> add_publisher(std::uint32_t index, std::uint32_t subscribers_count);
  Result<void> watch(Client& client, std::uint64_t key);
  Result<void> advance(std::int64_t now_ns);
  Result<void> turn(std::int64_t now_ns);
  Result<void> serve(std::uint64_t key, bool readable);
  Result<void> accept_answers(Publisher& publisher, ByteView& input);
  Result<void> accept_deliveries(Subscriber& subscriber, ByteView& input);
  void credit(const Publisher& publisher);
  Result<void> publish_window(Publisher& publisher);
  Result<void> publish_due(std::int64_t now_ns);
  [[nodiscard]] Result<Snapshot> snapshot(std::int64_t now_ns) const;
  [[nodiscard]] bool has_room(const Publisher& publisher) const;
  [[nodiscard]] bool published_enough() const;
  [[nodiscard]] bool measured_enough(std::int64_t now_ns) const;
  [[nodiscard]] bool stalled(std::int64_t now_ns) const;
  [[nodiscard]] bool idle() const;  // Nothing is under way.
  [[nodiscard]] TrafficFigures figures() const;

  const Settings& settings_;
  const bool open_loop_;
  std::vector<char> scratch_;
  int epoll_;
  std::vector<Publisher> publishers_;
  std::vector<Subscriber> subscribers_;
  std::vector<std::uint32_t> credited_;  // Publishers that may have room in their window.
  Phase phase_ = Phase::kWarmup;
  std::int64_t start_ns_ = 0;
  std::int64_t progress_ns_ = 0;
  std::uint64_t sent_count_ = 0;
  std::uint64_t delivered_count_ = 0;
  Snapshot measure_start_;
  Snapshot measure_end_;
  std::vector<std::int64_t> latencies_ns_;
};

Result<void> Traffic::connect() {
  const std::uint32_t count = settings_.connections;
  const std::uint32_t publishers = settings_.scenario == "fan-out" ? 1 : count;
  const std::uint32_t subscribers = settings_.scenario == "fan-in" ? 1 : count;
  const std::uint32_t publishers_each = settings_.scenario == "fan-in" ? count : 1;
  const std::uint32_t subscribers_each = settings_.scenario == "fan-out" ? count : 1;
  publishers_.reserve(publishers);
  subscribers_.reserve(subscribers);
  for (std::uint32_t index = 0; index < subscribers; ++index) {
    const std::uint32_t publisher = settings_.scenario == "fan-out" ? 0 : index;
    const bool all = settings_.scenario == "fan-in";
    const std::string filter = all ? "bench/+" : "bench/" + std::to_string(publisher);
    const Result<void> added = add_subscriber(publisher, filter, publishers_each);
    if (!added) {
      return added;
    }
  }
  for (std::uint32_t index = 0; index < publishers; ++index) {
    const Result<void> added = add_publisher(index, subscribers_each);
    if (!added) {
      return added;
    }
  }
  return {};
}

Result<void> Traffic::add_subscriber(std::uint32_t first_publisher, const std::string& filter,
                                     std::uint32_t publishers_count) {
  const std::size_t index = subscribers_.size();
  const std::string id = "s" + std::to_string(index) + "-" + std::to_string(::getpid());
  Result<Client> client = Client::connect(settings_, id, settings_.persistent, 0);
  if (!client) {
    return tl::unexpected(client.error());
  }
  const Result<void> subscribed = client->subscribe(settings_, filter);
  if (!subscribed) {
    return subscribed;
  }
  subscribers_.emplace_back(std::move(*client), settings_, first_publisher, publishers_count);
  return watch(subscribers_.back().client, index << 1 | 1);
}

Result<void> Traffic::add_publisher(std::uint32_t index, std::uint32_t subscribers_count) {
  const std::string id = "p" + std::to_string(index) + "-" + std::to_string(::getpid());
  Result<Client> client = Client::connect(settings_, id, false, 0);
  if (!client) {
    return tl::unexpected(client.error());
  }
  publishers_.emplace_back(std::move(*client), settings_, index, subscribers_count);
  credited_.push_back(index);
  return watch(publishers_.back().client, std::uint64_t{index} << 1);
}

// Edge-triggered, so that one registration serves reading and writing.
// The key is the index and, in its lowest bit, whether it is a subscriber's.
Result<void> Traffic::watch(Client& client, std::uint64_t key) {
  client.start_traffic();
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.descriptor(), &event) != 0) {
    return failure("epoll_ctl failed, errno " + std::to_string(errno) + ".");
  }
  return {};
}

Result<TrafficFigures> Traffic::run() {
  start_ns_ = progress_ns_ = monotonic_ns();
  for (;;) {
    const std::int64_t now_ns = monotonic_ns();
    const Result<void> advanced = advance(now_ns);
    if (!advanced) {
      return tl::unexpected(advanced.error());
    }
    if (phase_ == Phase::kDrain && (idle() || stalled(now_ns))) {
      return figures();
    }
    const Result<void> turned = turn(now_ns);
    if (!turned) {
      return tl::unexpected(turned.error());
    }
  }
}

Result<void> Traffic::advance(std::int64_t now_ns) {
  const bool warm = now_ns - start_ns_ >= settings_.warmup_ms * kMillisecond_ns;
  if (phase_ == Phase::kWarmup && warm) {
    const Result<Snapshot> start = snapshot(now_ns);
    if (!start) {
      return tl::unexpected(start.error());
    }
    measure_start_ = *start;
    phase_ = Phase::kMeasure;
  }
  if (phase_ == Phase::kMeasure && (measured_enough(now_ns) || stalled(now_ns))) {
    const Result<Snapshot> end = snapshot(now_ns);
    if (!end) {
      return tl::unexpected(end.error());
    }
    measure_end_ = *end;
    phase_ = Phase::kDrain;
  }
  return {};
}

// One wait, all that it brought, and the publications that follow from it.
Result<void> Traffic::turn(std::int64_t now_ns) {
  std::array<epoll_event, 256> events = {};
  const int wait_ms = open_loop_ ? 0 : 100;  // The open loop spins: a wake-up would be measured.
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events[static_cast<std::size_t>(index)];
    const Result<void> served = serve(event.data.u64, (event.events & ~EPOLLOUT) != 0);
    if (!served) {
      return served;
    }
  }
  if (phase_ == Phase::kDrain) {
    return {};
  }
  if (open_loop_) {
    return publish_due(now_ns);
  }
  for (const std::uint32_t index : credited_) {
    const Result<void> published = publish_window(publishers_[index]);
    if (!published) {
      return published;
    }
  }
  credited_.clear();
  return {};
}

Result<void> Traffic::serve(std::uint64_t key, bool readable) {
  const std::size_t index = key >> 1;
  const bool subscribes = (key & 1) != 0;
  Client& client = subscribes ? subscribers_[index].client : publishers_[index].client;
  if (readable) {
    progress_ns_ = monotonic_ns();
    const Result<ByteView> arrived = client.read(scratch_);
    if (!arrived) {
      return tl::unexpected(arrived.error());
    }
    ByteView input = *arrived;
    const Result<void> accepted = subscribes ? accept_deliveries(subscribers_[index], input)
                                             : accept_answers(publishers_[index], input);
    if (!accepted) {
      return accepted;
    }
    client.keep(input);
  }
  return client.flush();
}

Result<void> Traffic::accept_answers(Publisher& publisher, ByteView& input) {
  while (const std::optional<FrameView> frame = cut_frame(input)) {
    const Result<void> accepted = publisher.accept(*frame);
    if (!accepted) {
      return accepted;
    }
  }
  credit(publisher);
  return {};
}

Result<void> Traffic::accept_deliveries(Subscriber& subscriber, ByteView& input) {
  while (const std::optional<FrameView> frame = cut_frame(input)) {
    const Result<Stamp> stamp = subscriber.accept(*frame);
    if (!stamp) {
      return tl::unexpected(stamp.error());
    }
    if (stamp->sent_ns == 0) {
      continue;
    }
    ++delivered_count_;
    publishers_[stamp->publisher].count_delivery();
    credit(publishers_[stamp->publisher]);
    if (open_loop_ && phase_ != Phase::kWarmup && stamp->sent_ns >= measure_start_.at_ns) {
      latencies_ns_.push_back(progress_ns_ - stamp->sent_ns);
    }
  }
  return {};
}

void Traffic::credit(const Publisher& publisher) {
  if (!open_loop_ && has_room(publisher)) {
    credited_.push_back(publisher.index());
  }
}

// Each batch is a write of its own, so that `--batch 1` makes the broker read message by message.
Result<void> Traffic::publish_window(Publisher& publisher) {
  while (has_room(publisher) && !published_enough()) {
    const std::int64_t now_ns = monotonic_ns();
    for (std::uint32_t count = 0; count < settings_.batch; ++count) {
      publisher.append(now_ns);
    }
    sent_count_ += settings_.batch;
    const Result<void> flushed = publisher.client.flush();
    if (!flushed) {
      return flushed;
    }
  }
  return {};
}

Result<void> Traffic::publish_due(std::int64_t now_ns) {
  for (;;) {
    const auto index = static_cast<std::int64_t>(sent_count_);
    const std::int64_t due_ns = start_ns_ + index * kSecond_ns / settings_.rate;
    if (due_ns > now_ns || published_enough()) {
      return {};
    }
    Publisher& publisher = publishers_[sent_count_ % publishers_.size()];
    publisher.append(due_ns);
    ++sent_count_;
    const Result<void> flushed = publisher.client.flush();
    if (!flushed) {
      return flushed;
    }
  }
}

Result<Snapshot> Traffic::snapshot(std::int64_t now_ns) const {
  const Result<CpuTime> broker = cpu_time_of(settings_.pid);
  if (!broker) {
    return tl::unexpected(broker.error());
  }
  return Snapshot{now_ns, sent_count_, delivered_count_, *broker, cpu_time_of_load()};
}

bool Traffic::has_room(const Publisher& publisher) const {
  return publisher.outstanding_count() + settings_.batch <= settings_.window;
}

bool Traffic::published_enough() const {
  return settings_.messages > 0 && phase_ == Phase::kMeasure &&
         sent_count_ - measure_start_.sent_count >= settings_.messages;
}

bool Traffic::measured_enough(std::int64_t now_ns) const {
  if (settings_.messages > 0) {
    return published_enough() && idle();
  }
  return now_ns - measure_start_.at_ns >= settings_.seconds * kSecond_ns;
}

bool Traffic::stalled(std::int64_t now_ns) const {
  return now_ns - progress_ns_ >= kStall_ns;
}

bool Traffic::idle() const {
  return std::all_of(publishers_.begin(), publishers_.end(),
                     [](const Publisher& publisher) { return publisher.outstanding_count() == 0; });
}

TrafficFigures Traffic::figures() const {
  TrafficFigures figures;
  figures.sent_count = measure_end_.sent_count - measure_start_.sent_count;
  figures.delivered_count = measure_end_.delivered_count - measure_start_.delivered_count;
  figures.elapsed_s = static_cast<double>(measure_end_.at_ns - measure_start_.at_ns) / 1e9;
  figures.broker = measure_end_.broker - measure_start_.broker;
  figures.load = measure_end_.load - measure_start_.load;
  figures.latencies_ns = latencies_ns_;
  for (const Subscriber& subscriber : subscribers_) {
    figures.lost_count += subscriber.lost_count(publishers_);
    figures.repeated_count += subscriber.repeated_count();
  }
  for (const Publisher& publisher : publishers_) {
    figures.unacknowledged_count += publisher.unacknowledged_count();
  }
  return figures;
}

}  // namespace

Result<TrafficFigures> run_traffic(const Settings& settings) {
  Traffic traffic(settings);
  const Result<void> connected = traffic.connect();
  if (!connected) {
    return tl::unexpected(connected.error());
  }
  return traffic.run();
}

Result<void> check_delivery(const TrafficFigures& figures) {
  if (figures.lost_count + figures.repeated_count + figures.unacknowledged_count == 0) {
    return {};
  }
  return failure("Not every message arrived exactly once: " + std::to_string(figures.lost_count) +
                 " lost, " + std::to_string(figures.repeated_count) + " repeated or late, " +
                 std::to_string(figures.unacknowledged_count) + " never acknowledged.");
}

}  // namespace tandemq
