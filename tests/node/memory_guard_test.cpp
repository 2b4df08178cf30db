#include "node/memory_guard.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

// A tree of cgroups; gone with the test.
struct Groups {
  Groups() { fs::create_directories(folder); }
  ~Groups() { fs::remove_all(folder); }
  void put(const std::string& group, const std::string& max) const {
    fs::create_directories(folder + group);
    std::ofstream(folder + group + "/memory.max") << max << "\n";
  }
  const std::string folder =
      (fs::temp_directory_path() / ("tandemq-groups-" + std::to_string(::getpid()))).string();
};

}  // namespace

TEST_CASE("the least limit on the way to the root counts") {
  const Groups groups;
  groups.put("/a/b", "5000");
  groups.put("/a", "4000");
  groups.put("/a/c", "3000");
  groups.put("/d", "max");
  CHECK(cgroup_memory_max(groups.folder, "0::/a/b\n") == 4'000);
  CHECK(cgroup_memory_max(groups.folder, "0::/a/c\n") == 3'000);
  CHECK(cgroup_memory_max(groups.folder, "3:cpu:/x\n0::/a\n") == 4'000);
  CHECK(cgroup_memory_max(groups.folder, "0::/d\n") == 0);
  CHECK(cgroup_memory_max(groups.folder, "0::/none/there\n") == 0);
  CHECK(cgroup_memory_max(groups.folder, "0::/\n") == 0);
  CHECK(cgroup_memory_max(groups.folder, "") == 0);
}

TEST_CASE("this machine has memory, and the guard tells of it and of what is used") {
  CHECK(memory_available() > 1'000'000);
  asio::io_context io;
  std::uint64_t resident = 0;
  std::uint64_t most = 0;
  MemoryGuard guard(io, 5'000'000, [&](std::uint64_t now, std::uint64_t max) {
    resident = now;
    most = max;
  });
  guard.start();
  CHECK(resident > 100'000);
  CHECK(most == 5'000'000);
  guard.set_max(0);
  guard.start();
  CHECK(most == memory_available());
}

}  // namespace tandemq
