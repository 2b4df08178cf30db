// MemoryGuard: looks twice a second how much memory the process has and how much it may have, and
// tells. It decides nothing: that is broker/overload. While it is told to, it has the allocator
// give back what is free, so that what the broker has given up counts as given up. Owned by node;
// core thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

// What the cgroup of this process allows, or what the machine has, if that is less; 0: not known.
std::uint64_t memory_available();
// The least `memory.max` on the way from a cgroup to the root of `folder`, where cgroups of version
// 2 are mounted; 0: there is none. `membership` is the text of /proc/self/cgroup.
std::uint64_t cgroup_memory_max(const std::string& folder, const std::string& membership);

class MemoryGuard {
 public:
  using Tell = std::function<void(std::uint64_t resident_bytes, std::uint64_t max_bytes)>;

  MemoryGuard(asio::io_context& io, std::uint64_t max_bytes, Tell tell);

  void start();
  // memory.max_bytes; 0: what is available.
  void set_max(std::uint64_t max_bytes);
  void give_back();  // What the allocator has and nobody uses.

 private:
  void look();

  std::uint64_t max_bytes_ = 0;
  Tell tell_;
  asio::steady_timer timer_;
};

}  // namespace tandemq
