#include "failover/etcd_witness.hpp"

#include "failover/etcd_endpoint.hpp"
#include "failover/etcd_gateway.hpp"
#include "failover/etcd_tls.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWaitingMax = 64;  // Requests; the agent has one or two.

struct Job {
  std::uint64_t expected_revision = 0;
  std::optional<WitnessRecord> record;  // Nothing: a read.
  Witness::Callback callback;
  Clock::time_point deadline;
  std::size_t tried = 0;  // Endpoints.
  bool sent = false;      // A swap that was, may have been done already.
  bool repeated = false;  // On a new connection to the endpoint that gave up the old one.
  bool token_renewed = false;
  std::string failures;  // Of the endpoints that were tried.
};

// One job after the other; the first one of `jobs` is under way.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  Lane(asio::io_context& io, EtcdWitnessConfig config, std::vector<EtcdEndpoint> endpoints)
      : io_(io),
        config_(std::move(config)),
        key_(witness_key(config_.cluster)),
        endpoints_(std::move(endpoints)) {}

  void add(Job job);
  void stop();

 private:
  using Answer = tl::expected<HttpAnswer, EtcdEndpoint::Failure>;

  void begin();
  void try_endpoint();
  void authenticate();
  void on_token(const Answer& answer);
  void send();
  void on_answer(const Answer& answer);
  void post(const EtcdRequest& request, const std::string& token,
            void (Lane::*then)(const Answer&));
  bool repeat(const Answer& answer);
  void refuse(const EtcdRefusal& refusal);
  void finish(WitnessOutcome outcome);
  [[nodiscard]] std::string overdue() const;

  asio::io_context& io_;
  const EtcdWitnessConfig config_;
  const std::string key_;
  std::vector<EtcdEndpoint> endpoints_;
  std::size_t current_ = 0;  // The one that answered last.
  std::string token_;        // Empty: none yet, or not needed.
  std::deque<Job> jobs_;
};

void Lane::add(Job job) {
  job.deadline = Clock::now() + std::chrono::milliseconds(config_.timeout_ms);
  if (jobs_.size() >= kWaitingMax) {
    asio::post(io_, [self = weak_from_this(), callback = std::move(job.callback)] {
      if (!self.expired()) callback(WitnessUnknown{"too many requests wait for etcd"});
    });
    return;
  }
  jobs_.push_back(std::move(job));
  if (jobs_.size() > 1) return;
  asio::post(io_, [self = weak_from_this()] {
    if (const auto lane = self.lock()) lane->begin();
  });
}

// Nobody is called from now on.
void Lane::stop() {
  endpoints_.clear();
  jobs_.clear();
}

void Lane::begin() {
  if (!jobs_.empty()) try_endpoint();
}

std::string Lane::overdue() const {
  return "no answer from etcd within " + std::to_string(config_.timeout_ms) + " ms";
}

void Lane::try_endpoint() {
  Job& job = jobs_.front();
  const std::string so_far = job.failures.empty() ? "" : " (" + job.failures + ")";
  if (Clock::now() >= job.deadline) return finish(WitnessUnknown{overdue() + so_far});
  if (job.tried == endpoints_.size())
    return finish(WitnessUnknown{"no endpoint of etcd answers" + so_far});
  if (!config_.user.empty() && token_.empty()) return authenticate();
  send();
}

// The last endpoint to be tried has all the time that is left.
void Lane::post(const EtcdRequest& request, const std::string& token,
                void (Lane::*then)(const Answer&)) {
  const Job& job = jobs_.front();
  const auto own = Clock::now() + std::chrono::milliseconds(config_.endpoint_timeout_ms);
  const bool is_last = job.tried + 1 == endpoints_.size();
  endpoints_[current_].post(request, token, is_last ? job.deadline : std::min(own, job.deadline),
                            [this, then](const Answer& answer) { (this->*then)(answer); });
}

void Lane::authenticate() {
  post(authenticate_request(config_.user, config_.password), "", &Lane::on_token);
}

void Lane::on_token(const Answer& answer) {
  if (repeat(answer)) return;
  if (!answer) return refuse({answer.error().why});
  auto token = parse_token(*answer);
  if (!token) return refuse({token.error().why});
  token_ = std::move(*token);
  try_endpoint();
}

void Lane::send() {
  const Job& job = jobs_.front();
  post(job.record ? swap_request(key_, job.expected_revision, *job.record) : read_request(key_),
       token_, &Lane::on_answer);
}

void Lane::on_answer(const Answer& answer) {
  Job& job = jobs_.front();
  const bool first = !std::exchange(job.sent, true);
  if (repeat(answer)) return;
  if (!answer) return refuse({answer.error().why});
  auto outcome = job.record ? parse_swap(*answer, key_, *job.record) : parse_read(*answer, key_);
  if (!outcome) return refuse(outcome.error());
  // What stands there is ours: an endpoint that did not say so has done it.
  const auto* const conflict = std::get_if<WitnessConflict>(&*outcome);
  if (!first && conflict != nullptr && conflict->entry.record == job.record)
    return finish(WitnessDone{conflict->entry});
  finish(std::move(*outcome));
}

// A server that was restarted has given up the connection; that says nothing about the server.
bool Lane::repeat(const Answer& answer) {
  Job& job = jobs_.front();
  if (answer || !answer.error().was_kept || std::exchange(job.repeated, true)) return false;
  try_endpoint();
  return true;
}

void Lane::refuse(const EtcdRefusal& refusal) {
  Job& job = jobs_.front();
  if (refusal.needs_token && !token_.empty()) {
    token_.clear();
    if (!std::exchange(job.token_renewed, true)) return try_endpoint();
  }
  job.failures +=
      (job.failures.empty() ? "" : "; ") + endpoints_[current_].url().text + ": " + refusal.why;
  ++job.tried;
  job.repeated = false;
  current_ = (current_ + 1) % endpoints_.size();
  try_endpoint();
}

void Lane::finish(WitnessOutcome outcome) {
  const auto self = shared_from_this();  // The callback may let go of us.
  const Witness::Callback callback = std::move(jobs_.front().callback);
  jobs_.pop_front();
  const bool more = !jobs_.empty();
  callback(std::move(outcome));
  if (more) begin();
}

class EtcdWitness final : public Witness {
 public:
  explicit EtcdWitness(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}
  ~EtcdWitness() override { lane_->stop(); }
  EtcdWitness(const EtcdWitness&) = delete;
  EtcdWitness& operator=(const EtcdWitness&) = delete;

  void read(Callback callback) override {
    Job job;
    job.callback = std::move(callback);
    lane_->add(std::move(job));
  }
  void swap(std::uint64_t expected_revision, const WitnessRecord& record,
            Callback callback) override {
    Job job;
    job.expected_revision = expected_revision;
    job.record = record;
    job.callback = std::move(callback);
    lane_->add(std::move(job));
  }

 private:
  std::shared_ptr<Lane> lane_;
};

}  // namespace

Result<std::unique_ptr<Witness>> make_etcd_witness(asio::io_context& io,
                                                   const EtcdWitnessConfig& config) {
  if (config.urls.empty()) return failure("witness.etcd: at least one URL is needed");
  std::vector<EtcdUrl> urls;
  for (const std::string& text : config.urls) {
    auto url = parse_etcd_url(text);
    if (!url) return tl::unexpected(url.error());
    urls.push_back(std::move(*url));
  }
  std::shared_ptr<asio::ssl::context> tls;
  if (std::any_of(urls.begin(), urls.end(), [](const EtcdUrl& url) { return url.tls; })) {
    auto made = make_etcd_context({config.ca, config.cert, config.key});
    if (!made) return tl::unexpected(made.error());
    tls = std::move(*made);
  }
  std::vector<EtcdEndpoint> endpoints;
  for (EtcdUrl& url : urls) endpoints.emplace_back(io, std::move(url), url.tls ? tls : nullptr);
  return std::make_unique<EtcdWitness>(std::make_shared<Lane>(io, config, std::move(endpoints)));
}

}  // namespace tandemq
