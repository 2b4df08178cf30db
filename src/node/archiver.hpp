// Archiver: a thread that keeps the archive of the log up to date. It follows the log at a distance
// of about a second, so that it costs a commit nothing.
// Owned by node; stop() is for its thread, archived() for any.
#pragma once

#include "recovery/archive.hpp"

#include <thread>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class Archiver {
 public:
  // As Archive; the ports are called by the archiver's thread.
  Archiver(std::string folder, const Store& store, const Position& end, Archive::Ports ports);
  ~Archiver();  // As stop().
  Archiver(const Archiver&) = delete;
  Archiver& operator=(const Archiver&) = delete;

  // Archives what the log has come to hold, if that does not take long, and ends the thread.
  void stop();
  // The log must keep everything behind it.
  [[nodiscard]] Lsn archived() const { return archive_.synced_lsn(); }

 private:
  void advance();

  Archive archive_;
  asio::io_context io_{1};
  asio::steady_timer timer_{io_};
  std::thread thread_;
};

}  // namespace tandemq
