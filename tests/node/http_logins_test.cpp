#include "node/http_logins.hpp"

#include "tests/failover/fake_http_server.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

// A server of HTTP on a thread of its own.
class LoginServer {
 public:
  explicit LoginServer(tests::FakeHttpServer::Answer answer)
      : server_(io_,
                [this, answer = std::move(answer)](const std::string& request) {
                  ++requests_;
                  return answer(request);
                }),
        thread_([this] { io_.run(); }) {}
  ~LoginServer() {
    io_.stop();
    thread_.join();
  }
  LoginServer(const LoginServer&) = delete;
  LoginServer& operator=(const LoginServer&) = delete;
  [[nodiscard]] std::string url() const { return server_.url() + "/login"; }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::atomic<int> requests_{0};
  tests::FakeHttpServer server_;
  std::thread thread_;
};

std::string http_answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

AuthConfig config_for(const std::string& url) {
  AuthConfig config;
  config.http_url = url;
  config.http_timeout_ms = 300;
  return config;
}

class Asked {
 public:
  explicit Asked(const AuthConfig& config) {
    auto made =
        HttpLogins::make(config, "key",
                         {[this](PasswordChecked answer) { answer_.set_value(answer); },
                          [] { return Instant{1'700'000'000'000}; }, [](const std::string&) {}});
    REQUIRE_MESSAGE(made.has_value(), made.error().text);
    logins_ = std::move(*made);
  }
  CheckResult ask(const std::string& password) {
    answer_ = {};
    RemoteLogin login;
    login.user_name = "ann";
    login.password = password;
    logins_->check(make_connection_id(0, 1, 1), std::make_unique<PasswordCheck>(login));
    return answer_.get_future().get().result;
  }

 private:
  std::promise<PasswordChecked> answer_;
  std::unique_ptr<HttpLogins> logins_;
};

}  // namespace

TEST_CASE("the server decides, and is asked once as long as its answer is remembered") {
  LoginServer server([](const std::string& request) {
    CHECK(request.starts_with("POST /login HTTP/1.1\r\n"));
    const bool right = request.find(R"("password":"right")") != std::string::npos;
    return http_answer(right ? R"({"result":"allow"})" : R"({"result":"deny"})");
  });
  Asked asked(config_for(server.url()));
  CHECK(asked.ask("right").granted);
  CHECK(asked.ask("right").granted);
  CHECK(server.requests() == 1);
  CHECK_FALSE(asked.ask("wrong").granted);
  CHECK_FALSE(asked.ask("wrong").unavailable);
  CHECK(server.requests() == 2);
}

TEST_CASE("without a cache every login is asked about") {
  LoginServer server([](const std::string&) { return http_answer(R"({"result":"allow"})"); });
  AuthConfig config = config_for(server.url());
  config.http_cache_s = 0;
  Asked asked(config);
  asked.ask("right");
  asked.ask("right");
  CHECK(server.requests() == 2);
}

TEST_CASE("a server that errs, is silent, says too much or is gone lets nobody in") {
  const auto refused = [](tests::FakeHttpServer::Answer answer) {
    LoginServer server(std::move(answer));
    Asked asked(config_for(server.url()));
    const CheckResult result = asked.ask("right");
    CHECK_FALSE(result.granted);
    CHECK(result.unavailable);
    return result.reason;
  };
  CHECK(refused([](const std::string&) { return http_answer("x", "500 Oh"); }) ==
        "auth.http_url: it answers 500");
  CHECK(refused([](const std::string&) { return std::nullopt; }) ==
        "auth.http_url: no answer in time");
  CHECK(refused([](const std::string&) {
          return http_answer(std::string(kHttpAnswerMax, ' '));
        }).starts_with("auth.http_url: an answer that is too long"));
  CHECK(refused([](const std::string&) {
          return "SSH-2.0-x\r\n\r\n";
        }).starts_with("auth.http_url: "));
  std::string url;
  {
    const LoginServer gone([](const std::string&) { return std::nullopt; });
    url = gone.url();
  }
  Asked asked(config_for(url));
  CHECK(asked.ask("right").unavailable);
}

TEST_CASE("auth.http_url is checked, and its path and usual ports are understood") {
  const auto url = parse_http_login_url("https://auth.example/v1/login?x=1");
  REQUIRE(url);
  CHECK(url->server.tls);
  CHECK(url->server.host == "auth.example");
  CHECK(url->server.port == 443);
  CHECK(url->path == "/v1/login?x=1");
  CHECK(parse_http_login_url("http://[::1]:8080")->path == "/");
  CHECK(parse_http_login_url("http://[::1]/a")->server.port == 80);
  for (const char* wrong : {"", "auth.example", "ftp://x/", "http://", "http://a b/",
                            "http://user@host/", "http://host:0/", "http://h/\r\nX: y"})
    CHECK_FALSE(parse_http_login_url(wrong));
}
