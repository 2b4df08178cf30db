#include "admin/http_server.hpp"

#include "admin/http_connection.hpp"
#include "base/ensure.hpp"
#include "config/listener_url.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kHttpThreads = 4;
constexpr std::size_t kWaitingMax = 256;  // Connections; one more is closed unheard.
constexpr std::size_t kHttpRequestMax = 16U
                                        << 10U;  // Bytes: a request here has nothing but headers.
constexpr int kHttpBacklog = 128;
constexpr int kPause_ms = 10;  // When the process has no file descriptor left.
constexpr const char* kTextType = "text/plain; charset=utf-8";
constexpr const char* kJsonPage = "application/json";
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kIndex =
    "tandemq: /metrics /health/live /health/ready /health/primary /status\n";

// An IPv4 or IPv6 address with its port, as the kernel wants it.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> resolve(const std::string& text) {
  auto parsed = parse_host_port(text);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  if (parsed->host == "localhost") parsed->host = "127.0.0.1";
  Address address;
  in6_addr six{};
  in_addr four{};
  if (inet_pton(AF_INET, parsed->host.c_str(), &four) == 1) {
    auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
    in->sin_family = AF_INET;
    in->sin_addr = four;
    in->sin_port = htons(parsed->port);
    address.size = sizeof *in;
    return address;
  }
  if (inet_pton(AF_INET6, parsed->host.c_str(), &six) != 1)
    return failure("'" + text + "': HOST is no IP address");
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  in6->sin6_family = AF_INET6;
  in6->sin6_addr = six;
  in6->sin6_port = htons(parsed->port);
  address.size = sizeof *in6;
  return address;
}

// A socket that listens, or -1 with errno.
int listen_on(Address& address) {
  const int listening = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listening < 0) return -1;
  const int on = 1;  // A node that comes back does not wait for connections of its last life.
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listening, address.get(), address.size) == 0 && listen(listening, kHttpBacklog) == 0)
    return listening;
  const int error = errno;
  close(listening);
  errno = error;
  return -1;
}

// The signals of the process are for the core thread; here one would only interrupt a call.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void answer(httplib::Response& response, int status, const std::string& body, const char* type) {
  response.status = status;
  response.set_content(body, type);
}

void refuse(httplib::Response& response, int status, const std::string& why) {
  answer(response, status, why + "\n", kTextType);
}

// Takes the same time wherever the two differ.
bool has_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kBearer = "bearer ";
  const std::string_view scheme = authorization.substr(0, kBearer.size());
  const bool is_bearer =
      std::equal(scheme.begin(), scheme.end(), kBearer.begin(), kBearer.end(),
                 [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  if (!is_bearer) return false;
  const std::string_view shown = authorization.substr(kBearer.size());
  return shown.size() == token.size() &&
         CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

void answer_health(httplib::Response& response, const HealthReport& health, bool good) {
  answer(response, good ? 200 : 503, json_text(to_json(health)) + "\n", kJsonPage);
}

void answer_status(httplib::Response& response, const Result<Json>& status) {
  const Json body = status ? *status : Json{{"error", status.error().text}};
  answer(response, status ? 200 : 503, json_text(body) + "\n", kJsonPage);
}

}  // namespace

Json to_json(const HealthReport& health) {
  return {{"role", health.role},
          {"live", health.live},
          {"ready", health.live && health.ready},
          {"primary", health.live && health.primary},
          {"why", health.why}};
}

// The library parses requests and writes answers; the sockets are ours, because its own loop gives
// up at the first error of accept(), and a client may take as long as it likes.
struct HttpServer::Http : httplib::Server {
  Http(int listening_, const HttpConfig& config);

  void run();
  void serve(int socket);
  void route(const httplib::Request& request, httplib::Response& response) const;

  const int listening;
  const std::chrono::milliseconds patience;
  const std::string token;
  Ports ports;
  std::atomic<std::size_t> waiting{0};
  std::atomic<bool> stopping{false};
  std::thread thread;
};

HttpServer::Http::Http(int listening_, const HttpConfig& config)
    : listening(listening_), patience(config.patience), token(config.token) {
  set_default_headers({{"Cache-Control", "no-store"}});
  // Ahead of the library's routes, which are regular expressions and read bodies.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    route(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        refuse(response, 500, "There is no answer, for want of memory or by a mistake of ours.");
      });
  set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (!response.body.empty()) return;
    refuse(response, response.status,
           "This is no request of HTTP, or it is longer than " + std::to_string(kHttpRequestMax) +
               " bytes, or it took too long.");
  });
}

void HttpServer::Http::route(const httplib::Request& request, httplib::Response& response) const {
  const std::string& path = request.path;
  if (!token.empty() && !path.starts_with("/health/") &&
      !has_token(request.get_header_value("Authorization"), token)) {
    response.set_header("WWW-Authenticate", "Bearer");
    return refuse(response, 401, "Send the token of admin.http_token_file as a Bearer token.");
  }
  const bool known = path == "/" || path == "/metrics" || path == "/status" ||
                     path == "/health/live" || path == "/health/ready" || path == "/health/primary";
  if (!known) return refuse(response, 404, "There is nothing here. See / for what there is.");
  if (request.method != "GET" && request.method != "HEAD") {
    response.set_header("Allow", "GET, HEAD");
    return refuse(response, 405, "This can only be read: use GET.");
  }
  if (path == "/") return answer(response, 200, kIndex, kTextType);
  if (path == "/metrics") return answer(response, 200, ports.metrics(), kMetricsType);
  if (path == "/status") return answer_status(response, ports.status());
  const HealthReport health = ports.health();
  const bool good = path == "/health/live"    ? health.live
                    : path == "/health/ready" ? health.live && health.ready
                                              : health.live && health.primary;
  answer_health(response, health, good);
}

void HttpServer::Http::run() {
  block_signals();
  httplib::ThreadPool pool(kHttpThreads);
  while (!stopping) {
    const int client = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      if (!stopping) poll(nullptr, 0, kPause_ms);
    } else if (waiting >= kWaitingMax) {
      close(client);
    } else {
      ++waiting;
      pool.enqueue([this, client] {
        --waiting;
        serve(client);
      });
    }
  }
  pool.shutdown();
}

void HttpServer::Http::serve(int socket) {
  HttpConnection connection(socket, {kHttpRequestMax, patience, waiting, stopping});
  bool closed = false;
  // One request with many small ranges would get an answer of many megabytes.
  process_request(connection, true, closed,
                  [](httplib::Request& request) { request.ranges.clear(); });
}

HttpServer::HttpServer(HttpConfig config) : config_(std::move(config)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<void> HttpServer::open() {
  ENSURE(http_ == nullptr, "a server is opened once");
  auto address = resolve(config_.address);
  if (!address) return failure("admin.http = " + address.error().text);
  const int listening = listen_on(*address);
  if (listening < 0) {
    const std::string what =
        errno == EADDRINUSE ? "in use by another process; stop that one ('ss -ltnp' shows it), or"
                            : "not to be had (" + std::string(std::strerror(errno)) + ");";
    return failure("admin.http: " + config_.address + " is " + what +
                   " choose another port in 'admin.http', or none at all");
  }
  http_ = std::make_unique<Http>(listening, config_);
  return {};
}

void HttpServer::start(Ports ports) {
  ENSURE(http_ != nullptr && !http_->thread.joinable(), "a server is started once, and open");
  http_->ports = std::move(ports);
  http_->thread = std::thread([http = http_.get()] { http->run(); });
}

void HttpServer::stop() {
  if (http_ == nullptr) return;
  http_->stopping = true;
  shutdown(http_->listening, SHUT_RDWR);  // Wakes accept().
  if (http_->thread.joinable()) http_->thread.join();
  close(http_->listening);
  http_.reset();
}

std::uint16_t HttpServer::port() const {
  if (http_ == nullptr) return 0;
  Address address;
  address.size = sizeof address.storage;
  if (getsockname(http_->listening, address.get(), &address.size) != 0) return 0;
  return ntohs(address.storage.ss_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port
                   : reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
}

}  // namespace tandemq
