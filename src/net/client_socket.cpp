#include "net/client_socket.hpp"

#include "net/tls_stream.hpp"
#include "net/websocket_stream.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kViewsMax = 64;  // Of one sendmsg; more leave with the next one.

// The functions of the C library are points of cancellation, which costs them four locked
// instructions each; no thread of ours is ever cancelled.
ssize_t receive(int socket, std::span<char> buffer) {
  return ::syscall(SYS_recvfrom, socket, buffer.data(), buffer.size(), 0, nullptr, nullptr);
}

ssize_t send_bytes(int socket, const void* bytes, std::size_t size) {
  return ::syscall(SYS_sendto, socket, bytes, size, MSG_NOSIGNAL, nullptr, 0);
}

ssize_t send_views(int socket, std::span<iovec> views) {
  if (views.size() == 1) return send_bytes(socket, views[0].iov_base, views[0].iov_len);
  msghdr message{};
  message.msg_iov = views.data();
  message.msg_iovlen = views.size();
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

std::optional<TcpEnd> end_of(int socket, NameCall name, bool& is_v6) {
  sockaddr_in6 address{};  // The larger one of the two.
  socklen_t size = sizeof address;
  if (name(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  if (address.sin6_family != AF_INET6 && address.sin6_family != AF_INET) return std::nullopt;
  TcpEnd end;
  is_v6 = address.sin6_family == AF_INET6;
  if (is_v6) {
    std::memcpy(end.address.data(), &address.sin6_addr, sizeof address.sin6_addr);
    end.port = ntohs(address.sin6_port);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(end.address.data(), &v4.sin_addr, sizeof v4.sin_addr);
    end.port = ntohs(v4.sin_port);
  }
  return end;
}

}  // namespace

ClientSocket::ClientSocket(ConnectionId connection, int socket, std::unique_ptr<TlsStream> stream)
    : id(connection),
      descriptor(socket),
      phase(stream ? Phase::handshaking : Phase::serving),
      tls(std::move(stream)) {
  const int on = 1;
  // Fails only for sockets that are not TCP, which have no delay to switch off.
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

ClientSocket::~ClientSocket() {
  // TLS has a last word. Its stream is taken down behind us, but must not write any more.
  if (tls) tls->shut_output();
  ::close(descriptor);
}

ClientSocket::ReadResult ClientSocket::read(std::span<char> buffer) {
  if (tls) return tls->read(buffer);
  const ssize_t size = receive(descriptor, buffer);
  if (size > 0) return {static_cast<std::size_t>(size), false, 0};
  if (size == 0) return {0, true, 0};
  const int error = errno;
  const bool later = error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
  return {0, !later, later ? 0 : error};
}

ClientSocket::SendResult ClientSocket::send(PendingPool& pool, std::uint64_t& bytes_sent) {
  WebSocketOutput* const frames = websocket ? &websocket->output : nullptr;
  if (tls) return tls->send(outbox, frames, pool, bytes_sent);
  while (!(frames == nullptr ? outbox.empty() : frames->empty(outbox))) {
    std::array<iovec, kViewsMax> views;
    const std::size_t count =
        frames == nullptr ? outbox.gather(views) : frames->gather(outbox, views);
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < count; ++i) wanted += views[i].iov_len;
    const ssize_t size = send_views(descriptor, std::span(views).first(count));
    if (size < 0) {
      if (errno == EINTR) continue;
      const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
      return later ? SendResult::blocked : SendResult::failed;
    }
    if (frames == nullptr) {
      outbox.sent(static_cast<std::size_t>(size), pool);
    } else {
      frames->sent(static_cast<std::size_t>(size), outbox, pool);
    }
    bytes_sent += static_cast<std::uint64_t>(size);
    if (static_cast<std::size_t>(size) < wanted) return SendResult::blocked;
  }
  return SendResult::all_sent;
}

std::optional<FourTuple> ends_of(int socket) {
  FourTuple ends;
  const auto ours = end_of(socket, ::getsockname, ends.is_v6);
  const auto theirs = end_of(socket, ::getpeername, ends.is_v6);
  if (!ours || !theirs) return std::nullopt;
  ends.ours = *ours;
  ends.theirs = *theirs;
  return ends;
}

bool ClientSocket::shut_output() {
  if (tls && !tls->shut_output()) return false;
  ::shutdown(descriptor, SHUT_WR);  // A peer that is gone is found by reading.
  return true;
}

}  // namespace tandemq
