#include "node/memory_guard.hpp"

#include "node/commands.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include <unistd.h>

// Of jemalloc, where the process has it.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_size, void* value,
                       std::size_t value_size) __attribute__((weak));

namespace tandemq {
namespace {

constexpr std::chrono::milliseconds kMemoryLookInterval{500};
constexpr const char* kCgroups = "/sys/fs/cgroup";

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// 0: "max", or no number.
std::uint64_t bytes_in(const std::string& path) {
  const std::string text = text_of_file(path);
  std::uint64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

}  // namespace

std::uint64_t cgroup_memory_max(const std::string& folder, const std::string& membership) {
  constexpr std::string_view kVersion2 = "0::";
  std::istringstream lines(membership);
  std::string path;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(kVersion2)) path = line.substr(kVersion2.size());
  std::uint64_t least = 0;
  for (;;) {
    const std::uint64_t bytes = bytes_in(folder + path + "/memory.max");
    if (bytes > 0) least = least == 0 ? bytes : std::min(least, bytes);
    if (path.empty()) return least;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

std::uint64_t memory_available() {
  const auto machine = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t group = cgroup_memory_max(kCgroups, text_of_file("/proc/self/cgroup"));
  return group == 0 || (machine > 0 && machine < group) ? machine : group;
}

MemoryGuard::MemoryGuard(asio::io_context& io, std::uint64_t max_bytes, Tell tell)
    : tell_(std::move(tell)), timer_(io) {
  set_max(max_bytes);
}

void MemoryGuard::start() {
  look();
}

void MemoryGuard::set_max(std::uint64_t max_bytes) {
  max_bytes_ = max_bytes > 0 ? max_bytes : memory_available();
}

void MemoryGuard::give_back() {
  // MALLCTL_ARENAS_ALL.
  if (mallctl != nullptr) mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

void MemoryGuard::look() {
  tell_(resident_bytes(), max_bytes_);
  timer_.expires_after(kMemoryLookInterval);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) look();
  });
}

}  // namespace tandemq
