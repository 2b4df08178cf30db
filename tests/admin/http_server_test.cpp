// The server and clients of it over loopback, on any free port: well-behaved ones, for which the
// library speaks, and others that hold the bytes back or send too many.
#include "admin/http_server.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace tandemq;

namespace {

constexpr std::chrono::milliseconds kLong{60'000};
constexpr const char* kAnyPort = "127.0.0.1:0";

HttpServer::Ports ports_saying(const HealthReport& health) {
  return {[] { return std::string("tandemq_term 7\n"); },
          []() -> Result<Json> {
            return Json{{"role", "primary"}, {"term", 7}};
          },
          [health] { return health; }};
}

// A server that answers what it was told, as a node does that serves.
class Served {
 public:
  explicit Served(std::chrono::milliseconds patience = kLong,
                  HttpServer::Ports ports = ports_saying({true, true, true, "primary", "It is."}))
      : server({kAnyPort, patience}) {
    REQUIRE(server.open().has_value());
    server.start(std::move(ports));
  }
  [[nodiscard]] httplib::Client client() const {
    return httplib::Client("127.0.0.1", server.port());
  }
  [[nodiscard]] httplib::Response get(const char* path) const {
    auto answer = client().Get(path);
    REQUIRE(answer);
    return *answer;
  }

  HttpServer server;
};

// A connection of TCP on which a test says what it likes.
class RawClient {
 public:
  explicit RawClient(const HttpServer& server) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server.port());
    REQUIRE(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the server has closed.
  bool say(const std::string& bytes) const {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Whether there is an answer, or the end, within that time.
  [[nodiscard]] bool hears_within(int ms) const {
    pollfd one{socket_, POLLIN, 0};
    return poll(&one, 1, ms) > 0;
  }
  // Everything until the server closes.
  [[nodiscard]] std::string answer() const {
    std::string all;
    char buffer[4'096];
    ssize_t count = 0;
    while ((count = recv(socket_, buffer, sizeof buffer, 0)) > 0)
      all.append(buffer, static_cast<std::size_t>(count));
    return all;
  }

 private:
  int socket_;
};

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

}  // namespace

TEST_CASE("every route answers with what its port says, and its type") {
  const Served served;
  const auto index = served.get("/");
  CHECK(index.status == 200);
  for (const char* route :
       {"/metrics", "/health/live", "/health/ready", "/health/primary", "/status"}) {
    CHECK(index.body.find(route) != std::string::npos);
    CHECK(served.get(route).status == 200);
  }
  CHECK(index.body.find('\n') == index.body.size() - 1);
  CHECK(served.get("/metrics").body == "tandemq_term 7\n");
  CHECK(served.get("/metrics").get_header_value("Content-Type") ==
        "text/plain; version=0.0.4; charset=utf-8");
  CHECK(served.get("/status?pretty=1").body == "{\"role\":\"primary\",\"term\":7}\n");
  CHECK(
      served.get("/health/live").body ==
      "{\"role\":\"primary\",\"live\":true,\"ready\":true,\"primary\":true,\"why\":\"It is.\"}\n");
  CHECK(served.get("/status").get_header_value("Connection") == "close");
}

TEST_CASE("a node is alive, ready and primary each on its own, but not without being alive") {
  struct Row {
    HealthReport health;
    int live, ready, primary;
  };
  const Row rows[] = {{{true, true, true, "primary", ""}, 200, 200, 200},
                      {{true, false, true, "primary", ""}, 200, 503, 200},
                      {{true, true, false, "standby", ""}, 200, 200, 503},
                      {{true, false, false, "standby", ""}, 200, 503, 503},
                      {{false, true, true, "unknown", ""}, 503, 503, 503}};
  for (const Row& row : rows) {
    const Served served(kLong, ports_saying(row.health));
    CHECK(served.get("/health/live").status == row.live);
    CHECK(served.get("/health/ready").status == row.ready);
    CHECK(served.get("/health/primary").status == row.primary);
    const auto body = parse_json(served.get("/health/primary").body);
    REQUIRE(body.has_value());
    CHECK((*body)["role"] == row.health.role);
    CHECK((*body)["ready"] == (row.ready == 200));
    CHECK((*body)["primary"] == (row.primary == 200));
  }
}

TEST_CASE("a status that cannot be had is told with its reason") {
  auto ports = ports_saying({});
  ports.status = []() -> Result<Json> { return failure("The broker does not answer."); };
  const Served served(kLong, ports);
  CHECK(served.get("/status").status == 503);
  CHECK(served.get("/status").body == "{\"error\":\"The broker does not answer.\"}\n");
}

TEST_CASE("what a port throws is an answer and not the end") {
  auto ports = ports_saying({});
  ports.metrics = []() -> std::string { return std::string().substr(1); };
  const Served served(kLong, ports);
  CHECK(served.get("/metrics").status == 500);
  CHECK(served.get("/").status == 200);
}

TEST_CASE("everything else is not found, and nothing can be written") {
  const Served served;
  for (const char* path : {"/metric", "/metrics/", "/health", "/health/live/x", "/..", "//"})
    CHECK(served.get(path).status == 404);
  auto client = served.client();
  CHECK(client.Post("/metrics", "a=b", "text/plain")->status == 405);
  CHECK(client.Put("/status", "{}", "application/json")->status == 405);
  CHECK(client.Delete("/metrics")->status == 405);
  CHECK(client.Options("/health/live")->status == 405);
  CHECK(client.Options("/health/live")->get_header_value("Allow") == "GET, HEAD");
  CHECK(client.Post("/nothing", "a=b", "text/plain")->status == 404);
}

TEST_CASE("HEAD says what GET would say, without its body") {
  const Served served;
  const auto head = served.client().Head("/health/primary");
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  CHECK(head->get_header_value("Content-Length") ==
        std::to_string(served.get("/health/primary").body.size()));
}

TEST_CASE("a range of an answer is not given, however many are asked for") {
  const Served served;
  std::string ranges = "bytes=0-";
  while (ranges.size() < 4'000) ranges += ",0-";
  const auto answer = served.client().Get("/metrics", {{"Range", ranges}});
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "tandemq_term 7\n");
}

TEST_CASE("bytes that are no request get 400 and a sentence") {
  const Served served;
  for (const char* bytes : {"\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
                            "GET / HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    const RawClient client(served.server);
    CHECK(client.say(bytes));
    const std::string answer = client.answer();
    CHECK(status_of(answer) == 400);
    CHECK(answer.find("This is no request of HTTP") != std::string::npos);
  }
}

TEST_CASE("a request that has no end is cut off at its bound") {
  const Served served;
  const std::string starts[] = {"GET /", "GET / HTTP/1.1\r\n"};
  for (const std::string& start : starts) {
    const RawClient client(served.server);
    bool open = client.say(start);
    int lines = 0;
    for (; open && lines < 10'000; ++lines)
      open = client.say("X-Filler: of a line that says nothing\r\n") && !client.hears_within(0);
    CHECK(lines < 10'000);
  }
  CHECK(served.get("/health/live").status == 200);
}

TEST_CASE("one header of more than 16 KB is refused") {
  const Served served;
  const RawClient client(served.server);
  CHECK(client.say("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"));
  CHECK(status_of(client.answer()) == 400);
}

TEST_CASE("a body is not waited for") {
  const Served served;
  const RawClient client(served.server);
  CHECK(client.say("POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nsome of it"));
  CHECK(status_of(client.answer()) == 405);
}

TEST_CASE("a client that says nothing is sent away when the patience is over") {
  const Served served(std::chrono::milliseconds(50));
  const RawClient silent(served.server);
  CHECK(silent.answer().empty());
  const RawClient half(served.server);
  CHECK(half.say("GET /metrics HTTP/1.1\r\nHost: a\r\n"));
  CHECK(status_of(half.answer()) == 400);
}

TEST_CASE("a byte now and then does not win more time") {
  const Served served(std::chrono::milliseconds(100));
  const RawClient client(served.server);
  CHECK(client.say("GET / HTTP/1.1\r\n"));
  int bytes = 0;  // With new patience for each byte all of them would be taken.
  while (bytes < 2'000 && !client.hears_within(5) && client.say("x")) ++bytes;
  CHECK(bytes < 2'000);
}

TEST_CASE("clients that hold every thread do not keep the others waiting") {
  const Served served(std::chrono::milliseconds(4'000));
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<RawClient>(served.server));
    CHECK(slow.back()->say("GET /metrics HTTP/1.1\r\nX-Slow: "));
  }
  // In the order of their coming, four at a time, they would take longer than that together.
  auto client = served.client();
  client.set_read_timeout(std::chrono::seconds(30));
  const auto answer = client.Get("/health/live");
  REQUIRE(answer);
  CHECK(answer->status == 200);
}

TEST_CASE("clients that connect and go, or do not read, keep nobody waiting") {
  auto ports = ports_saying({true, true, true, "primary", "It is."});
  ports.metrics = [] { return std::string(16U << 20U, 'x'); };  // More than a socket holds.
  const Served served(std::chrono::milliseconds(200), ports);
  std::vector<std::unique_ptr<RawClient>> deaf;
  for (int i = 0; i < 8; ++i) {
    deaf.push_back(std::make_unique<RawClient>(served.server));
    CHECK(deaf.back()->say("GET /metrics HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"));
    const RawClient gone(served.server);
  }
  CHECK(served.get("/health/live").status == 200);
}

TEST_CASE("a port that waits holds one thread only") {
  std::promise<void> go_on;
  const std::shared_future<void> gate = go_on.get_future().share();
  std::promise<void> entered;
  auto ports = ports_saying({true, true, true, "primary", "It is."});
  ports.status = [&]() -> Result<Json> {
    entered.set_value();
    gate.wait();
    return Json{{"late", true}};
  };
  const Served served(kLong, ports);
  auto late = std::async(std::launch::async, [&] { return served.get("/status").body; });
  entered.get_future().wait();
  CHECK(served.get("/health/live").status == 200);
  go_on.set_value();
  CHECK(late.get() == "{\"late\":true}\n");
}

TEST_CASE("a process with thousands of connections still answers") {
  const Served served;
  std::vector<int> files;
  // Beyond what select() could look at, as with many clients of the broker.
  while (files.empty() || files.back() < 1'100) {
    const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0) break;
    files.push_back(file);
  }
  CHECK(served.get("/health/live").status == 200);
  for (const int file : files) close(file);
}

TEST_CASE("a port that is taken is an error that names the key") {
  const Served served;
  HttpServer second({"127.0.0.1:" + std::to_string(served.server.port())});
  const auto opened = second.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text.starts_with("admin.http: 127.0.0.1:"));
  CHECK(opened.error().text.find("is in use by another process") != std::string::npos);
  CHECK(second.port() == 0);
}

TEST_CASE("the address may be localhost or of 127.0.0.0, and nothing that is no address") {
  for (const char* good : {"localhost:0", "127.9.9.9:0"}) {
    HttpServer server({good});
    CHECK(server.open().has_value());
    CHECK(server.port() != 0);
  }
  for (const char* wrong : {"localhost", "127.0.0.300:0", "a.example:0"}) {
    const auto opened = HttpServer({wrong}).open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().text.starts_with("admin.http = '"));
  }
}

TEST_CASE("who connects between open() and start() is served then") {
  HttpServer server({kAnyPort});
  REQUIRE(server.open().has_value());
  const RawClient early(server);
  CHECK(early.say("GET / HTTP/1.0\r\n\r\n"));
  server.start(ports_saying({}));
  CHECK(status_of(early.answer()) == 200);
}

TEST_CASE("stopping waits for no client, and frees the port") {
  HttpServer server({kAnyPort, kLong});
  REQUIRE(server.open().has_value());
  server.start(ports_saying({}));
  const RawClient slow(server);
  CHECK(slow.say("GET / HT"));
  const std::uint16_t port = server.port();
  server.stop();
  CHECK(slow.answer().find("200 OK") == std::string::npos);
  HttpServer next({"127.0.0.1:" + std::to_string(port)});
  CHECK(next.open().has_value());
}

TEST_CASE("with a token only health is told to those who do not have it") {
  HttpServer server({kAnyPort, kLong, "0123456789abcdef"});
  REQUIRE(server.open().has_value());
  server.start(ports_saying({true, true, true, "primary", "It is."}));
  httplib::Client client("127.0.0.1", server.port());
  const auto status = [&client](const char* path, const char* authorization) {
    const auto answer = client.Get(path, httplib::Headers{{"Authorization", authorization}});
    REQUIRE(answer);
    return answer->status;
  };
  for (const char* path : {"/", "/metrics", "/status", "/nothing"}) {
    const auto answer = client.Get(path);
    REQUIRE(answer);
    CHECK(answer->status == 401);
    CHECK(answer->get_header_value("WWW-Authenticate") == "Bearer");
  }
  for (const char* path : {"/health/live", "/health/ready", "/health/primary"}) {
    const auto answer = client.Get(path);
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
  CHECK(status("/metrics", "Bearer 0123456789abcdef") == 200);
  CHECK(status("/status", "bearer 0123456789abcdef") == 200);
  CHECK(status("/nothing", "Bearer 0123456789abcdef") == 404);
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeg", "Bearer 0123456789abcdef0",
        "Basic 0123456789abcdef", "0123456789abcdef"})
    CHECK(status("/metrics", wrong) == 401);
}
