#include "tests/bench/client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace tandemq {
namespace {

constexpr timeval kHandshakeLimit = {10, 0};  // A broker that accepts 20,000 may be slow.

void set_option(int descriptor, int level, int name, int value) {
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

sockaddr_in socket_address(std::uint32_t host, std::uint32_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool would_block() {
  return errno == EAGAIN || errno == EINTR;
}

// One for all clients of the process; null: the file is no good.
SSL_CTX* context_of(const std::string& authorities) {
  static const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  static const bool good =
      SSL_CTX_load_verify_locations(context.get(), authorities.c_str(), nullptr) == 1;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return good ? context.get() : nullptr;
}

}  // namespace

Result<Client> Client::connect(const Settings& settings, std::string client_id, bool persistent,
                               std::uint32_t source) {
  Client client(std::move(client_id));
  Result<void> done = client.open(settings, source);
  if (done) {
    append_connect(client.outbox_, client.client_id_, settings.version, persistent);
    done = client.exchange(PacketType::kConnack, 0);
  }
  if (!done) {
    return tl::unexpected(done.error());
  }
  return client;
}

Client::Client(Client&& other) noexcept
    : client_id_(std::move(other.client_id_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::move(other.tls_)),
      kept_(std::move(other.kept_)),
      outbox_(std::move(other.outbox_)) {}

Client::~Client() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<void> Client::subscribe(const Settings& settings, std::string_view filter) {
  append_subscribe(outbox_, filter, settings.version, settings.qos);
  return exchange(PacketType::kSuback, static_cast<std::uint8_t>(settings.qos));
}

void Client::start_traffic() {
  ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
}

Result<ByteView> Client::read(std::vector<char>& scratch) {
  const std::size_t kept_size = kept_.size();
  std::memcpy(scratch.data(), kept_.data(), kept_size);
  kept_.clear();
  const ssize_t size = receive(scratch.data() + kept_size, scratch.size() - kept_size);
  if (size == 0) {
    return failure(problem("the broker closed the connection"));
  }
  if (size < 0 && !would_block()) {
    return failure(problem(std::strerror(errno)));
  }
  const std::size_t read_size = size < 0 ? 0 : static_cast<std::size_t>(size);
  return ByteView(scratch.data(), kept_size + read_size);
}

Result<void> Client::flush() {
  while (!outbox_.empty()) {
    const ssize_t size = send(outbox_.data(), outbox_.size());
    if (size < 0 && would_block()) {
      return {};
    }
    if (size < 0) {
      return failure(problem(std::strerror(errno)));
    }
    outbox_.erase(0, static_cast<std::size_t>(size));
  }
  return {};
}

// As recv() and send() tell it.
ssize_t Client::receive(char* to, std::size_t room) {
  if (!tls_) return ::recv(descriptor_, to, room, 0);
  std::size_t size = 0;
  int last = 1;
  while (size < room && last > 0) {
    last = SSL_read(tls_.get(), to + size, static_cast<int>(room - size));
    if (last > 0) size += static_cast<std::size_t>(last);
    if (last > 0 && SSL_pending(tls_.get()) == 0) break;  // A read that blocks has what it needs.
  }
  if (size > 0) return static_cast<ssize_t>(size);
  const int error = SSL_get_error(tls_.get(), last);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = error == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
  return -1;
}

ssize_t Client::send(const char* from, std::size_t size) {
  if (!tls_) return ::send(descriptor_, from, size, MSG_NOSIGNAL);
  const int sent = SSL_write(tls_.get(), from, static_cast<int>(size));
  if (sent > 0) return sent;
  errno = SSL_get_error(tls_.get(), sent) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
  return -1;
}

Result<void> Client::shake_hands(const std::string& authorities) {
  SSL_CTX* const context = context_of(authorities);
  if (context == nullptr)
    return failure("--tls is '" + authorities + "', no file of certificates.");
  tls_.reset(SSL_new(context));
  SSL_set_fd(tls_.get(), descriptor_);
  if (SSL_connect(tls_.get()) != 1) return failure(problem("no TLS with the broker"));
  return {};
}

Result<void> Client::open(const Settings& settings, std::uint32_t source) {
  in_addr host = {};
  if (::inet_pton(AF_INET, settings.host.c_str(), &host) != 1) {
    return failure("--host is '" + settings.host + "'; it must be an IPv4 address.");
  }
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) {
    return failure(problem(std::strerror(errno)));
  }
  set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kHandshakeLimit, sizeof kHandshakeLimit);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kHandshakeLimit, sizeof kHandshakeLimit);
  if (source != 0) {
    set_option(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const sockaddr_in local = socket_address(source, 0);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
      return failure(problem(std::strerror(errno)));
    }
  }
  const sockaddr_in remote = socket_address(ntohl(host.s_addr), settings.port);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0) {
    return failure(problem(std::strerror(errno)));
  }
  return settings.tls.empty() ? Result<void>() : shake_hands(settings.tls);
}

// Sends the outbox and waits for its answer.
Result<void> Client::exchange(PacketType answer, std::uint8_t reason) {
  const Result<void> sent = flush();
  if (!sent) {
    return sent;
  }
  std::vector<char> scratch(4096);
  for (;;) {
    const std::size_t kept_size = kept_.size();
    const Result<ByteView> arrived = read(scratch);
    if (!arrived) {
      return tl::unexpected(arrived.error());
    }
    if (arrived->size() == kept_size) {
      return failure(problem("the broker did not answer a CONNECT or SUBSCRIBE in time"));
    }
    ByteView input = *arrived;
    const std::optional<FrameView> frame = cut_frame(input);
    keep(input);
    if (frame) {
      return check_answer(*frame, answer, reason);
    }
  }
}

Result<void> Client::check_answer(const FrameView& frame, PacketType answer,
                                  std::uint8_t reason) const {
  if (frame.type != answer || frame.body.size() < 2) {
    return failure(problem("the broker answered a CONNECT or SUBSCRIBE with another packet"));
  }
  // A CONNACK has its reason code behind the flags, a SUBACK for one filter at its end.
  const char found = answer == PacketType::kConnack ? frame.body[1] : frame.body.back();
  if (static_cast<std::uint8_t>(found) != reason) {
    const int code = static_cast<std::uint8_t>(found);
    return failure(problem("the broker answered with reason code " + std::to_string(code)));
  }
  return {};
}

std::string Client::problem(std::string_view what) const {
  return "Client " + client_id_ + ": " + std::string(what) + ".";
}

}  // namespace tandemq
