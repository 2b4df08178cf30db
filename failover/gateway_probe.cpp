#include "failover/gateway_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <asio/ip/icmp.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kPacketMax = 512;  // A reply with its header; a longer one is none.

// -1: errno says why.
int open_socket(EchoFamily family) {
  const int domain = family == EchoFamily::v4 ? AF_INET : AF_INET6;
  const int protocol = family == EchoFamily::v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  constexpr int kHow = SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int socket = ::socket(domain, SOCK_DGRAM | kHow, protocol);
  return socket >= 0 ? socket : ::socket(domain, SOCK_RAW | kHow, protocol);
}

EchoFamily family_of(const asio::ip::address& address) {
  return address.is_v4() ? EchoFamily::v4 : EchoFamily::v6;
}

}  // namespace

GatewayProbe::GatewayProbe(asio::io_context& io, Config config, Ports ports)
    : io_(io),
      config_(std::move(config)),
      ports_(std::move(ports)),
      record_(config_.gap_ms),
      timer_(io) {}

Result<void> GatewayProbe::start() {
  for (const std::string& text : config_.gateways) {
    asio::error_code error;
    gateways_.push_back(asio::ip::make_address(text, error));
    if (error) return failure("failover.gateway = '" + text + "': expected an IP address");
  }
  for (Door& door : doors_) {
    const bool needed = std::any_of(
        gateways_.begin(), gateways_.end(),
        [&door](const asio::ip::address& one) { return family_of(one) == door.family; });
    if (!needed) continue;
    if (auto opened = open(door); !opened) return opened;
    receive(door);
  }
  ask();
  ask_later();
  return {};
}

Result<void> GatewayProbe::open(Door& door) {
  const int socket = open_socket(door.family);
  if (socket < 0)
    return failure(std::string("failover.gateway: this process may not ping (") +
                   std::strerror(errno) +
                   "): allow its group with 'sysctl -w net.ipv4.ping_group_range=\"0 "
                   "2147483647\"', or give it CAP_NET_RAW");
  asio::error_code error;
  door.socket.emplace(io_);
  door.socket->assign(socket, error);
  if (!error) return {};
  ::close(socket);
  return failure("failover.gateway: " + error.message());
}

void GatewayProbe::stop() {
  stopped_ = true;
  timer_.cancel();
  asio::error_code ignored;  // Closing is all that can be done.
  for (Door& door : doors_)
    if (door.socket) door.socket->close(ignored);
}

// ---------------------------------------------------------------- ask

void GatewayProbe::ask_later() {
  timer_.expires_after(std::chrono::milliseconds(config_.every_ms));
  timer_.async_wait([this](const asio::error_code& error) {
    if (error || stopped_) return;
    tell();
    ask();
    ask_later();
  });
}

// What cannot be sent is not answered: an unreachable network is one that is silent.
void GatewayProbe::ask() {
  sent_.push_back({++number_, ports_.now()});
  if (sent_.size() > kSentKept) sent_.pop_front();
  for (const asio::ip::address& gateway : gateways_) {
    Door& door = doors_[gateway.is_v4() ? 0 : 1];
    const asio::ip::icmp::endpoint to(gateway, 0);
    const std::string packet = echo_request(door.family, config_.nonce, number_);
    static_cast<void>(::sendto(door.socket->native_handle(), packet.data(), packet.size(), 0,
                               to.data(), static_cast<socklen_t>(to.size())));
  }
}

bool GatewayProbe::answers() const {
  return !record_.since().is_never() &&
         ms_between(record_.answered_at(), ports_.now()) <= config_.gap_ms + config_.every_ms;
}

void GatewayProbe::tell() {
  // At the start the first answer is on its way.
  if (number_ * config_.every_ms <= config_.gap_ms || answers() == told_answers_) return;
  told_answers_ = !told_answers_;
  ports_.warn(told_answers_ ? "a gateway answers again (failover.gateway)"
                            : "no gateway answers (failover.gateway): this node may be cut off");
}

// ---------------------------------------------------------------- hear

void GatewayProbe::receive(Door& door) {
  door.socket->async_wait(asio::posix::stream_descriptor::wait_read,
                          [this, &door](const asio::error_code& error) {
                            if (error || stopped_) return;
                            read(door);
                            receive(door);
                          });
}

void GatewayProbe::read(Door& door) {
  std::array<char, kPacketMax> input{};
  while (true) {
    asio::ip::icmp::endpoint from;
    auto size = static_cast<socklen_t>(from.capacity());
    const ssize_t count =
        ::recvfrom(door.socket->native_handle(), input.data(), input.size(), 0, from.data(), &size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    from.resize(size);
    const bool asked =
        std::find(gateways_.begin(), gateways_.end(), from.address()) != gateways_.end();
    const auto number = read_echo_reply(door.family, config_.nonce,
                                        ByteView(input.data(), static_cast<std::size_t>(count)));
    if (asked && number) take(*number);
  }
}

void GatewayProbe::take(std::uint64_t number) {
  const auto sent = std::find_if(sent_.begin(), sent_.end(),
                                 [number](const Sent& one) { return one.number == number; });
  if (sent != sent_.end()) record_.answered(sent->at);
}

}  // namespace tandemq
