// DiskGuard: watches the room on the disk of data.dir, for RocksDB ends the process on a full one.
// Below store.low_bytes nothing new is taken; the log still grows by what must go on, and for the
// last of it there is a file whose room can be given back.
// Owned by node; core thread.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

// Free for this process on the disk that holds `folder`, bytes; 0 if that cannot be told.
std::uint64_t free_disk_bytes(const std::string& folder);

// The error says that there is not enough room to start.
Result<void> check_disk_floor(const Config& config);

class DiskGuard {
 public:
  // `low` is told whenever it changes; `reclaim` is called now and then while it is so.
  DiskGuard(asio::io_context& io, const Config& config, std::function<void(bool)> low,
            std::function<void()> reclaim);

  void start();
  [[nodiscard]] bool is_low() const { return low_; }

 private:
  void look();
  void keep_reserve(std::uint64_t free_bytes);

  const std::string folder_;
  const StoreConfig config_;
  std::function<void(bool)> tell_;
  std::function<void()> reclaim_;
  asio::steady_timer timer_;
  bool low_ = false;
  int looks_ = 0;
};

}  // namespace tandemq
