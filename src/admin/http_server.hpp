// HttpServer: how a node tells machines how it is, over HTTP, read-only: /metrics for Prometheus,
// /health/live, /health/ready and /health/primary for load balancers and keepalived, /status. One
// request a connection, on a few threads. With a token it answers who has it (RFC 6750), and others
// in what load balancers ask, /health; 401 is the rest. It knows nothing of brokers: the answers
// come in as ports. Owned by node. They are called on the server's own threads, several at a time.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tandemq {

// What a load balancer wants to know; without `live` neither of the others.
struct HealthReport {
  bool live = false;     // The process does its work.
  bool ready = false;    // It serves, or could take over at once.
  bool primary = false;  // It serves.
  std::string role;      // primary | standby | unknown
  std::string why;       // A sentence.
};

Json to_json(const HealthReport& health);

struct HttpConfig {
  std::string address;                        // HOST:PORT
  std::chrono::milliseconds patience{2'000};  // With a client, from first byte to last.
  std::string token{};                        // Empty: nobody is asked for one.
};

class HttpServer {
 public:
  struct Ports {
    std::function<std::string()> metrics;
    std::function<Result<Json>()> status;
    std::function<HealthReport()> health;
  };

  explicit HttpServer(HttpConfig config);
  ~HttpServer();  // As stop().
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes the address; who connects waits for start(). The error says which key to change.
  Result<void> open();
  void start(Ports ports);
  // Returns when no port is called any more.
  void stop();

  [[nodiscard]] std::uint16_t port() const;  // Where it listens; 0 before open().

 private:
  struct Http;

  HttpConfig config_;
  std::unique_ptr<Http> http_;  // Null while it is not open.
};

}  // namespace tandemq
