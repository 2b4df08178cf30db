#include "replication/node_state.hpp"

#include "base/checksum.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::TempFolder;

NodeState sample() {
  NodeState state;
  state.cluster = "pair";
  state.node = "a";
  state.term_seen = {7, 0x1122'3344'5566'7788};
  state.role = NodeState::Role::solo;
  state.outdated = true;
  state.sync = NodeState::Sync::installing;
  return state;
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_error(const std::string& folder) {
  const auto state = read_node_state(folder);
  REQUIRE_FALSE(state.has_value());
  return state.error().text;
}

// `bytes` with another checksum, as somebody would write them who means it.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  Writer(bytes).u64(checksum(bytes));
  return bytes;
}

}  // namespace

TEST_CASE("a node state is read as it was written, with every role and phase") {
  const TempFolder folder;
  using Role = NodeState::Role;
  using Sync = NodeState::Sync;
  NodeState state = sample();
  for (const Role role : {Role::standby, Role::primary, Role::solo}) {
    for (const Sync sync : {Sync::none, Sync::receiving, Sync::installing, Sync::installed}) {
      state.role = role;
      state.sync = sync;
      state.outdated = !state.outdated;
      REQUIRE(write_node_state(folder.path(), state).has_value());
      CHECK(read_node_state(folder.path()).value() == state);
    }
  }
  state.cluster = std::string(255, 'c');
  state.node = std::string(255, 'n');
  REQUIRE(write_node_state(folder.path(), state).has_value());
  CHECK(read_node_state(folder.path()).value() == state);
}

TEST_CASE("the bytes of a node state are those of its first version") {
  const std::string fields(
      "TQNODE\0\1\4pair\1a\0\0\0\0\0\0\0\7\x11\x22\x33\x44\x55\x66\x77\x88\2\1\2", 34);
  std::string bytes = fields;
  Writer(bytes).u64(checksum(fields));
  CHECK(encode(sample()) == bytes);
}

TEST_CASE("where no node state was written there is none") {
  const TempFolder folder;
  const auto state = read_node_state(folder.path());
  REQUIRE(state.has_value());
  CHECK_FALSE(state->has_value());
}

TEST_CASE("a node state with any bit changed, any byte left out or added is refused") {
  const std::string bytes = encode(sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_node_state(damaged).has_value());
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_node_state(ByteView(bytes).substr(0, size)).has_value());
  CHECK_FALSE(decode_node_state(bytes + '\0').has_value());
}

TEST_CASE("a node state that is sealed but not ours is refused") {
  const auto with = [](std::size_t from_end, char byte) {
    std::string bytes = encode(sample());
    bytes[bytes.size() - 8 - from_end] = byte;
    return decode_node_state(sealed(bytes));
  };
  CHECK(with(1, 3).has_value());
  for (const std::size_t field : {1U, 2U, 3U}) CHECK_FALSE(with(field, 4).has_value());
  std::string newer = encode(sample());
  newer[7] = 2;
  CHECK(decode_node_state(sealed(newer)).error().text ==
        "its format is 2, of another version of tandemqd");
  CHECK_FALSE(decode_node_state(sealed(encode(sample()).insert(20, "x"))).has_value());
}

TEST_CASE("a node state that cannot be used is named, with what to do about it") {
  const TempFolder folder;
  const std::string path = folder.path() + "/node.state";
  write_bytes(path, encode(sample()).substr(1));
  const std::string error = read_error(folder.path());
  CHECK(error.starts_with(path + " cannot be used: it is no node.state; if the other node is"));
  CHECK(error.find("move " + folder.path() + " aside and start this one") != std::string::npos);
  write_bytes(path, "");
  CHECK(read_error(folder.path()).starts_with(path + " cannot be used: it is cut short"));
  fs::remove(path);
  fs::create_directory(path);
  CHECK(read_error(folder.path()).ends_with("give data.dir and its files to the user of tandemqd"));
}

TEST_CASE("a crash before the new node state has its name leaves the old one") {
  const TempFolder folder;
  REQUIRE(write_node_state(folder.path(), sample()).has_value());
  NodeState next = sample();
  next.term_seen.counter = 8;
  write_bytes(folder.path() + "/node.state.new", encode(next).substr(0, 10) + std::string(99, 'x'));
  CHECK(read_node_state(folder.path()).value() == sample());
  REQUIRE(write_node_state(folder.path(), next).has_value());  // Over what was left.
  CHECK(read_node_state(folder.path()).value() == next);
  CHECK_FALSE(fs::exists(folder.path() + "/node.state.new"));
}

TEST_CASE("a node state that cannot be written is an error that names the file") {
  const TempFolder folder;
  const auto written = write_node_state(folder.path() + "/missing", sample());
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().text == folder.path() +
                                    "/missing/node.state.new cannot be made: No such file or "
                                    "directory");
}

TEST_CASE("the number of a node in a term is its own, and never 0") {
  CHECK(term_number_of("a") != term_number_of("b"));
  CHECK(term_number_of("a") == term_number_of("a"));
  CHECK(term_number_of("") != 0);
}

TEST_CASE("a boot of the machine has one id") {
  const auto id = boot_id();
  REQUIRE(id.has_value());
  CHECK(id->size() == 36);
  CHECK(*boot_id() == *id);
}

}  // namespace tandemq
