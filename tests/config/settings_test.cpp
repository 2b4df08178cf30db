#include "config/settings.hpp"

#include "config/options.hpp"

#include <string>
#include <variant>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

std::string shown(const std::vector<Setting>& settings) {
  std::string text;
  for (const Setting& setting : settings)
    text += setting.place + " " + setting.key + "=" + setting.value + "\n";
  return text;
}

std::string file(std::string_view text) {
  const SettingList list = parse_config_text(text, "f");
  return shown(list.settings) + report_of(list.findings);
}

std::string command_line(const std::vector<std::string>& words) {
  const SettingList list = parse_command_line(words, {{"config", true}, {"help", false}});
  return shown(list.settings) + shown(list.switches_used) + report_of(list.findings);
}

}  // namespace

TEST_CASE("a line of a file is a key and a value") {
  CHECK(file("node.id = b\nlog.level=warn\n") == "f:1 node.id=b\nf:2 log.level=warn\n");
  CHECK(file("  node.id\t=\t b  \r\n") == "f:1 node.id=b\n");
  CHECK(file("node.id = b") == "f:1 node.id=b\n");
  CHECK(file("auth.acl_file =\n") == "f:1 auth.acl_file=\n");
  CHECK(file("data.dir = /a=b c\n") == "f:1 data.dir=/a=b c\n");
}

TEST_CASE("comments and empty lines say nothing but count as lines") {
  CHECK(file("").empty());
  CHECK(file("\n \n# node.id = b\n  # x\n#\n").empty());
  CHECK(file("\n#\nnode.id = b # the other is a\n") == "f:3 node.id=b\n");
}

TEST_CASE("a hash inside of a value is an error, not the end of the value") {
  CHECK(file("data.dir = /a#b # c\n") == "f:1 data.dir=/a#b\n");
  CHECK(file("data#dir = a\n") ==
        "error: f:1: 'data#dir = a' is neither key = value nor [section]\n");
}

TEST_CASE("a section stands before the keys that follow it") {
  CHECK(file("node.id = b\n[limits] # all\nmax_inflight = 3\n\n[mqtt]\nmax_qos = 1\n") ==
        "f:1 node.id=b\nf:3 limits.max_inflight=3\nf:6 mqtt.max_qos=1\n");
}

TEST_CASE("all wrong lines of a file are reported, each with its number") {
  CHECK(file("limits.max_inflights = 3\nnonsense\n[limits\nnode.id = b\nbridge.x = 1\n") ==
        "f:4 node.id=b\n"
        "error: f:1: unknown key 'limits.max_inflights', did you mean 'limits.max_inflight'?\n"
        "error: f:2: 'nonsense' is neither key = value nor [section]\n"
        "error: f:3: '[limits' is neither key = value nor [section]\n"
        "error: f:5: unknown key 'bridge.x'\n");
}

TEST_CASE("a key below the wrong section is recognised") {
  CHECK(file("[limits]\nlistener = mqtt://[::]\n") ==
        "error: f:2: unknown key 'limits.listener', did you mean 'listener'?\n");
}

TEST_CASE("a key may stand more than once") {
  CHECK(file("listener = a\nlistener = b\n") == "f:1 listener=a\nf:2 listener=b\n");
}

TEST_CASE("an option of the command line is a key and a value") {
  CHECK(command_line({"--node.id=b", "--log.level", "warn", "--data.dir=a=b c"}) ==
        "command line node.id=b\ncommand line log.level=warn\ncommand line data.dir=a=b c\n");
  CHECK(command_line({}).empty());
}

TEST_CASE("a key of the command line may be set to nothing, and keeps its place") {
  CHECK(command_line({"--node.id=b", "--admin.http=", "--log.level", "warn", "--data.dir="}) ==
        "command line node.id=b\ncommand line admin.http=\ncommand line log.level=warn\n"
        "command line data.dir=\n");
  CHECK(command_line({"--config="}) == "command line config=\n");
  CHECK(command_line({"--node.ids="}) ==
        "error: command line: unknown key 'node.ids', did you mean 'node.id'?\n");
  CHECK(command_line({"--help="}).starts_with("error: command line: "));
  CHECK(command_line({"--="}).starts_with("error: command line: "));
}

TEST_CASE("every text key can be set to nothing on the command line") {
  for (const ConfigOption& option : config_options()) {
    Config config;
    if (!std::holds_alternative<std::string*>(option.field(config))) continue;
    const std::string key(option.key);
    CHECK(command_line({"--" + key + "="}) == "command line " + key + "=\n");
  }
}

TEST_CASE("switches are told from keys") {
  CHECK(command_line({"--config=f", "--help", "--node.id=b"}) ==
        "command line node.id=b\ncommand line config=f\ncommand line help=\n");
}

TEST_CASE("unknown options of the command line are reported together") {
  CHECK(command_line({"--node.ids=b", "--node.id=b", "--bridge.x=1"}) ==
        "command line node.id=b\n"
        "error: command line: unknown key 'node.ids', did you mean 'node.id'?\n"
        "error: command line: unknown key 'bridge.x'\n");
}

TEST_CASE("keys of the command line cannot be abbreviated") {
  CHECK(command_line({"--node.i=b"}) ==
        "error: command line: unknown key 'node.i', did you mean 'node.id'?\n");
}

TEST_CASE("words that are no option are errors") {
  CHECK(command_line({"x"}) == "error: command line: 'x' is not an option\n");
  CHECK(command_line({"--"}).empty());
  CHECK(command_line({"-h"}) == "error: command line: '-h' is not an option\n");
  CHECK(command_line({"--node.id"}).starts_with("error: command line: "));
  CHECK(command_line({"--help=1"}).starts_with("error: command line: "));
  CHECK(command_line({"--=1"}).starts_with("error: command line: "));
}

}  // namespace tandemq
