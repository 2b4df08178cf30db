#include "node/http_logins.hpp"

#include "base/ensure.hpp"
#include "failover/etcd_tls.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {

Result<HttpLoginUrl> parse_http_login_url(const std::string& text) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = text.find(kMark);
  const std::string scheme = text.substr(0, mark);
  if (mark == std::string::npos || (scheme != "http" && scheme != "https"))
    return failure("auth.http_url = '" + text + "': expected http://HOST:PORT/PATH or https://…");
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '#' || c == '@' || c == '\x7F')
      return failure("auth.http_url = '" + text +
                     "': no blanks, no '#', and no user name before '@' may stand there");
  const std::size_t host = mark + kMark.size();
  const std::size_t slash = std::min(text.find('/', host), text.size());
  std::string authority = text.substr(host, slash - host);
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.ends_with(']'))
    authority += scheme == "http" ? ":80" : ":443";
  auto server = parse_etcd_url(scheme + "://" + authority);
  if (!server)
    return failure("auth.http_url = '" + text + "': expected http://HOST:PORT/PATH or https://…");
  const std::string path = text.substr(slash);
  return HttpLoginUrl{std::move(*server), path.empty() ? "/" : path};
}

Result<std::unique_ptr<HttpLogins>> HttpLogins::make(const AuthConfig& config,
                                                     std::string cache_key, Ports ports) {
  auto url = parse_http_login_url(config.http_url);
  if (!url) return tl::unexpected(std::move(url.error()));
  std::shared_ptr<asio::ssl::context> tls;
  if (url->server.tls) {
    auto made = make_etcd_context({config.http_ca, "", ""});
    if (!made)
      return failure("auth.http_ca = '" + config.http_ca +
                     "' holds no certificates that can be read, PEM");
    tls = std::move(*made);
  }
  return std::unique_ptr<HttpLogins>(
      new HttpLogins(config, std::move(*url), tls, std::move(cache_key), std::move(ports)));
}

HttpLogins::HttpLogins(const AuthConfig& config, HttpLoginUrl url,
                       const std::shared_ptr<asio::ssl::context>& tls, std::string cache_key,
                       Ports ports)
    : config_(config),
      url_(std::move(url)),
      ports_(std::move(ports)),
      work_(io_.get_executor()),
      cache_(std::move(cache_key), config.http_cache_s) {
  endpoints_.reserve(kAtOnce);
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    endpoints_.emplace_back(io_, url_.server, tls);
    free_.push_back(i);
  }
  thread_ = std::thread([this] { io_.run(); });
}

HttpLogins::~HttpLogins() {
  io_.stop();
  thread_.join();
}

void HttpLogins::check(ConnectionId connection, CheckPassword check) {
  ENSURE(check->remote() != nullptr, "other passwords are for the workers");
  if (waiting_.fetch_add(1) >= kWaitingMax)
    return tell(connection, no_http_login_answer("too many logins wait for it"));
  auto job = std::make_shared<Job>();
  job->connection = connection;
  job->check = std::move(check);
  job->deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.http_timeout_ms);
  asio::post(io_, [this, job] { take(job); });
}

void HttpLogins::take(std::shared_ptr<Job> job) {
  job->key = cache_.key_of(*job->check->remote());
  if (const CheckResult* known = cache_.find(job->key, ports_.now()))
    return tell(job->connection, *known);
  if (free_.empty()) return queue_.push_back(std::move(job));
  job->endpoint = free_.back();
  free_.pop_back();
  ask(job);
}

void HttpLogins::ask(const std::shared_ptr<Job>& job) {
  const EtcdRequest request{url_.path, http_login_question(*job->check->remote())};
  endpoints_[job->endpoint].post(
      request, "", job->deadline,
      [this, job](tl::expected<HttpAnswer, EtcdEndpoint::Failure> answer) {
        if (!answer && answer.error().was_kept && !std::exchange(job->again, true)) return ask(job);
        if (!answer) return conclude(job, no_http_login_answer(answer.error().why));
        conclude(job, parse_http_login_answer(*job->check->remote(), answer->status, answer->body));
      });
}

void HttpLogins::conclude(const std::shared_ptr<Job>& job, CheckResult result) {
  if (!result.unavailable) failing_ = false;
  if (result.unavailable && !std::exchange(failing_, true)) ports_.warn(result.reason);
  cache_.put(job->key, result, ports_.now());
  tell(job->connection, std::move(result));
  const std::size_t endpoint = job->endpoint;
  while (!queue_.empty()) {
    const std::shared_ptr<Job> next = std::move(queue_.front());
    queue_.pop_front();
    if (const CheckResult* known = cache_.find(next->key, ports_.now())) {
      tell(next->connection, *known);
    } else if (std::chrono::steady_clock::now() >= next->deadline) {
      tell(next->connection, no_http_login_answer("no answer in time"));
    } else {
      next->endpoint = endpoint;
      // Not from within the end of the request before it.
      return asio::post(io_, [this, next] { ask(next); });
    }
  }
  free_.push_back(endpoint);
}

void HttpLogins::tell(ConnectionId connection, CheckResult result) {
  --waiting_;
  ports_.answer({connection, std::move(result)});
}

}  // namespace tandemq
