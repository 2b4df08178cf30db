#include "node/disk_guard.hpp"

#include "tests/store/samples.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <doctest/doctest.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::TempFolder;

Config config_of(const TempFolder& folder) {
  Config config;
  config.data_dir = folder.path();
  config.store.low_bytes = 0;
  config.store.floor_bytes = 0;
  return config;
}

// What a guard tells at its first look.
std::vector<bool> first_look(const Config& config) {
  asio::io_context io;
  std::vector<bool> told;
  DiskGuard guard(
      io, config, [&](bool low) { told.push_back(low); }, [] {});
  guard.start();
  CHECK(guard.is_low() == !told.empty());
  return told;
}

}  // namespace

TEST_CASE("a folder has free bytes, one that is not there has none") {
  const TempFolder folder;
  CHECK(free_disk_bytes(folder.path()) > 0);
  CHECK(free_disk_bytes(folder.path() + "/not-there") == 0);
}

TEST_CASE("a node starts if store.floor_bytes are free, and says what to do if they are not") {
  const TempFolder folder;
  Config config = config_of(folder);
  config.store.floor_bytes = 1;
  CHECK(check_disk_floor(config).has_value());
  config.store.floor_bytes = UINT64_MAX;
  const auto refused = check_disk_floor(config);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find(folder.path()) != std::string::npos);
  CHECK(refused.error().text.find("store.floor_bytes") != std::string::npos);
  config.store.in_memory = true;
  CHECK(check_disk_floor(config).has_value());
}

TEST_CASE("what is low is told at the first look, and what is not is not") {
  const TempFolder folder;
  Config config = config_of(folder);
  CHECK(first_look(config).empty());
  config.store.low_bytes = UINT64_MAX / 2;
  CHECK(first_look(config) == std::vector<bool>{true});
  config.store.in_memory = true;
  CHECK(first_look(config).empty());
}

TEST_CASE("a disk with room has a reserve, which is given back below the floor") {
  const TempFolder folder;
  const std::string reserve = folder.path() + "/reserve";
  Config config = config_of(folder);
  first_look(config);
  CHECK_FALSE(fs::exists(reserve));  // Half of a floor of nothing.
  config.store.floor_bytes = 8'192;
  first_look(config);
  REQUIRE(fs::exists(reserve));
  CHECK(fs::file_size(reserve) == 4'096);
  first_look(config);
  CHECK(fs::exists(reserve));
  config.store.floor_bytes = UINT64_MAX;
  config.store.low_bytes = UINT64_MAX / 2;
  first_look(config);
  CHECK_FALSE(fs::exists(reserve));
}

TEST_CASE("a disk that is low gets no reserve") {
  const TempFolder folder;
  Config config = config_of(folder);
  config.store.floor_bytes = 8'192;
  config.store.low_bytes = UINT64_MAX / 2;
  first_look(config);
  CHECK_FALSE(fs::exists(folder.path() + "/reserve"));
}

}  // namespace tandemq
