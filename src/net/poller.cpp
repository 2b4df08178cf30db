#include "net/poller.hpp"

#include "base/ensure.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>

namespace tandemq {
namespace {

constexpr int kReadyMax = 256;  // Of one call; the others come with the next turn.

int new_epoll() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  ENSURE(set >= 0, "the process has a file descriptor left for its poller");
  return set;
}

}  // namespace

Poller::Poller(asio::io_context& io, Ready ready)
    : set_(io.get_executor(), new_epoll()), ready_(std::move(ready)) {
  wait();
}

void Poller::set(int socket, std::uint64_t tag, Interest now, Interest wanted) {
  if (now == wanted) return;
  epoll_event event{};
  event.data.u64 = tag;
  event.events = (wanted.input ? EPOLLIN : 0U) | (wanted.output ? EPOLLOUT : 0U);
  const int operation = !now.any() ? EPOLL_CTL_ADD : wanted.any() ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
  const int result = ::epoll_ctl(set_.native_handle(), operation, socket, &event);
  ENSURE(result == 0, "a socket of ours can be watched");
}

void Poller::wait() {
  set_.async_wait(decltype(set_)::wait_read, [this](const asio::error_code& error) {
    if (error) return;  // The hub is going.
    take();
    wait();
  });
}

void Poller::take() {
  std::array<epoll_event, kReadyMax> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), kReadyMax, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    ready_(event.data.u64,
           {failed || (event.events & EPOLLIN) != 0, failed || (event.events & EPOLLOUT) != 0});
  }
}

}  // namespace tandemq
