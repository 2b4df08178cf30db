#include "node/net_thread.hpp"

#include <cstdint>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

// A hub waits only when kEventsMax are under way, so it need not be woken for fewer than these.
constexpr std::size_t kReportEvents = Hub::kEventsMax / 4;

}  // namespace

NetThread::NetThread(std::uint8_t sink, const ListenerLimits& limits, HubPorts ports)
    : hub_(io_, sink, limits, std::move(ports)),
      work_(kNoBound, [this] { asio::post(io_, [this] { drain(); }); }),
      guard_(io_.get_executor()) {}

NetThread::~NetThread() {
  stop();
}

void NetThread::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void NetThread::start() {
  thread_ = std::thread([this] { io_.run(); });
}

void NetThread::carry_out(Outputs&& outputs) {
  put(std::move(outputs));
}

void NetThread::events_taken(std::size_t count) {
  events_taken_ += count;
  if (events_taken_ >= kReportEvents) put({});
}

void NetThread::put(Outputs&& outputs) {
  work_.put({std::move(outputs), std::exchange(events_taken_, 0)});
}

void NetThread::set_limits(const ListenerLimits& limits) {
  asio::post(io_, [this, limits] { hub_.set_limits(limits); });
}

void NetThread::drain() {
  work_.drain(drained_);
  for (Work& work : drained_) {
    hub_.carry_out(std::move(work.outputs));
    if (work.events_taken > 0) hub_.events_taken(work.events_taken);
  }
  drained_.clear();
}

}  // namespace tandemq
