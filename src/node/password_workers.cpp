#include "node/password_workers.hpp"

#include <utility>

#include <asio/post.hpp>

namespace tandemq {

PasswordWorkers::PasswordWorkers(std::function<void(PasswordChecked)> answer)
    : answer_(std::move(answer)), work_(io_.get_executor()), thread_([this] { io_.run(); }) {}

PasswordWorkers::~PasswordWorkers() {
  io_.stop();
  thread_.join();
}

void PasswordWorkers::check(ConnectionId connection, CheckPassword check) {
  if (waiting_.fetch_add(1) >= kWaitingMax) {
    waiting_.fetch_sub(1);
    CheckResult refusal;
    refusal.reason = "too many logins wait to be checked";
    answer_({connection, std::move(refusal)});
    return;
  }
  asio::post(io_, [this, connection, password = std::move(check)] {
    CheckResult result = password->run();
    waiting_.fetch_sub(1);
    answer_({connection, std::move(result)});
  });
}

}  // namespace tandemq
