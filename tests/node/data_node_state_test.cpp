#include "node/data.hpp"

#include "store/rocks_store.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::TempFolder;
using Role = NodeState::Role;
using Sync = NodeState::Sync;

Config config_of(const TempFolder& folder) {
  Config config;
  config.data_dir = folder.path();
  return config;
}

Result<Data> opened(const Config& config) {
  spdlog::logger log("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  return open_data(config, false, log, [](const std::string&) {});
}

// A store with a single client.
void make_store(const std::string& folder, const std::string& client) {
  auto store = RocksStore::open({.folder = folder, .skipped = {}});
  REQUIRE(store.has_value());
  RecordDraft draft;
  draft.add(SessionOpened{static_cast<SessionId>(1), client, "", 60, Instant{1}, true});
  const Record record = draft.seal({}, Term{1, 1}, Instant{1});
  (*store)->append({&record, 1});
  (*store)->sync();
}

void write_state(const Config& config, Sync sync) {
  NodeState state;
  state.cluster = config.cluster_id;
  state.node = config.node_id;
  state.term_seen = {3, 7};
  state.sync = sync;
  REQUIRE(write_node_state(config.data_dir, state).has_value());
}

bool has_client(const Config& config, const std::string& client) {
  const auto data = opened(config);
  REQUIRE_MESSAGE(data.has_value(), (data ? "" : data.error().text));
  CHECK(data->state->session_count() == 1);
  return data->state->find_session(client) != nullptr;
}

}  // namespace

TEST_CASE("a node that has never run follows, one whose store is older than node.state leads") {
  const TempFolder folder;
  const Config config = config_of(folder);
  Role role = Role::standby;
  SUBCASE("never run") {}
  SUBCASE("an older store") {
    make_store(config.data_dir + "/store", "ann");
    role = Role::solo;
  }
  const auto data = opened(config);
  REQUIRE(data.has_value());
  CHECK(data->node.role == role);
  CHECK(data->node.cluster == config.cluster_id);
  CHECK(data->node.node == config.node_id);
  CHECK(data->node.term_seen == Term{});
}

TEST_CASE("what a node knew of itself is there again") {
  const TempFolder folder;
  const Config config = config_of(folder);
  write_state(config, Sync::none);
  const auto data = opened(config);
  REQUIRE(data.has_value());
  CHECK(data->node.term_seen == Term{3, 7});
}

TEST_CASE("the data of another node or another cluster are not touched") {
  const TempFolder folder;
  Config config = config_of(folder);
  write_state(config, Sync::installing);
  make_store(config.data_dir + "/store.image", "new");
  SUBCASE("another node") {
    config.node_id = "other";
  }
  SUBCASE("another cluster") {
    config.cluster_id = "other";
  }
  const auto data = opened(config);
  REQUIRE_FALSE(data.has_value());
  CHECK(data.error().text.find("node.state") != std::string::npos);
  CHECK(fs::exists(config.data_dir + "/store.image"));
}

TEST_CASE("an image that is not whole is removed, and the old data are served") {
  const TempFolder folder;
  const Config config = config_of(folder);
  make_store(config.data_dir + "/store", "old");
  make_store(config.data_dir + "/store.image", "new");
  write_state(config, Sync::receiving);
  CHECK(has_client(config, "old"));
  CHECK_FALSE(fs::exists(config.data_dir + "/store.image"));
  CHECK((*read_node_state(config.data_dir))->sync == Sync::none);
}

TEST_CASE("a whole image takes the place of the data, wherever the process ended") {
  const TempFolder folder;
  const Config config = config_of(folder);
  const std::string store = config.data_dir + "/store";
  SUBCASE("before anything was moved") {
    make_store(store, "old");
    make_store(store + ".image", "new");
    SUBCASE("for the first time") {}
    SUBCASE("with what an earlier image has replaced") {
      make_store(store + ".old", "older");
    }
  }
  SUBCASE("between the two moves") {
    make_store(store + ".old", "old");
    make_store(store + ".image", "new");
  }
  SUBCASE("after both") {
    make_store(store + ".old", "old");
    make_store(store, "new");
  }
  write_state(config, Sync::installing);
  CHECK(has_client(config, "new"));
  CHECK((*read_node_state(config.data_dir))->sync == Sync::installed);
  CHECK_FALSE(fs::exists(store + ".image"));
  CHECK(has_client(config, "new"));  // Once more, and nothing is moved again.
  auto old = RocksStore::open({.folder = store + ".old", .skipped = {}});
  REQUIRE(old.has_value());
  CHECK((*old)->last_lsn() == 1);
  std::string bytes;
  REQUIRE((*old)
              ->read(1,
                     [&](Lsn, ByteView record) {
                       bytes = record;
                       return true;
                     })
              .has_value());
  CHECK(bytes.find("old") != std::string::npos);
  CHECK(bytes.find("older") == std::string::npos);
}

}  // namespace tandemq
