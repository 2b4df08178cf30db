#include "admin/http_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::chrono::milliseconds kGlance{10};  // At how many others wait, and at the end.
constexpr std::int64_t kHurry = 10;               // How much shorter the patience is if one waits.
constexpr int kUnreadReads = 16;                  // Of a buffer each.

}  // namespace

HttpConnection::HttpConnection(int socket, const Terms& terms)
    : socket_(socket), terms_(terms), began_(std::chrono::steady_clock::now()) {
  const int on = 1;  // The library writes head and body one after the other.
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

HttpConnection::~HttpConnection() {
  // Bytes that nobody has read would make the kernel take the answer back.
  for (int i = 0; i < kUnreadReads; ++i)
    if (recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) <= 0) break;
  ::close(socket_);
}

ssize_t HttpConnection::read(char* to, std::size_t size) {
  if (begin_ == end_ && !fill()) return 0;
  const std::size_t count = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

bool HttpConnection::fill() {
  const std::size_t room = std::min(buffer_.size(), terms_.request_bytes_max - received_);
  if (room == 0) return false;
  ssize_t count = -1;
  do {
    count = recv(socket_, buffer_.data(), room, MSG_DONTWAIT);
  } while (count < 0 && (errno == EAGAIN || errno == EINTR) && await(POLLIN));
  if (count <= 0) return false;
  begin_ = 0;
  end_ = static_cast<std::size_t>(count);
  received_ += end_;
  return true;
}

ssize_t HttpConnection::write(const char* from, std::size_t size) {
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t count = send(socket_, from + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if ((errno != EAGAIN && errno != EINTR) || !await(POLLOUT)) {
      return -1;
    }
  }
  return static_cast<ssize_t>(sent);
}

bool HttpConnection::is_readable() const {
  return begin_ < end_ || await(POLLIN);
}

bool HttpConnection::is_writable() const {
  return await(POLLOUT);
}

// Nobody asks who it is.
void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

// Until something happens on the socket; false: the time is over.
bool HttpConnection::await(short events) const {
  for (auto left = time_left(); left.count() > 0; left = time_left()) {
    pollfd one{socket_, events, 0};
    if (poll(&one, 1, static_cast<int>(std::min(left, kGlance).count())) > 0) return true;
  }
  return false;
}

std::chrono::milliseconds HttpConnection::time_left() const {
  if (terms_.stopping) return std::chrono::milliseconds(0);
  const auto waiting = static_cast<std::int64_t>(terms_.waiting.load());
  const auto allowed = waiting == 0 ? terms_.patience : terms_.patience / (kHurry * waiting);
  const auto passed = std::chrono::steady_clock::now() - began_;
  return std::chrono::ceil<std::chrono::milliseconds>(allowed - passed);
}

}  // namespace tandemq
