#include "failover/heartbeat_port.hpp"

#include "config/listener_url.hpp"

#include <chrono>
#include <utility>

namespace tandemq {

using asio::ip::udp;

namespace {

constexpr std::int64_t kWarnEvery_ms = 60'000;

}  // namespace

HeartbeatPort::HeartbeatPort(asio::io_context& io, Config config, Heartbeat heartbeat, Ports ports)
    : config_(std::move(config)),
      heartbeat_(std::move(heartbeat)),
      ports_(std::move(ports)),
      socket_(io),
      resolver_(io),
      timer_(io) {}

Result<void> HeartbeatPort::start() {
  const auto address = parse_host_port(config_.listen);
  if (!address) return failure("heartbeat.listen = " + address.error().text);
  asio::error_code error;
  const auto found = resolver_.resolve(address->host, std::to_string(address->port),
                                       udp::resolver::passive, error);
  if (!error) socket_.open(found.begin()->endpoint().protocol(), error);
  if (!error) socket_.bind(found.begin()->endpoint(), error);
  if (!error) socket_.non_blocking(true, error);
  if (error) return failure("heartbeat.listen = '" + config_.listen + "': " + error.message());
  receive();
  send();
  send_later();
  return {};
}

void HeartbeatPort::stop() {
  stopped_ = true;
  asio::error_code ignored;  // Closing is all that can be done.
  socket_.close(ignored);
  resolver_.cancel();
  timer_.cancel();
}

std::uint16_t HeartbeatPort::port() const {
  asio::error_code error;
  const udp::endpoint endpoint = socket_.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

// ---------------------------------------------------------------- say

void HeartbeatPort::tell() {
  if (!stopped_ && ports_.about_us() != said_) send();
}

void HeartbeatPort::send_later() {
  timer_.expires_after(std::chrono::milliseconds(config_.interval_ms));
  timer_.async_wait([this](const asio::error_code& error) {
    if (error || stopped_) return;
    send();
    send_later();
  });
}

void HeartbeatPort::send() {
  if (!peer_) return resolve();
  said_ = ports_.about_us();
  asio::error_code lost;  // As a datagram may be on its way.
  socket_.send_to(asio::buffer(heartbeat_.beat(said_, ports_.now())), *peer_, 0, lost);
}

void HeartbeatPort::resolve() {
  if (std::exchange(resolving_, true)) return;
  const auto address = parse_host_port(config_.peer);
  if (!address) return warn("heartbeat.peer = " + address.error().text);
  asio::error_code ignored;  // The socket is bound.
  resolver_.async_resolve(
      socket_.local_endpoint(ignored).protocol(), address->host, std::to_string(address->port),
      [this](const asio::error_code& error, const udp::resolver::results_type& found) {
        if (stopped_) return;
        resolving_ = false;
        if (error) return warn("heartbeat.peer = '" + config_.peer + "': " + error.message());
        peer_ = found.begin()->endpoint();
        send();
      });
}

// ---------------------------------------------------------------- hear

void HeartbeatPort::receive() {
  socket_.async_receive_from(asio::buffer(input_), sender_,
                             [this](const asio::error_code& error, std::size_t size) {
                               if (stopped_) return;
                               if (!error) take(ByteView(input_.data(), size));
                               if (!stopped_) receive();
                             });
}

void HeartbeatPort::take(ByteView bytes) {
  const auto taken = heartbeat_.take(bytes, ports_.now());
  if (!taken)
    return warn("heartbeat: a datagram from " + sender_.address().to_string() +
                " is not taken: " + taken.error().text);
  if (taken->answers) send();
  if (taken->counts) ports_.heard();
}

void HeartbeatPort::warn(const std::string& sentence) {
  const Instant now = ports_.now();
  if (sentence == warned_ && ms_between(warned_at_, now) < kWarnEvery_ms) return;
  warned_ = sentence;
  warned_at_ = now;
  ports_.warn(sentence);
}

}  // namespace tandemq
