#include "node/data.hpp"

#include "store/rocks_store.hpp"
#include "tests/store/samples.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::TempFolder;

constexpr auto kAnn = static_cast<SessionId>(1);
constexpr auto kBob = static_cast<SessionId>(2);

Config config_of(const TempFolder& folder) {
  Config config;
  config.data_dir = folder.path();
  return config;
}

Result<Data> opened(const Config& config, bool repair = false) {
  spdlog::logger log("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  return open_data(config, repair, log, [](const std::string&) {});
}

Data open_or_fail(const Config& config, bool repair = false) {
  auto data = opened(config, repair);
  REQUIRE_MESSAGE(data.has_value(), (data ? "" : data.error().text));
  return std::move(*data);
}

SessionOpened open_of(SessionId id, std::string client_id) {
  return {id, std::move(client_id), "", 60, Instant{1}, true};
}

// Ann and Bob each wait for a message of their own.
std::vector<Mutation> sample() {
  std::vector<Mutation> mutations = {open_of(kAnn, "ann"), open_of(kBob, "bob")};
  for (std::uint64_t id = 1; id <= 2; ++id) {
    Message message;
    message.id = static_cast<MessageId>(id);
    message.topic = "t";
    message.payload = "text";
    Queued queued;
    queued.session = id == 1 ? kAnn : kBob;
    queued.message = message.id;
    queued.qos = mqtt::QoS::at_least_once;
    mutations.emplace_back(MessageStored{std::make_shared<const Message>(std::move(message))});
    mutations.emplace_back(queued);
  }
  return mutations;
}

// What a primary does with a batch.
void write(Data& data, const std::vector<Mutation>& mutations) {
  RecordDraft draft;
  for (const Mutation& mutation : mutations) {
    draft.add(mutation);
    data.state->apply(mutation);
  }
  const Record record = draft.seal(data.position, Term{1, 1}, Instant{1});
  data.store->append({&record, 1});
  data.position = record.position;
}

void write_tables(Data& data) {
  data.store->write_tables(data.state->collect_changes(data.position));
  data.state->tables_written();
  data.store->sync();
}

// A store with the sample in its tables, of which Bob's session row is damaged.
void leave_damaged(const Config& config) {
  Data data = open_or_fail(config);
  write(data, sample());
  write_tables(data);
  std::string key;
  Writer(key).u32(index(kBob));
  TableChanges damage;
  damage.puts.push_back({Table::sessions, key, "damaged"});
  data.store->write_tables(damage);
  data.store->sync();
}

std::vector<std::string> quarantined(const Config& config) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(config.data_dir + "/quarantine", error))
    folders.push_back(entry.path().string());
  return folders;
}

}  // namespace

TEST_CASE("in a folder without data a node begins with nothing") {
  const TempFolder folder;
  const Data data = open_or_fail(config_of(folder));
  CHECK(data.state->session_count() == 0);
  CHECK(data.position == Position{});
  CHECK(data.tables_at == 0);
  CHECK(data.store->last_lsn() == 0);
}

TEST_CASE("what was written is there again, from the log and from the tables") {
  const TempFolder folder;
  const Config config = config_of(folder);
  std::uint64_t digest = 0;
  Position position;
  bool tables = false;
  SUBCASE("from the log") {}
  SUBCASE("from both") {
    tables = true;
  }
  {
    Data data = open_or_fail(config);
    write(data, sample());
    if (tables) write_tables(data);
    write(data, {SessionSuspended{kAnn, 60, Instant{5}}});
    data.store->sync();
    digest = data.state->digest();
    position = data.position;
  }
  const Data again = open_or_fail(config);
  CHECK(again.state->digest() == digest);
  CHECK(again.position == position);
  CHECK(again.tables_at == (tables ? 1 : 0));
  CHECK(again.store->last_lsn() == 2);
}

TEST_CASE("with store.in_memory nothing is read and nothing is left") {
  const TempFolder folder;
  Config config = config_of(folder);
  leave_damaged(config);
  config.store.in_memory = true;
  config.data_dir = folder.path() + "/not-there";
  Data data = open_or_fail(config);
  CHECK(data.state->session_count() == 0);
  write(data, sample());
  CHECK_FALSE(fs::exists(config.data_dir));
}

TEST_CASE("damage stops the start, and says what it is and what to do") {
  const TempFolder folder;
  const Config config = config_of(folder);
  leave_damaged(config);
  for (int time = 0; time < 2; ++time) {
    const auto refused = opened(config);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.find("sessions row 00000002") != std::string::npos);
    CHECK(refused.error().text.find("--repair") != std::string::npos);
    CHECK(quarantined(config).empty());
  }
}

TEST_CASE("damage is set aside if that is wanted, and all else goes on") {
  const TempFolder folder;
  Config config = config_of(folder);
  leave_damaged(config);
  bool repair = false;
  SUBCASE("by --repair") {
    repair = true;
  }
  SUBCASE("by store.on_damage") {
    config.store.on_damage = "quarantine";
  }
  std::uint64_t digest = 0;
  {
    Data data = open_or_fail(config, repair);
    CHECK(data.state->find_session("ann") != nullptr);
    CHECK(data.state->find_session("bob") == nullptr);
    CHECK(data.state->message_count() == 1);
    CHECK(data.state->check().empty());
    CHECK(data.position.lsn == 1);
    CHECK(data.tables_at == 1);
    write(data, {SessionSuspended{kAnn, 60, Instant{5}}});
    data.store->sync();
    digest = data.state->digest();
  }
  const std::vector<std::string> aside = quarantined(config);
  REQUIRE(aside.size() == 1);
  CHECK(fs::exists(aside[0] + "/store"));
  std::ifstream file(aside[0] + "/damage.jsonl");
  const std::string damage((std::istreambuf_iterator<char>(file)), {});
  CHECK(damage.find("sessions row 00000002") != std::string::npos);
  CHECK_FALSE(fs::exists(config.data_dir + "/store.new"));
  const Data again = open_or_fail(config_of(folder));
  CHECK(again.state->digest() == digest);
  CHECK(again.position.lsn == 2);
}

TEST_CASE("to repair what is sound changes nothing") {
  const TempFolder folder;
  const Config config = config_of(folder);
  std::uint64_t digest = 0;
  {
    Data data = open_or_fail(config);
    write(data, sample());
    data.store->sync();
    digest = data.state->digest();
  }
  CHECK(open_or_fail(config, true).state->digest() == digest);
  CHECK(quarantined(config).empty());
}

TEST_CASE("a store that another process has open is not repaired") {
  const TempFolder folder;
  const Config config = config_of(folder);
  Data data = open_or_fail(config);
  write(data, sample());
  CHECK_FALSE(opened(config).has_value());
  CHECK_FALSE(opened(config, true).has_value());
  CHECK(quarantined(config).empty());
  data.store->sync();
  const std::uint64_t digest = data.state->digest();
  data.store.reset();
  CHECK(open_or_fail(config).state->digest() == digest);
}

TEST_CASE("a repair that ended between its two renames is finished at the next start") {
  const TempFolder folder;
  const Config config = config_of(folder);
  std::uint64_t digest = 0;
  {
    Data data = open_or_fail(config);
    write(data, sample());
    write_tables(data);
    digest = data.state->digest();
  }
  fs::rename(config.data_dir + "/store", config.data_dir + "/store.new");
  CHECK(open_or_fail(config).state->digest() == digest);
  CHECK_FALSE(fs::exists(config.data_dir + "/store.new"));
}

TEST_CASE("a repair that ended before its first rename begins anew") {
  const TempFolder folder;
  const Config config = config_of(folder);
  leave_damaged(config);
  fs::create_directories(config.data_dir + "/store.new");
  std::ofstream(config.data_dir + "/store.new/CURRENT") << "half of a store";
  REQUIRE_FALSE(opened(config).has_value());
  const Data data = open_or_fail(config, true);
  CHECK(data.state->session_count() == 1);
  CHECK_FALSE(fs::exists(config.data_dir + "/store.new"));
}

TEST_CASE("a hole in the log is set aside with what depends on it") {
  const TempFolder folder;
  const Config config = config_of(folder);
  {
    Data data = open_or_fail(config);
    const Position before = data.position;
    write(data, {open_of(kAnn, "ann")});
    // Not the record that the next one follows.
    data.store->cut(1);
    RecordDraft other;
    other.add(open_of(kBob, "bob"));
    const Record record = other.seal(before, Term{1, 1}, Instant{2});
    data.store->append({&record, 1});
    write(data, {SessionSuspended{kAnn, 60, Instant{5}}});
    Message message;
    message.id = static_cast<MessageId>(1);
    message.topic = "t";
    Queued queued;
    queued.session = kAnn;
    queued.message = message.id;
    queued.qos = mqtt::QoS::at_least_once;
    write(data, {MessageStored{std::make_shared<const Message>(std::move(message))}, queued});
    data.store->sync();
  }
  REQUIRE_FALSE(opened(config).has_value());
  const Data data = open_or_fail(config, true);
  CHECK(data.state->find_session("bob") != nullptr);
  CHECK(data.state->find_session("ann") == nullptr);
  CHECK(data.state->message_count() == 0);
  CHECK(data.position.lsn == 3);
  CHECK(quarantined(config).size() == 1);
}

TEST_CASE("bodies beyond memory.bodies_max_bytes stay on disk, those of topics come to memory") {
  const TempFolder folder;
  Config config = config_of(folder);
  {
    Data data = open_or_fail(config);
    write(data, sample());
    Message message;
    message.id = static_cast<MessageId>(3);
    message.topic = "kept";
    write(data, {MessageStored{std::make_shared<const Message>(std::move(message))},
                 RetainedSet{MessageId{3}}});
    write_tables(data);
  }
  config.memory.bodies_max_bytes = 1;
  const Data data = open_or_fail(config);
  CHECK(data.state->find_retained("kept") != nullptr);
  CHECK(data.state->session(kAnn)->outgoing[0].on_disk());
  CHECK(data.state->check().empty());
}

}  // namespace tandemq
