// EtcdEndpoint: one address of etcd and the connection to it, TCP or TLS, which is kept for the
// next request. It sends a request, reads the answer and keeps the deadline, whatever the server or
// the resolver of names does meanwhile; it decides nothing and repeats nothing. Owned by
// EtcdWitness; one io_context, one thread.
#pragma once

#include "base/result.hpp"
#include "failover/etcd_gateway.hpp"
#include "failover/http_answer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ssl/context.hpp>

namespace tandemq {

struct EtcdUrl {
  bool tls = false;
  std::string host;  // IPv6 without brackets.
  std::uint16_t port = 0;
  std::string text;  // As it was written.
};

// "http://HOST:PORT" or "https://HOST:PORT"; the error quotes the text.
Result<EtcdUrl> parse_etcd_url(const std::string& text);

class EtcdEndpoint {
 public:
  struct Failure {
    std::string why;
    bool was_kept = false;  // The connection was an old one that the server had given up.
  };
  using Done = std::function<void(tl::expected<HttpAnswer, Failure>)>;

  // `tls` is null for http.
  EtcdEndpoint(asio::io_context& io, EtcdUrl url, std::shared_ptr<asio::ssl::context> tls);
  ~EtcdEndpoint();  // Closes; nobody hears of it.
  EtcdEndpoint(EtcdEndpoint&&) noexcept;
  EtcdEndpoint& operator=(EtcdEndpoint&&) = delete;

  // One at a time. `done` is called once, not within post().
  void post(const EtcdRequest& request, const std::string& token,
            std::chrono::steady_clock::time_point deadline, Done done);
  [[nodiscard]] const EtcdUrl& url() const;

 private:
  struct Connection;
  struct Wire;
  std::shared_ptr<Wire> wire_;
};

}  // namespace tandemq
