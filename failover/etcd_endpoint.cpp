#include "failover/etcd_endpoint.hpp"

#include "base/ensure.hpp"
#include "config/listener_url.hpp"
#include "failover/etcd_tls.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>

namespace tandemq {
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 8'192;

std::string authority_of(const EtcdUrl& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

}  // namespace

// What a connection is made of; whatever is still under way on it keeps it, so that it may be given
// up for another one at any time.
struct EtcdEndpoint::Connection {
  explicit Connection(asio::io_context& io) : socket(io) {}
  template <class Use>
  void with_stream(Use use) {
    if (tls) return use(*tls);
    use(socket);
  }

  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
};

// One request after the other. Each has a number; what comes of an older one is not for us.
struct EtcdEndpoint::Wire : std::enable_shared_from_this<Wire> {
  Wire(asio::io_context& context, EtcdUrl to, std::shared_ptr<asio::ssl::context> with)
      : io(context), url(std::move(to)), tls_context(std::move(with)), resolver(io), timer(io) {}

  void post(const EtcdRequest& request, const std::string& token, Clock::time_point deadline,
            Done then);
  void resolve();
  void connect(const std::vector<tcp::endpoint>& endpoints);
  void on_connected();
  void secure();
  void send();
  void read();
  void take(std::size_t size, bool ended);
  void fail(const std::string& why);
  void finish(tl::expected<HttpAnswer, Failure> result);
  void close();

  // Calls `then` with what came of a step, if that is still for us.
  template <class Then>
  auto step(Then then) {
    return [self = shared_from_this(), begun = number, on = connection, then](
               const asio::error_code& error, auto&&... results) {
      if (self->number == begun) then(*self, error, results...);
    };
  }

  asio::io_context& io;
  const EtcdUrl url;
  const std::shared_ptr<asio::ssl::context> tls_context;
  tcp::resolver resolver;
  asio::steady_timer timer;  // Of the whole request.
  std::shared_ptr<Connection> connection;
  std::uint64_t number = 0;
  bool kept = false;  // The connection has served an older request.
  std::string outgoing;
  std::string incoming;
  std::array<char, kReadBytes> buffer{};
  Done done;
};

void EtcdEndpoint::Wire::post(const EtcdRequest& request, const std::string& token,
                              Clock::time_point deadline, Done then) {
  ENSURE(done == nullptr, "one request at a time");
  ++number;
  done = std::move(then);
  outgoing = http_text(request, authority_of(url), token);
  incoming.clear();
  kept = connection != nullptr;
  timer.expires_at(deadline);
  timer.async_wait(step([](Wire& self, const asio::error_code& error) {
    if (error) return;
    self.kept = false;  // Who is silent has not hung up.
    self.fail("no answer in time");
  }));
  if (kept) return send();
  connection = std::make_shared<Connection>(io);
  resolve();
}

// An address needs no resolver, which a server of names that is silent may keep busy.
void EtcdEndpoint::Wire::resolve() {
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(url.host, error);
  if (!error) return connect({tcp::endpoint(address, url.port)});
  resolver.async_resolve(url.host, std::to_string(url.port), tcp::resolver::numeric_service,
                         step([](Wire& self, const asio::error_code& failed,
                                 const tcp::resolver::results_type& found) {
                           if (failed) return self.fail("no such name: " + failed.message());
                           self.connect({found.begin(), found.end()});
                         }));
}

void EtcdEndpoint::Wire::connect(const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(connection->socket, endpoints,
                      step([](Wire& self, const asio::error_code& error, const auto&) {
                        if (error) return self.fail("it cannot be reached: " + error.message());
                        self.on_connected();
                      }));
}

void EtcdEndpoint::Wire::on_connected() {
  tcp::socket& socket = connection->socket;
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  asio::error_code ignored;  // Reading tells.
  socket.set_option(tcp::no_delay(true), ignored);
  if (url.tls) return secure();
  send();
}

void EtcdEndpoint::Wire::secure() {
  auto& tls = connection->tls.emplace(connection->socket, *tls_context);
  asio::error_code error;
  asio::ip::make_address(url.host, error);
  if (error) SSL_set_tlsext_host_name(tls.native_handle(), url.host.c_str());  // Names only.
  tls.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
  tls.async_handshake(asio::ssl::stream_base::client,
                      step([](Wire& self, const asio::error_code& failed) {
                        SSL* const native = self.connection->tls->native_handle();
                        if (failed) return self.fail(etcd_tls_failure(native, failed));
                        self.send();
                      }));
}

void EtcdEndpoint::Wire::send() {
  connection->with_stream([&](auto& stream) {
    asio::async_write(stream, asio::buffer(outgoing),
                      step([](Wire& self, const asio::error_code& error, std::size_t) {
                        if (error) return self.fail("it has hung up: " + error.message());
                        self.read();
                      }));
  });
}

void EtcdEndpoint::Wire::read() {
  connection->with_stream([&](auto& stream) {
    stream.async_read_some(asio::buffer(buffer),
                           step([](Wire& self, const asio::error_code& error, std::size_t size) {
                             const bool ended = error == asio::error::eof;
                             if (error && !ended)
                               return self.fail("it has hung up: " + error.message());
                             self.take(size, ended);
                           }));
  });
}

void EtcdEndpoint::Wire::take(std::size_t size, bool ended) {
  incoming.append(buffer.data(), size);
  if (incoming.size() > kHttpAnswerMax) return fail("an answer that is too long");
  auto parsed = parse_http_answer(incoming, ended);
  if (!parsed) return fail(parsed.error().text);
  if (!*parsed) return read();
  if (!(*parsed)->stays_open) close();
  finish(std::move(**parsed));
}

void EtcdEndpoint::Wire::fail(const std::string& why) {
  const bool was_kept = kept && incoming.empty();
  close();
  finish(tl::unexpected<Failure>(Failure{why, was_kept}));
}

void EtcdEndpoint::Wire::finish(tl::expected<HttpAnswer, Failure> result) {
  ++number;
  timer.cancel();
  const Done last = std::exchange(done, nullptr);
  last(std::move(result));
}

void EtcdEndpoint::Wire::close() {
  resolver.cancel();
  if (connection == nullptr) return;
  asio::error_code ignored;  // Closing is all that can be done.
  connection->socket.close(ignored);
  connection = nullptr;
}

Result<EtcdUrl> parse_etcd_url(const std::string& text) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  EtcdUrl url;
  url.text = text;
  url.tls = text.starts_with(kTls);
  if (!url.tls && !text.starts_with(kPlain))
    return failure("witness.etcd: '" + text + "' does not begin with http:// or https://");
  std::string_view rest(text);
  rest.remove_prefix((url.tls ? kTls : kPlain).size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto address = parse_host_port(rest);
  if (!address) return failure("witness.etcd: " + address.error().text);
  if (address->port == 0) return failure("witness.etcd: '" + text + "': port 0 is none");
  url.host = address->host;
  url.port = address->port;
  return url;
}

EtcdEndpoint::EtcdEndpoint(asio::io_context& io, EtcdUrl url,
                           std::shared_ptr<asio::ssl::context> tls)
    : wire_(std::make_shared<Wire>(io, std::move(url), std::move(tls))) {}

EtcdEndpoint::~EtcdEndpoint() {
  if (wire_ == nullptr) return;  // Moved from.
  const Done last = std::exchange(wire_->done, nullptr);
  ++wire_->number;
  wire_->timer.cancel();
  wire_->close();
}

EtcdEndpoint::EtcdEndpoint(EtcdEndpoint&&) noexcept = default;

void EtcdEndpoint::post(const EtcdRequest& request, const std::string& token,
                        Clock::time_point deadline, Done done) {
  wire_->post(request, token, deadline, std::move(done));
}

const EtcdUrl& EtcdEndpoint::url() const {
  return wire_->url;
}

}  // namespace tandemq
