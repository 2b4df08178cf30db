#include "ctl/prober.hpp"

#include "mqtt/encode.hpp"

#include <array>
#include <string>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <unistd.h>

namespace tandemq {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kAskEvery_ms{10};
constexpr std::chrono::seconds kProbePatience{1};
constexpr std::size_t kConnackSize = 4;  // Of 3.1.1.
constexpr unsigned char kConnackType = 0x20;
constexpr unsigned char kUnavailable = 0x03;

// Of a client of its own each time: a session that is taken over would be two events.
std::string connect_packet(std::uint64_t number) {
  mqtt::Connect connect;
  connect.client_id = "tandemq-drill-" + std::to_string(::getpid()) + "-" + std::to_string(number);
  std::string bytes;
  mqtt::encode(std::move(connect), mqtt::Version::v311, bytes);
  return bytes;
}

std::string goodbye() {
  std::string bytes;
  mqtt::encode(mqtt::Disconnect{}, mqtt::Version::v311, bytes);
  return bytes;
}

}  // namespace

struct Prober::Probe : std::enable_shared_from_this<Prober::Probe> {
  Probe(Prober& owner, std::uint64_t number)
      : prober(owner), socket(owner.io_), timer(owner.io_), packet(connect_packet(number)) {}

  void begin(const Target& target) {
    const auto self = shared_from_this();
    timer.expires_after(kProbePatience);
    timer.async_wait([self](const asio::error_code&) { self->end(); });
    socket.async_connect(target.endpoint,
                         [self, mqtt = target.speaks_mqtt](const asio::error_code& error) {
                           if (error) return self->end();
                           mqtt ? self->say() : self->served();
                         });
  }

  void say() {
    const auto self = shared_from_this();
    asio::async_write(socket, asio::buffer(packet),
                      [self](const asio::error_code& error, std::size_t) {
                        if (error) self->end();
                      });
    asio::async_read(socket, asio::buffer(answer),
                     [self](const asio::error_code& error, std::size_t) { self->hear(error); });
  }

  void hear(const asio::error_code& error) {
    if (error || answer[0] != kConnackType || answer[3] == kUnavailable) return end();
    packet = goodbye();
    asio::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(packet), ignored);
    served();
  }

  void served() {
    prober.answers_.put({asked, Clock::now()});
    end();
  }

  void end() {
    asio::error_code ignored;
    socket.close(ignored);
    timer.cancel();
  }

  Prober& prober;
  tcp::socket socket;
  asio::steady_timer timer;
  std::string packet;
  std::array<unsigned char, kConnackSize> answer{};
  const Clock::time_point asked = Clock::now();
};

Prober::~Prober() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] { io_.stop(); });
  thread_.join();
}

Result<void> Prober::start(const std::vector<DrillTarget>& targets) {
  tcp::resolver resolver(io_);
  for (const DrillTarget& target : targets) {
    asio::error_code error;
    const auto found = resolver.resolve(target.host, std::to_string(target.port),
                                        tcp::resolver::numeric_service, error);
    if (error || found.empty()) return failure("'" + target.host + "' has no address.");
    targets_.push_back({found.begin()->endpoint(), target.speaks_mqtt});
  }
  asio::post(io_, [this] { ask_all(); });
  thread_ = std::thread([this] { io_.run(); });
  return {};
}

std::vector<Prober::Answer> Prober::take() {
  std::vector<Answer> answers;
  answers_.drain(answers);
  return answers;
}

void Prober::ask_all() {
  for (const Target& target : targets_) std::make_shared<Probe>(*this, ++asked_)->begin(target);
  timer_.expires_after(kAskEvery_ms);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) ask_all();
  });
}

}  // namespace tandemq
