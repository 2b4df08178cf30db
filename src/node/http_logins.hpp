// HttpLogins: asks auth.http_url about logins, on a thread of its own: a few at a time, each within
// auth.http_timeout_ms, an answer of 64 KB at the most. What waits beyond a bound is refused at
// once, as everything is that gets no answer: nobody comes in because the server is down.
// Owned by node; check() may be called by any thread.
#pragma once

#include "access/http_login.hpp"
#include "base/result.hpp"
#include "broker/event.hpp"
#include "broker/output.hpp"
#include "config/config.hpp"
#include "failover/etcd_endpoint.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

struct HttpLoginUrl {
  EtcdUrl server;
  std::string path;
};

// "http://HOST:PORT/PATH" or "https://…"; the port may be missing. The error quotes the text.
Result<HttpLoginUrl> parse_http_login_url(const std::string& text);

class HttpLogins {
 public:
  static constexpr std::size_t kAtOnce = 16;           // Requests.
  static constexpr std::uint32_t kWaitingMax = 1'000;  // Logins, with those that are asked about.

  struct Ports {
    std::function<void(PasswordChecked)> answer;   // Called by any thread.
    std::function<Instant()> now;                  // The same.
    std::function<void(const std::string&)> warn;  // Once, until it has answered again.
  };

  // The error names the key.
  static Result<std::unique_ptr<HttpLogins>> make(const AuthConfig& config, std::string cache_key,
                                                  Ports ports);
  ~HttpLogins();  // Drops what waits.
  HttpLogins(const HttpLogins&) = delete;
  HttpLogins& operator=(const HttpLogins&) = delete;

  // `check` is about a RemoteLogin.
  void check(ConnectionId connection, CheckPassword check);

 private:
  struct Job {
    ConnectionId connection{};
    CheckPassword check;
    std::string key;
    std::chrono::steady_clock::time_point deadline;
    bool again = false;  // The first connection was one that the server had given up.
    std::size_t endpoint = 0;
  };

  HttpLogins(const AuthConfig& config, HttpLoginUrl url,
             const std::shared_ptr<asio::ssl::context>& tls, std::string cache_key, Ports ports);
  void take(std::shared_ptr<Job> job);
  void ask(const std::shared_ptr<Job>& job);
  void conclude(const std::shared_ptr<Job>& job, CheckResult result);
  void tell(ConnectionId connection, CheckResult result);

  const AuthConfig config_;
  const HttpLoginUrl url_;
  const Ports ports_;
  std::atomic<std::uint32_t> waiting_{0};
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  // The thread's own.
  HttpLoginCache cache_;
  std::vector<EtcdEndpoint> endpoints_;
  std::vector<std::size_t> free_;  // Of them.
  std::deque<std::shared_ptr<Job>> queue_;
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace tandemq
