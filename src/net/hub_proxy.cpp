// The hub's door for proxies: before anything else comes who the client is. The header is taken
// from the socket to the byte, so that what follows goes its usual way, through TLS too.
#include "net/hub.hpp"
#include "net/proxy_header.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace tandemq {

void Hub::await_header(ClientSocket& socket, std::unique_ptr<Origin> origin, ProxyUse use) {
  socket.phase = ClientSocket::Phase::announcing;
  announced_.emplace(socket.id, Announced{std::move(origin), use, Clock::now(), {}});
  watch(socket);
}

void Hub::read_header(ClientSocket& socket) {
  std::string& bytes = announced_.at(socket.id).bytes;
  const std::size_t before = bytes.size();
  const ssize_t seen =
      ::recv(socket.descriptor, buffer_.get(), kProxyHeaderSizeMax - before, MSG_PEEK);
  if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (seen < 0) return refuse_header(socket, std::strerror(errno));
  // A look at the port alone, as checks of health without a header are.
  if (seen == 0 && before == 0) return remove(socket, "the connection ended without a word");
  if (seen == 0) return refuse_header(socket, "the connection ended within it");
  bytes.append(buffer_.get(), static_cast<std::size_t>(seen));
  const auto header = parse_proxy_header(bytes);
  if (!header) return refuse_header(socket, header.error().text);
  // All that was looked at is of a header that is not whole yet: it must not be reported again.
  const std::size_t end = *header ? (*header)->size : bytes.size();
  if (::recv(socket.descriptor, buffer_.get(), end - before, 0) !=
      static_cast<ssize_t>(end - before))
    return refuse_header(socket, "the connection ended within it");
  if (*header) take_header(socket, **header);
}

void Hub::take_header(ClientSocket& socket, const ProxyHeader& header) {
  Announced announced = std::move(announced_.at(socket.id));
  announced_.erase(socket.id);
  Origin& origin = socket.tls ? *socket.tls->origin : *announced.origin;
  // A client from elsewhere is none of this machine because its proxy is.
  if (header.from != ProxyHeader::From::proxy) origin.loopback = origin.loopback && header.loopback;
  if (header.from == ProxyHeader::From::client) origin.address = header.address;
  if (announced.use == ProxyUse::address_and_user)
    origin.certificate_user = header.certificate_user;
  if (socket.tls) {
    socket.phase = ClientSocket::Phase::handshaking;
    return update_interest(socket);
  }
  origin.waited_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - announced.accepted_at)
          .count());
  begin_serving(socket, std::move(announced.origin));
  update_interest(socket);
}

void Hub::refuse_header(ClientSocket& socket, const std::string& why) {
  add_to(counters_.proxy_headers_refused, 1);
  const Announced& announced = announced_.at(socket.id);
  const Origin& origin = socket.tls ? *socket.tls->origin : *announced.origin;
  tell_of_refusal("no PROXY header from " + origin.address + ": " + why);
  remove(socket, why);
}

void Hub::look_at_announced(ClientSocket& socket, Clock::time_point now) {
  const auto waited = now - announced_.at(socket.id).accepted_at;
  if (waited >= std::chrono::milliseconds(limits_.connect_timeout_ms))
    return refuse_header(socket, "it took longer than limits.connect_timeout_ms");
  watch(socket);
}

}  // namespace tandemq
