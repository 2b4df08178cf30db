#include "node/archiver.hpp"

#include <chrono>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

constexpr std::chrono::seconds kInterval{1};
constexpr int kLastSteps = 32;  // At the end; the rest is copied after the next start.

}  // namespace

Archiver::Archiver(std::string folder, const Store& store, const Position& end,
                   Archive::Ports ports)
    : archive_(std::move(folder), store, end, std::move(ports)) {
  asio::post(io_, [this] { advance(); });
  thread_ = std::thread([this] { io_.run(); });
}

Archiver::~Archiver() {
  stop();
}

void Archiver::stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
  int steps = 0;
  while (archive_.advance() && ++steps < kLastSteps) continue;
}

void Archiver::advance() {
  if (archive_.advance()) {
    asio::post(io_, [this] { advance(); });
    return;
  }
  timer_.expires_after(kInterval);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) advance();
  });
}

}  // namespace tandemq
