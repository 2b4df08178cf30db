// Poller: the readiness of many sockets behind one wait of the loop. It is an epoll instance of its
// own that Asio watches as one descriptor: a turn takes two system calls for all sockets together,
// where an async_wait() for each takes one more a message (Asio rearms the socket every time).
// Level-triggered: what is not taken is reported again. A socket in which there is no interest is
// not in the set, so a peer that has hung up cannot make the loop spin.
// Owned by a Hub; its thread.
#pragma once

#include <cstdint>
#include <functional>

#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

namespace tandemq {

struct Interest {
  bool input = false;
  bool output = false;
  bool operator==(const Interest&) const = default;
  [[nodiscard]] bool any() const { return input || output; }
};

class Poller {
 public:
  // Called with the tag of each socket that is ready; for one that has failed both hold.
  using Ready = std::function<void(std::uint64_t tag, Interest ready)>;

  Poller(asio::io_context& io, Ready ready);

  // `now` is what the socket was last set to. Closing a socket takes it out of the set.
  void set(int socket, std::uint64_t tag, Interest now, Interest wanted);

 private:
  void wait();
  void take();

  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> set_;
  Ready ready_;
};

}  // namespace tandemq
