#include "tests/bench/backlog.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/endpoints.hpp"

namespace tandemq {
namespace {

constexpr std::uint32_t kLookEvery = 20'000;  // Messages between two looks at the memory.
constexpr std::uint32_t kWindow = 50;
constexpr int kSilence_ms = 30'000;
constexpr std::size_t kScratch_bytes = 1024 * 1024;

class Backlog {
 public:
  explicit Backlog(const Settings& settings) : settings_(settings), scratch_(kScratch_bytes) {}

  Result<BacklogFigures> run() {
    for (std::uint32_t i = 0; i < settings_.connections; ++i) {
      auto client = subscriber_client(i);
      if (!client) return tl::unexpected(client.error());
      if (auto done = client->subscribe(settings_, "bench/" + std::to_string(i)); !done)
        return tl::unexpected(done.error());
    }
    const std::int64_t begin_ns = monotonic_ns();
    for (std::uint32_t i = 0; i < settings_.connections; ++i)
      if (auto done = publish_all(i); !done) return tl::unexpected(done.error());
    const std::int64_t queued_ns = monotonic_ns();
    figures_.rss_queued_max = std::exchange(rss_max_, 0);
    for (std::uint32_t i = 0; i < settings_.connections; ++i)
      if (auto done = fetch_all(i); !done) return tl::unexpected(done.error());
    figures_.rss_drained_max = rss_max_;
    figures_.publish_s = static_cast<double>(queued_ns - begin_ns) / 1e9;
    figures_.fetch_s = static_cast<double>(monotonic_ns() - queued_ns) / 1e9;
    return figures_;
  }

 private:
  Result<Client> subscriber_client(std::uint32_t i) {
    return Client::connect(settings_, "backlog-" + std::to_string(i), true, 0);
  }
  [[nodiscard]] std::uint32_t each() const { return settings_.messages / settings_.connections; }

  Result<void> publish_all(std::uint32_t i) {
    auto client = Client::connect(settings_, "backlog-publisher", false, 0);
    if (!client) return tl::unexpected(client.error());
    publishers_.emplace_back(std::move(*client), settings_, i, 1);
    Publisher& publisher = publishers_.back();
    publisher.client.start_traffic();
    while (publisher.sent_count() < each() || publisher.unacknowledged_count() > 0) {
      while (publisher.sent_count() < each() && publisher.unacknowledged_count() < kWindow)
        publisher.append(monotonic_ns());
      if (auto turned = turn(publisher); !turned) return turned;
      if (auto looked = look(1); !looked) return looked;
    }
    return {};
  }

  Result<void> fetch_all(std::uint32_t i) {
    auto client = subscriber_client(i);
    if (!client) return tl::unexpected(client.error());
    Subscriber subscriber(std::move(*client), settings_, i, 1);
    subscriber.client.start_traffic();
    std::uint32_t received = 0;
    while (received < each()) {
      if (auto turned = turn(subscriber, &received); !turned) {
        figures_.lost += each() - received;  // Silence: the rest does not come.
        break;
      }
      if (auto looked = look(1); !looked) return looked;
    }
    figures_.received += received;
    figures_.lost += subscriber.lost_count(publishers_);
    figures_.repeated += subscriber.repeated_count();
    return subscriber.client.flush();
  }

  template <class End>
  Result<void> turn(End& end, std::uint32_t* received = nullptr) {
    if (auto flushed = end.client.flush(); !flushed) return flushed;
    pollfd waits{end.client.descriptor(), POLLIN, 0};
    if (!end.client.outbox().empty()) waits.events |= POLLOUT;
    if (::poll(&waits, 1, kSilence_ms) <= 0) return failure("The broker is silent.");
    Result<ByteView> input = end.client.read(scratch_);
    if (!input) return tl::unexpected(input.error());
    ByteView rest = *input;
    while (const auto frame = cut_frame(rest)) {
      const auto accepted = end.accept(*frame);
      if (!accepted) return tl::unexpected(accepted.error());
      if (received != nullptr && frame->type == PacketType::kPublish) ++*received;
    }
    end.client.keep(rest);
    return {};
  }

  Result<void> look(std::uint32_t turns) {
    turns_ += turns;
    if (settings_.pid == 0 || turns_ % (kLookEvery / kWindow) != 0) return {};
    const Result<Memory> memory = memory_of(settings_.pid);
    if (!memory) return tl::unexpected(memory.error());
    rss_max_ = std::max(rss_max_, memory->rss_bytes);
    return {};
  }

  const Settings& settings_;
  std::vector<char> scratch_;
  std::vector<Publisher> publishers_;
  BacklogFigures figures_;
  std::int64_t rss_max_ = 0;
  std::uint64_t turns_ = 0;
};

}  // namespace

Result<BacklogFigures> run_backlog(const Settings& settings) {
  if (settings.qos == 0 || settings.messages < settings.connections)
    return failure("backlog needs --qos 1 or 2, and --messages of at least --connections.");
  return Backlog(settings).run();
}

}  // namespace tandemq
