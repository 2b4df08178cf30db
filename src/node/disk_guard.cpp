#include "node/disk_guard.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace tandemq {
namespace {

// In which a fast disk takes some 200 MB: well below the distance between low and floor.
constexpr std::chrono::milliseconds kLookInterval{200};
constexpr int kLooksAReclaim = 10;  // Every two seconds.
constexpr std::uint64_t kReserveMax = 64U << 20U;

std::string size_text(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MB";
}

}  // namespace

std::uint64_t free_disk_bytes(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return 0;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

Result<void> check_disk_floor(const Config& config) {
  const std::uint64_t free_bytes = free_disk_bytes(config.data_dir);
  if (config.store.in_memory || free_bytes >= config.store.floor_bytes) return {};
  return failure("the disk of data.dir = " + config.data_dir + " has " + size_text(free_bytes) +
                 " free, store.floor_bytes is " + size_text(config.store.floor_bytes) +
                 ": make room (data.dir/quarantine, old backups), or move data.dir");
}

DiskGuard::DiskGuard(asio::io_context& io, const Config& config, std::function<void(bool)> low,
                     std::function<void()> reclaim)
    : folder_(config.data_dir),
      config_(config.store),
      tell_(std::move(low)),
      reclaim_(std::move(reclaim)),
      timer_(io) {}

void DiskGuard::start() {
  if (!config_.in_memory) look();
}

void DiskGuard::look() {
  const std::uint64_t free_bytes = free_disk_bytes(folder_);
  keep_reserve(free_bytes);
  const bool low = free_bytes < config_.low_bytes;
  if (low != low_) tell_(low_ = low);
  if (low_ && ++looks_ % kLooksAReclaim == 0) reclaim_();
  timer_.expires_after(kLookInterval);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) look();
  });
}

void DiskGuard::keep_reserve(std::uint64_t free_bytes) {
  const std::string path = folder_ + "/reserve";
  const std::uint64_t size = std::min(kReserveMax, config_.floor_bytes / 2);
  struct stat found {};
  const bool exists = ::stat(path.c_str(), &found) == 0;
  if (exists && free_bytes < config_.floor_bytes) ::unlink(path.c_str());
  if (exists || size == 0 || free_bytes < config_.low_bytes + 2 * size) return;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;  // Without it the broker is as well off as others.
  const bool taken = ::posix_fallocate(file, 0, static_cast<off_t>(size)) == 0;
  ::close(file);
  if (!taken) ::unlink(path.c_str());
}

}  // namespace tandemq
