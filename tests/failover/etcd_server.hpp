// EtcdServer: a real etcd as a child process, for tests: alone, on free ports of the loopback, with
// its data in a folder of its own. It ends with the object, and with the test program too. If etcd
// is not installed, the test fails and says so.
#pragma once

#include "config/config.hpp"
#include "tests/store/samples.hpp"

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace tandemq::tests {

class EtcdServer {
 public:
  // With certificates it speaks TLS only, and asks its clients for theirs.
  explicit EtcdServer(const ReplicationConfig& certificates = {});
  ~EtcdServer();
  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }  // Of 127.0.0.1.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // POSTs to its gateway, and expects that it does what it is asked.
  void post(const std::string& path, const std::string& body) const;

  void start();  // Again, with the same data and port; waits until it is healthy.
  void kill();
  void pause();
  void go_on();

 private:
  void spawn();
  [[nodiscard]] bool is_healthy() const;
  void check_alive();

  TempFolder folder_;
  ReplicationConfig certificates_;
  std::uint16_t port_ = 0;
  std::uint16_t peer_port_ = 0;
  std::uint16_t health_port_ = 0;
  std::string url_;
  pid_t pid_ = -1;
};

}  // namespace tandemq::tests
