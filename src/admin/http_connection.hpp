// HttpConnection: the bytes of one request and of its answer, as cpp-httplib reads and writes them.
// It bounds what a client may send, and how long all of it may take: the more others wait for a
// thread, the less, so that nobody is kept waiting by clients that dawdle.
// Made and used by the one thread that serves the connection; closes the socket.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include <httplib.h>

namespace tandemq {

class HttpConnection : public httplib::Stream {
 public:
  // What all connections of a server share.
  struct Terms {
    std::size_t request_bytes_max;
    std::chrono::milliseconds patience;       // For the whole request and its answer.
    const std::atomic<std::size_t>& waiting;  // Connections that no thread serves yet.
    const std::atomic<bool>& stopping;
  };

  HttpConnection(int socket, const Terms& terms);
  ~HttpConnection() override;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // From now on it may take as long as it likes, until the server stops.
  void lift_patience() { terms_.patience = std::chrono::hours(24 * 365); }

  // 0: the client has ended, sent too much or run out of time.
  ssize_t read(char* to, std::size_t size) override;
  // All of it, or -1.
  ssize_t write(const char* from, std::size_t size) override;
  bool is_readable() const override;
  bool is_writable() const override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool fill();
  bool await(short events) const;
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  const int socket_;
  Terms terms_;
  const std::chrono::steady_clock::time_point began_;
  std::array<char, 4'096> buffer_{};
  std::size_t begin_ = 0;  // Of what is in the buffer and not read.
  std::size_t end_ = 0;
  std::size_t received_ = 0;
};

}  // namespace tandemq
