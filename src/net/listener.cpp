#include "net/listener.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include <asio/ip/v6_only.hpp>
#include <sys/socket.h>

namespace tandemq {
namespace {

using asio::ip::tcp;

constexpr int kBacklog = 4'096;                // The kernel cuts it to net.core.somaxconn.
constexpr int kAcceptsMax = 64;                // In one go; then others have their turn.
constexpr std::int64_t kNoFilesPauseMs = 100;  // Until a file descriptor may be free again.

// Time only for the budget and its pauses.
Instant now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

ProxyUse use_of(const ListenerConfig& config) {
  if (config.proxies.empty()) return ProxyUse::none;
  return config.proxy_user ? ProxyUse::address_and_user : ProxyUse::address;
}

bool is_missing_family(const asio::error_code& error) {
  return error == asio::error::address_family_not_supported || error.value() == EADDRNOTAVAIL;
}

}  // namespace

Listener::Listener(asio::io_context& io, ListenerConfig config, Reception& reception,
                   std::shared_ptr<const TlsContext> tls)
    : io_(io), config_(std::move(config)), reception_(reception) {
  transport_.tls = std::move(tls);
  if (config_.websocket)
    transport_.websocket = std::make_shared<const ListenerWebSocket>(*config_.websocket);
  transport_.proxy = use_of(config_);
}

Result<void> Listener::open() {
  if (!config_.unix_path.empty()) return open_socket_file();
  tcp::resolver resolver(io_);
  asio::error_code error;
  const auto found =
      resolver.resolve(config_.host, std::to_string(config_.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) {
    return failure("listener " + config_.url + ": the name '" + config_.host +
                   "' has no address: " + error.message());
  }
  for (const auto& entry : found) {
    Door& door = doors_.emplace_back(io_, entry.endpoint());
    error = open(door);
    if (!error) continue;
    // A machine without IPv6 still has names with IPv6 addresses.
    if (!(found.size() > 1 && is_missing_family(error))) {
      return tl::unexpected(explain(door, error));
    }
    doors_.pop_back();
  }
  if (doors_.empty()) {
    return failure("listener " + config_.url + ": no address of '" + config_.host +
                   "' belongs to this machine");
  }
  return {};
}

Result<void> Listener::open_socket_file() {
  socket_file_ = std::make_unique<UnixSocketFile>(config_.unix_path, config_.unix_mode);
  const auto socket = socket_file_->open(kBacklog);
  if (!socket) return failure("listener " + config_.url + ": " + socket.error().text);
  asio::error_code error;
  Door& door = doors_.emplace_back(io_, tcp::endpoint());
  door.acceptor.assign(asio::generic::stream_protocol(AF_UNIX, 0), *socket, error);
  return error ? failure("listener " + config_.url + ": " + error.message()) : Result<void>();
}

asio::error_code Listener::open(Door& door) {
  asio::error_code error;
  Acceptor& acceptor = door.acceptor;
  acceptor.open(door.endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  // Otherwise [::] would take 0.0.0.0 too, and a listener of its own for that could not be.
  if (!error && door.endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.non_blocking(true, error);
  if (!error) acceptor.bind(door.endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) return error;
  const auto bound = acceptor.local_endpoint(error);  // With the port that was chosen.
  std::memcpy(door.endpoint.data(), bound.data(), std::min(bound.size(), door.endpoint.size()));
  return error;
}

Error Listener::explain(const Door& door, const asio::error_code& error) const {
  const std::string start = "listener " + config_.url + ": ";
  const std::string at = text_of(door.endpoint);
  if (error == asio::error::address_in_use) {
    return {start + at + " is in use by another process; stop that one ('ss -ltnp' shows it), or " +
            "choose another port in 'listener'"};
  }
  if (error == asio::error::access_denied) {
    return {start + "no right to listen on " + at + "; ports below 1024 need CAP_NET_BIND_SERVICE"};
  }
  if (error.value() == EADDRNOTAVAIL) {
    return {start + "no interface of this machine has the address " +
            door.endpoint.address().to_string()};
  }
  return {start + "cannot listen on " + at + ": " + error.message()};
}

void Listener::start() {
  for (Door& door : doors_) wait(door);
}

void Listener::close() {
  if (socket_file_) socket_file_->remove();
  for (Door& door : doors_) {
    asio::error_code ignored;  // Closing is all that can be done.
    door.acceptor.close(ignored);
    door.pause.cancel();
  }
}

std::vector<std::string> Listener::bound_urls() const {
  std::vector<std::string> urls;
  if (socket_file_) return {config_.scheme + "://" + config_.unix_path};
  const std::string path = transport_.websocket ? transport_.websocket->path : "";
  for (const Door& door : doors_)
    urls.push_back(config_.scheme + "://" + text_of(door.endpoint) + path);
  return urls;
}

void Listener::wait(Door& door) {
  if (!door.acceptor.is_open()) return;
  door.acceptor.async_wait(Acceptor::wait_read, [this, &door](const asio::error_code& error) {
    if (!error) accept_waiting(door);
  });
}

void Listener::wait_ms(Door& door, std::int64_t pause_ms) {
  door.pause.expires_after(std::chrono::milliseconds(pause_ms));
  door.pause.async_wait([this, &door](const asio::error_code& error) {
    if (!error) wait(door);
  });
}

void Listener::accept_waiting(Door& door) {
  if (!door.acceptor.is_open()) return;
  for (int i = 0; i < kAcceptsMax; ++i) {
    if (!accept_one(door)) return;
  }
  wait(door);
}

bool Listener::accept_one(Door& door) {
  const Instant at = now();
  if (const Instant next_at = reception_.next_at(config_.number, at); next_at > at) {
    wait_ms(door, ms_between(at, next_at));
    return false;
  }
  tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  const int socket =
      ::accept4(door.acceptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0) {
    const int error = errno;
    if (error == EINTR || error == ECONNABORTED) return true;
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      reception_.report_full(
          "no file descriptor or memory for a new connection; LimitNOFILE of "
          "the service, or limits.max_connections, does not fit",
          at);
      wait_ms(door, kNoFilesPauseMs);
    } else {
      wait(door);
    }
    return false;
  }
  // A path may be longer than there is room for, and is not asked for.
  if (!socket_file_) peer.resize(size);
  auto origin = std::make_unique<Origin>(origin_of(socket, door, peer));
  if (!config_.proxies.empty() && !is_proxy(peer.address())) {
    reception_.refuse_stranger(socket, *origin, at);
    return true;
  }
  reception_.welcome(socket, std::move(origin), transport_, at);
  return true;
}

Origin Listener::origin_of(int socket, const Door& door, const tcp::endpoint& peer) const {
  Origin origin;
  origin.address = socket_file_ ? unix_peer_text(socket) : text_of(peer);
  origin.listener = config_.url;
  origin.listener_number = config_.number;
  origin.loopback = socket_file_ || door.endpoint.address().is_loopback();
  return origin;
}

bool Listener::is_proxy(const asio::ip::address& peer) const {
  IpAddress address{peer.is_v6(), {}};
  if (peer.is_v6()) {
    address.bytes = peer.to_v6().to_bytes();
  } else {
    const auto bytes = peer.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  }
  return std::any_of(config_.proxies.begin(), config_.proxies.end(),
                     [&](const IpNetwork& proxies) { return proxies.contains(address); });
}

}  // namespace tandemq
