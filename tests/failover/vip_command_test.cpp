#include "failover/vip_command.hpp"

#include "tests/store/samples.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using Deed = VipCommand::Deed;
using tests::TempFolder;

// A script that says what it was told; told to fail, it fails.
std::vector<std::string> script_in(const TempFolder& folder) {
  const std::string path = folder.path() + "/move";
  std::ofstream(path) << "#!/bin/sh\necho \"$@\"\n[ \"$1\" != fail ]\n";
  fs::permissions(path, fs::perms::owner_all);
  return {path};
}

}  // namespace

TEST_CASE("vip.command is told take or release, and the address") {
  const TempFolder folder;
  asio::io_context io;
  std::vector<std::string> said;
  VipCommand command(io, script_in(folder), "192.0.2.10", [&](Deed deed, const CommandEnd& end) {
    CHECK(end.succeeded);
    said.push_back(std::string(name_of(deed)) + ": " + end.output);
    if (deed == Deed::take) command.run(Deed::release);
  });
  command.run(Deed::take);
  CHECK(command.is_busy());
  io.run();
  CHECK_FALSE(command.is_busy());
  CHECK(said ==
        std::vector<std::string>{"take: take 192.0.2.10\n", "release: release 192.0.2.10\n"});
}

TEST_CASE("what is asked for while vip.command runs comes after it, and only the last of it") {
  const TempFolder folder;
  asio::io_context io;
  std::vector<Deed> done;
  std::vector<bool> busy;
  VipCommand command(io, script_in(folder), "192.0.2.10", [&](Deed deed, const CommandEnd&) {
    done.push_back(deed);
    busy.push_back(command.is_busy());
  });
  command.run(Deed::take);
  command.run(Deed::release);
  command.run(Deed::take);
  command.run(Deed::release);
  io.run();
  CHECK(done == std::vector<Deed>{Deed::take, Deed::release});
  CHECK(busy == std::vector<bool>{true, false});
}

TEST_CASE("a vip.command that fails is told, and the next one runs all the same") {
  const TempFolder folder;
  asio::io_context io;
  std::vector<std::string> words = script_in(folder);
  words.emplace_back("fail");
  std::vector<std::string> ends;
  VipCommand command(io, words, "192.0.2.10", [&](Deed, const CommandEnd& end) {
    CHECK_FALSE(end.succeeded);
    ends.push_back(end.what + ": " + end.output);
  });
  command.run(Deed::take);
  command.run(Deed::release);
  io.run();
  REQUIRE(ends.size() == 2);
  CHECK(ends[0] == "it ended with exit code 1: fail take 192.0.2.10\n");
  CHECK(ends[1] == "it ended with exit code 1: fail release 192.0.2.10\n");
}

TEST_CASE("who hears of the end of vip.command may let go of it") {
  const TempFolder folder;
  asio::io_context io;
  std::unique_ptr<VipCommand> command;
  int ends = 0;
  command = std::make_unique<VipCommand>(io, script_in(folder), "192.0.2.10",
                                         [&](Deed, const CommandEnd&) {
                                           ++ends;
                                           command.reset();
                                         });
  command->run(Deed::take);
  command->run(Deed::release);
  io.run();
  CHECK(ends == 1);
}

}  // namespace tandemq
