#include "tests/bench/floor.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/packets.hpp"

namespace tandemq {
namespace {

constexpr int kReadyMax = 256;
constexpr unsigned kConnect = 1;
constexpr unsigned kSubscribe = 8;
constexpr unsigned kQos = 0x06;
constexpr std::string_view kConnack("\x20\x02\x00\x00", 4);

struct End {
  std::string unread;  // Of a frame that came in part.
  std::string unsent;
  bool dirty = false;
};

class Floor {
 public:
  Result<void> listen(const Settings& settings);
  Result<void> serve();

 private:
  void accept_one();
  bool read(int socket, End& end);
  void take(int socket, const FrameView& frame, ByteView bytes);
  void put(int socket, ByteView bytes);
  void flush();

  int listener_ = -1;
  int set_ = -1;
  std::array<char, 65'536> buffer_{};
  std::unordered_map<int, std::unique_ptr<End>> ends_;
  std::unordered_map<std::string, int> subscribers_;
  std::vector<int> dirty_;
};

Error failed(const char* what) {
  return {std::string("floor: ") + what + ": " + std::strerror(errno)};
}

void watch(int set, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  ::epoll_ctl(set, EPOLL_CTL_ADD, socket, &event);
}

ByteView topic_at(ByteView body) {
  const auto high = static_cast<unsigned char>(body[0]);
  const auto low = static_cast<unsigned char>(body[1]);
  return body.substr(2, static_cast<std::size_t>(high << 8U | low));
}

Result<void> Floor::listen(const Settings& settings) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  set_ = ::epoll_create1(0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(settings.port));
  ::inet_pton(AF_INET, settings.host.c_str(), &address.sin_addr);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return tl::unexpected(failed("bind"));
  if (::listen(listener_, 1'024) != 0) return tl::unexpected(failed("listen"));
  watch(set_, listener_);
  return {};
}

void Floor::accept_one() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
  if (socket < 0) return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ends_[socket] = std::make_unique<End>();
  watch(set_, socket);
}

void Floor::put(int socket, ByteView bytes) {
  const auto place = ends_.find(socket);
  if (place == ends_.end()) return;
  place->second->unsent.append(bytes);
  if (!std::exchange(place->second->dirty, true)) dirty_.push_back(socket);
}

void Floor::take(int socket, const FrameView& frame, ByteView bytes) {
  const auto type = static_cast<unsigned>(frame.type);
  if (type == kConnect) return put(socket, kConnack);
  if (type == kSubscribe) {
    subscribers_[std::string(topic_at(frame.body.substr(2)))] = socket;
    return put(socket, std::string("\x90\x03", 2) + std::string(frame.body.substr(0, 2)) +
                           frame.body.back());
  }
  if (frame.type != PacketType::kPublish) return;
  const ByteView topic = topic_at(frame.body);
  const auto subscriber = subscribers_.find(std::string(topic));
  if (subscriber != subscribers_.end()) put(subscriber->second, bytes);
  if ((frame.flags & kQos) == 0) return;
  put(socket, std::string("\x40\x02", 2) + std::string(frame.body.substr(2 + topic.size(), 2)));
}

// False: the other side is gone.
bool Floor::read(int socket, End& end) {
  const ssize_t size = ::recv(socket, buffer_.data(), buffer_.size(), 0);
  if (size <= 0) return size < 0 && errno == EAGAIN;
  ByteView input(buffer_.data(), static_cast<std::size_t>(size));
  if (!end.unread.empty()) input = end.unread.append(input);
  ByteView rest = input;
  while (const auto frame = cut_frame(rest)) {
    take(socket, *frame, input.substr(0, input.size() - rest.size()));
    input = rest;
  }
  end.unread = std::string(rest);
  return true;
}

void Floor::flush() {
  for (const int socket : std::exchange(dirty_, {})) {
    const auto place = ends_.find(socket);
    if (place == ends_.end()) continue;
    End& end = *place->second;
    const ssize_t size = ::send(socket, end.unsent.data(), end.unsent.size(), MSG_NOSIGNAL);
    if (size > 0) end.unsent.erase(0, static_cast<std::size_t>(size));
    end.dirty = !end.unsent.empty();
    if (end.dirty) dirty_.push_back(socket);  // Tried again with the next turn.
  }
}

Result<void> Floor::serve() {
  std::array<epoll_event, kReadyMax> events;
  for (;;) {
    const int count = ::epoll_wait(set_, events.data(), kReadyMax, dirty_.empty() ? -1 : 1);
    if (count < 0 && errno != EINTR) return tl::unexpected(failed("epoll_wait"));
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener_) {
        accept_one();
      } else if (!read(socket, *ends_.at(socket))) {
        ends_.erase(socket);
        ::close(socket);
      }
    }
    flush();
  }
}

}  // namespace

Result<void> run_floor(const Settings& settings) {
  Floor floor;
  if (auto done = floor.listen(settings); !done) return done;
  return floor.serve();
}

}  // namespace tandemq
