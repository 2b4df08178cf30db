#include "config/load.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

LoadedConfig load(std::string_view file, const std::vector<std::string>& words = {}) {
  return make_config(parse_config_text(file, "f"), parse_command_line(words, {}));
}

}  // namespace

TEST_CASE("without a file and a command line everything is default") {
  const LoadedConfig loaded = load("");
  CHECK(report_of(loaded.findings).empty());
  CHECK(loaded.config.node_id == Config{}.node_id);
  REQUIRE(loaded.config.listeners.size() == 1);
  CHECK(loaded.config.listeners[0].url == "mqtt://127.0.0.1:1883");
  CHECK(loaded.config.listeners[0].host == "127.0.0.1");
}

TEST_CASE("the command line wins over the file and the file over the default") {
  const LoadedConfig loaded =
      load("node.id = b\nlog.level = warn\n", {"--log.level=error", "--threads.net=2"});
  CHECK(report_of(loaded.findings).empty());
  CHECK(loaded.config.node_id == "b");
  CHECK(loaded.config.log_level == "error");
  CHECK(loaded.config.threads_net == 2);
}

TEST_CASE("listeners of the command line take the place of the file's") {
  const char* file = "listener = mqtt://[::1]:1\nlistener = mqtt://[::1]:2\n";
  CHECK(load(file).config.listeners.size() == 2);
  const LoadedConfig loaded = load(file, {"--listener=mqtt://localhost:3"});
  REQUIRE(loaded.config.listeners.size() == 1);
  CHECK(loaded.config.listeners[0].port == 3);
}

TEST_CASE("a key that is no list is set once in a source") {
  CHECK(report_of(load("node.id = b\n\nnode.id = b\n").findings) ==
        "error: f:3: node.id was set before, at f:1\n");
  CHECK(report_of(load("", {"--node.id=b", "--node.id=c"}).findings) ==
        "error: command line: node.id was set before, at command line\n");
}

TEST_CASE("everything that is wrong in both sources is reported at once") {
  const LoadedConfig loaded = load("mqtt.max_qos = 3\nnonsense\n", {"--threads.net=x", "--y=1"});
  CHECK(report_of(loaded.findings) ==
        "error: f:2: 'nonsense' is neither key = value nor [section]\n"
        "error: f:1: mqtt.max_qos = '3': expected a number from 0 to 2\n"
        "error: command line: unknown key 'y'\n"
        "error: command line: threads.net = 'x': expected a number from 0 to 128\n");
}

TEST_CASE("rules between options are checked when each option is right") {
  CHECK(any_error(load("node.id = a b\n").findings));
}

}  // namespace tandemq
