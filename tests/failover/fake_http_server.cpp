#include "tests/failover/fake_http_server.hpp"

#include <array>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

namespace tandemq::tests {
namespace {

using asio::ip::tcp;

// Of a request with a JSON object as its body, which is never empty.
bool is_whole(const std::string& request) {
  const std::size_t head = request.find("\r\n\r\n");
  const std::size_t length = request.find("Content-Length: ");
  if (head == std::string::npos || length == std::string::npos) return false;
  return request.size() >= head + 4 + std::stoul(request.substr(length + 16));
}

struct Visit : std::enable_shared_from_this<Visit> {
  Visit(tcp::socket connected, FakeHttpServer::Answer& with)
      : socket(std::move(connected)), answer(with) {}

  void read() {
    socket.async_read_some(asio::buffer(buffer), [self = shared_from_this()](
                                                     const asio::error_code& error, auto size) {
      if (error) return;
      self->request.append(self->buffer.data(), size);
      if (!self->asked && is_whole(self->request)) self->reply();
      self->read();  // To the end, so that the client reads all and not a reset.
    });
  }
  void reply() {
    asked = true;
    const auto chosen = answer(request);
    if (!chosen) return;
    reply_text = *chosen;
    asio::async_write(socket, asio::buffer(reply_text),
                      [self = shared_from_this()](const asio::error_code&, std::size_t) {
                        asio::error_code ignored;
                        self->socket.shutdown(tcp::socket::shutdown_send, ignored);
                      });
  }

  tcp::socket socket;
  FakeHttpServer::Answer answer;
  bool asked = false;
  std::string request;
  std::string reply_text;
  std::array<char, 4'096> buffer{};
};

}  // namespace

struct FakeHttpServer::Door : std::enable_shared_from_this<Door> {
  Door(asio::io_context& io, Answer with)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), answer(std::move(with)) {}

  void accept() {
    acceptor.async_accept(
        [self = shared_from_this()](const asio::error_code& error, tcp::socket socket) {
          if (error) return;
          ++self->connections;
          std::make_shared<Visit>(std::move(socket), self->answer)->read();
          self->accept();
        });
  }

  tcp::acceptor acceptor;
  Answer answer;
  int connections = 0;
};

FakeHttpServer::FakeHttpServer(asio::io_context& io, Answer answer)
    : door_(std::make_shared<Door>(io, std::move(answer))) {
  door_->accept();
}

FakeHttpServer::~FakeHttpServer() {
  door_->acceptor.close();
}

std::string FakeHttpServer::url() const {
  return "http://127.0.0.1:" + std::to_string(door_->acceptor.local_endpoint().port());
}

int FakeHttpServer::connections() const {
  return door_->connections;
}

}  // namespace tandemq::tests
