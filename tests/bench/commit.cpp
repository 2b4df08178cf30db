#include "tests/bench/commit.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/endpoints.hpp"

namespace tandemq {
namespace {

constexpr int kSilence_ms = 30'000;

// What the disk takes for as much as a record of one message.
class Probe {
 public:
  explicit Probe(const std::string& folder)
      : path_(folder + "/probe"),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~Probe() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(path_.c_str());
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  Result<std::int64_t> sync_ns() {
    const std::string record(300, 'x');
    const std::int64_t begin_ns = monotonic_ns();
    const bool written =
        file_ >= 0 && ::write(file_, record.data(), record.size()) > 0 && ::fdatasync(file_) == 0;
    if (!written) return failure(path_ + " cannot be written.");
    return monotonic_ns() - begin_ns;
  }

 private:
  std::string path_;
  int file_;
};

Result<std::int64_t> publish_ns(Publisher& publisher, std::vector<char>& scratch) {
  const std::int64_t begin_ns = monotonic_ns();
  publisher.append(begin_ns);
  while (publisher.unacknowledged_count() > 0) {
    if (auto flushed = publisher.client.flush(); !flushed) return tl::unexpected(flushed.error());
    pollfd waits{publisher.client.descriptor(), POLLIN, 0};
    if (::poll(&waits, 1, kSilence_ms) <= 0) return failure("The broker is silent.");
    Result<ByteView> input = publisher.client.read(scratch);
    if (!input) return tl::unexpected(input.error());
    ByteView rest = *input;
    while (const auto frame = cut_frame(rest))
      if (auto accepted = publisher.accept(*frame); !accepted)
        return tl::unexpected(accepted.error());
    publisher.client.keep(rest);
  }
  return monotonic_ns() - begin_ns;
}

}  // namespace

Result<CommitFigures> run_commit(const Settings& settings) {
  Settings quiet = settings;
  quiet.qos = 1;
  {
    auto away = Client::connect(quiet, "commit-away", true, 0);
    if (!away) return tl::unexpected(away.error());
    if (auto done = away->subscribe(quiet, "bench/0"); !done) return tl::unexpected(done.error());
  }
  auto client = Client::connect(quiet, "commit-publisher", false, 0);
  if (!client) return tl::unexpected(client.error());
  Publisher publisher(std::move(*client), quiet, 0, 1);
  publisher.client.start_traffic();
  Probe probe(settings.dir);
  std::vector<char> scratch(1024 * 1024);
  CommitFigures figures;
  const std::uint32_t count = settings.messages == 0 ? 1'000 : settings.messages;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto sync_ns = probe.sync_ns();
    if (!sync_ns) return tl::unexpected(sync_ns.error());
    const auto puback_ns = publish_ns(publisher, scratch);
    if (!puback_ns) return tl::unexpected(puback_ns.error());
    figures.sync_ns.push_back(*sync_ns);
    figures.puback_ns.push_back(*puback_ns);
  }
  return figures;
}

}  // namespace tandemq
