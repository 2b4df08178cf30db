#include "failover/waker.hpp"

#include "failover/wake.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq::failover {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAddressEvery{20};
constexpr std::chrono::seconds kAddressMax{30};  // Then nobody is woken.
// The neighbours learn where the address is when it has just come: whoever answers before that
// answers to the old machine, and the kernel of a client answers twice a second at the most.
constexpr milliseconds kSettle{40};
constexpr milliseconds kRounds[] = {milliseconds(600), milliseconds(2'000)};  // And again.
// 100,000 a second: a burst that a network card and our own core thread do not feel.
constexpr std::size_t kBurst = 500;
constexpr milliseconds kBurstEvery{5};
constexpr std::uint32_t kOtherSequence = 0x5A5A5A5B;

std::string bytes_of(const std::string& address) {
  const std::string text = address.substr(0, address.find('/'));
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), bytes.size()};
  return {};
}

std::string our_address(const FourTuple& client) {
  const auto* bytes = reinterpret_cast<const char*>(client.ours.address.data());
  return {bytes, client.is_v6 ? std::size_t{16} : std::size_t{4}};
}

// Binding alone would not tell: net.ipv4.ip_nonlocal_bind lets it succeed everywhere.
std::vector<std::string> addresses_here() {
  std::vector<std::string> here;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return here;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    char text[INET6_ADDRSTRLEN] = "";
    const int family = one->ifa_addr->sa_family;
    if (family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      ::inet_ntop(family, &v4->sin_addr, text, sizeof text);
    } else if (family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      ::inet_ntop(family, &v6->sin6_addr, text, sizeof text);
    }
    here.push_back(bytes_of(text));
  }
  return here;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// A raw socket has no port.
SocketAddress address_of(bool is_v6, const TcpEnd& end) {
  SocketAddress address;
  if (is_v6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    std::memcpy(&v6->sin6_addr, end.address.data(), sizeof v6->sin6_addr);
    address.size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    std::memcpy(&v4->sin_addr, end.address.data(), sizeof v4->sin_addr);
    address.size = sizeof *v4;
  }
  return address;
}

// The kernel would give it a copy of every TCP segment that comes; the filter takes none.
int open_raw(int family) {
  const int socket =
      ::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, static_cast<int>(IPPROTO_TCP));
  if (socket < 0) return -1;
  sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog filter{1, &nothing};
  ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
  return socket;
}

}  // namespace

Waker::Waker(asio::io_context& io, const std::string& vip, Log log)
    : timer_(io), vip_(bytes_of(vip)), log_(std::move(log)) {}

Waker::~Waker() {
  stop();
}

Result<void> Waker::check() {
  const int socket = open_raw(AF_INET);
  if (socket < 0)
    return failure(errno == EPERM ? "it needs CAP_NET_RAW" : std::string(std::strerror(errno)));
  ::close(socket);
  return {};
}

void Waker::wake(std::vector<FourTuple> clients) {
  stop();
  clients_ = std::move(clients);
  if (!vip_.empty())
    std::erase_if(clients_, [this](const FourTuple& one) { return our_address(one) != vip_; });
  if (clients_.empty()) return;
  next_ = round_ = 0;
  deadline_ = std::chrono::steady_clock::now() + kAddressMax;
  await_address();
}

void Waker::stop() {
  timer_.cancel();
  clients_.clear();
  close_sockets();
}

void Waker::close_sockets() {
  for (const auto& [address, socket] : std::exchange(sockets_, {}))
    if (socket >= 0) ::close(socket);
}

void Waker::later(milliseconds pause, void (Waker::*step)()) {
  timer_.expires_after(pause);
  timer_.async_wait([this, step](const asio::error_code& error) {
    if (!error && !clients_.empty()) (this->*step)();
  });
}

// Without a virtual address: of those that are here already.
void Waker::await_address() {
  const std::vector<std::string> here = addresses_here();
  const auto is_here = [&here](const FourTuple& one) {
    return std::find(here.begin(), here.end(), our_address(one)) != here.end();
  };
  if (vip_.empty()) {
    std::erase_if(clients_, [&](const FourTuple& one) { return !is_here(one); });
    if (clients_.empty()) return;
  } else if (!is_here(clients_.front())) {
    if (std::chrono::steady_clock::now() < deadline_)
      return later(kAddressEvery, &Waker::await_address);
    log_("failover: nobody is woken: vip.address has not come");
    return clients_.clear();
  }
  log_("failover: " + std::to_string(clients_.size()) + " clients of before are woken");
  later(kSettle, &Waker::send_some);
}

int Waker::socket_of(const FourTuple& client) {
  const auto [found, is_new] = sockets_.try_emplace({client.is_v6, client.ours.address}, -1);
  if (!is_new) return found->second;
  const int socket = open_raw(client.is_v6 ? AF_INET6 : AF_INET);
  const SocketAddress us = address_of(client.is_v6, client.ours);
  if (socket >= 0 && ::bind(socket, us.get(), us.size) == 0) return found->second = socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

// A client that cannot be reached is passed over; a full queue is waited for.
void Waker::send_some() {
  for (std::size_t i = 0; i < kBurst && next_ < clients_.size(); ++i, ++next_) {
    const FourTuple& client = clients_[next_];
    const int socket = socket_of(client);
    if (socket < 0) continue;
    const auto segment = ack_segment(client, sequence_);
    const SocketAddress them = address_of(client.is_v6, client.theirs);
    const ssize_t size =
        ::sendto(socket, segment.data(), segment.size(), MSG_NOSIGNAL, them.get(), them.size);
    if (size > 0) ++sent_;
    if (size < 0 && (errno == EAGAIN || errno == ENOBUFS)) break;
  }
  if (next_ < clients_.size()) return later(kBurstEvery, &Waker::send_some);
  close_sockets();
  if (round_ == std::size(kRounds)) return clients_.clear();
  next_ = 0;
  sequence_ += kOtherSequence;
  later(kRounds[round_++], &Waker::send_some);
}

}  // namespace tandemq::failover
