// FakeHttpServer: what listens where etcd should, for tests: it reads a request and answers with
// bytes that the test has chosen, or not at all. It runs on the io_context of the test.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

namespace tandemq::tests {

class FakeHttpServer {
 public:
  // Is given the request, and gives the answer, after which the connection is closed; nothing: it
  // stays silent.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  FakeHttpServer(asio::io_context& io, Answer answer);
  ~FakeHttpServer();
  FakeHttpServer(const FakeHttpServer&) = delete;
  FakeHttpServer& operator=(const FakeHttpServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int connections() const;  // Accepted so far.

 private:
  struct Door;
  std::shared_ptr<Door> door_;
};

}  // namespace tandemq::tests
