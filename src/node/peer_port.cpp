#include "node/peer_port.hpp"

#include "config/files.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kWaitingMax = 8;
constexpr std::chrono::milliseconds kDialEvery{250};
constexpr std::chrono::milliseconds kDialSoon{5};
constexpr std::int64_t kReportEveryMs = 60'000;
constexpr std::size_t kReportedMax = 100;

}  // namespace

PeerPort::PeerPort(asio::io_context& io, const Clock& clock, const Config& config,
                   std::shared_ptr<spdlog::logger> log, Ports ports)
    : clock_(clock),
      config_(config),
      log_(std::move(log)),
      ports_(std::move(ports)),
      listener_(io, [this](asio::ip::tcp::socket socket) { accept(std::move(socket)); }),
      dialler_(io),
      timer_(io) {}

PeerPort::~PeerPort() {
  stop();
}

Result<void> PeerPort::start() {
  const ReplicationConfig& replication = config_.replication;
  if (!replication.secret_file.empty()) {
    auto secret = read_secret(replication.secret_file);
    if (!secret) return tl::unexpected(secret.error());
    secret_ = std::move(*secret);
  }
  auto tls = make_peer_context(replication);
  if (!tls) return tl::unexpected(tls.error());
  tls_ = std::move(*tls);
  if (auto opened = listener_.open(replication.listen); !opened) return opened;
  dial();
  return {};
}

void PeerPort::stop() {
  listener_.close();
  dialler_.cancel();
  timer_.cancel();
  for (const Link& link : std::exchange(waiting_, {})) link->close();
}

Channel::Identity PeerPort::identity() {
  std::string nonce;
  while (nonce.size() < kNonceBytes) {
    const auto bytes = entropy_.take();
    nonce.append(bytes.begin(), bytes.end());
  }
  nonce.resize(kNonceBytes);
  return {config_.cluster_id, config_.node_id, secret_, std::move(nonce)};
}

void PeerPort::accept(asio::ip::tcp::socket socket) {
  // Those who say nothing must not keep the peer out.
  if (waiting_.size() >= kWaitingMax) {
    waiting_.front()->close();
    waiting_.erase(waiting_.begin());
  }
  const auto link = std::make_shared<PeerLink>(std::move(socket), tls_, Channel::Side::acceptor,
                                               identity(), config_.replication.timeout_ms);
  waiting_.push_back(link);
  await_hello(link);
}

void PeerPort::await_hello(const Link& link) {
  const std::weak_ptr<PeerLink> weak = link;
  PeerLink::Handlers handlers;
  handlers.opened = [] {};
  handlers.frame = [this, weak](Frame&& frame) {
    const Link one = weak.lock();
    if (!one || !forget(one)) return;
    if (auto* hello = std::get_if<Hello>(&frame)) return ports_.called(one, std::move(*hello));
    report("replication: " + one->address() + " has not said Hello first: refused", one->address());
    one->close();
  };
  handlers.closed = [this, weak](const std::string& why, bool) {
    const Link one = weak.lock();
    report("replication: refused: " + why, one ? one->address() : std::string());
    if (one) forget(one);
  };
  link->start(std::move(handlers));
}

// ---------------------------------------------------------------- dial

void PeerPort::dial_later() {
  dialling_ = false;
  timer_.expires_after(dial_after_);
  dial_after_ = std::min(2 * dial_after_, kDialEvery);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) dial();
  });
}

// A process that dies may close its connections before its listener: the next answer tells.
void PeerPort::dial_now() {
  dial_after_ = kDialSoon;
  if (dialling_) return;
  timer_.cancel();
  dial();
}

void PeerPort::dial() {
  if (!ports_.wants_to_dial()) return dial_later();
  dialling_ = true;
  const ReplicationConfig& replication = config_.replication;
  dialler_.dial(replication.peer, replication.timeout_ms,
                [this](Result<asio::ip::tcp::socket> socket) {
                  if (socket) return take_dialled(std::move(*socket));
                  problem_ = socket.error().text;
                  report("replication: " + socket.error().text);
                  ports_.unreachable(socket.error().text, dialler_.was_refused());
                  dial_later();
                });
}

void PeerPort::take_dialled(asio::ip::tcp::socket socket) {
  const auto link = std::make_shared<PeerLink>(std::move(socket), tls_, Channel::Side::dialler,
                                               identity(), config_.replication.timeout_ms);
  waiting_.push_back(link);
  const std::weak_ptr<PeerLink> weak = link;
  PeerLink::Handlers handlers;
  handlers.opened = [this, weak] {
    problem_.clear();
    const Link one = weak.lock();
    if (one && forget(one)) ports_.dialled(one);
    dial_later();
  };
  handlers.frame = [](Frame&&) {};
  handlers.closed = [this, weak](const std::string& why, bool) {
    problem_ = why;
    report("replication: " + why);
    ports_.unreachable(why, false);
    if (const Link one = weak.lock()) forget(one);
    dial_later();
  };
  link->start(std::move(handlers));
}

bool PeerPort::forget(const Link& link) {
  return std::erase(waiting_, link) > 0;
}

// What is the same as before is news only after a minute. The port of a caller is never the same.
void PeerPort::report(const std::string& sentence, const std::string& caller) {
  const Instant now = clock_.now();
  std::string news = sentence;
  if (const auto at = news.find(caller); !caller.empty() && at != std::string::npos) {
    const auto port = caller.rfind(':');
    news.erase(at + port, caller.size() - port);
  }
  std::erase_if(reported_,
                [now](const auto& one) { return ms_between(one.second, now) >= kReportEveryMs; });
  if (reported_.size() >= kReportedMax || !reported_.emplace(std::move(news), now).second) return;
  log_->warn("{}", sentence);
}

}  // namespace tandemq
