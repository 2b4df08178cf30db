// The rules of the house, applied to the house, and each of them to a small house that breaks it.
#include "tests/tidy/functions.hpp"
#include "tests/tidy/layers.hpp"
#include "tests/tidy/rules.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq::tidy {
namespace {

const std::vector<std::string> kFloorFolders = {"src", "replication", "failover"};

void add(Findings& all, const Findings& found) {
  all.insert(all.end(), found.begin(), found.end());
}

void expect_none(const Findings& findings) {
  CHECK_MESSAGE(findings.empty(), to_string(findings));
}

Layers small_house() {
  return parse_layers(
      "floor\tstands on\tpure\tholds\n"
      "base\t-\tyes\tground\n"
      "topic\tbase\tyes\tnames\n"
      "net\ttopic\tno\tsockets\n"
      "admin\tbase\tmostly (server)\tcommands\n");
}

std::string lines(std::size_t count, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("every folder of the sources has its row in docs/layers.tsv, and the table is sound") {
  const Layers layers = parse_layers(read_file("docs/layers.tsv"));
  expect_none(layers.findings);
  expect_none(check_floors(layers, folders_in("src")));
}

TEST_CASE("no source includes what its floor does not stand on") {
  const Layers layers = parse_layers(read_file("docs/layers.tsv"));
  Findings findings;
  for (const Source& source : read_sources(kFloorFolders, {".cpp", ".hpp"})) {
    add(findings, check_includes(layers, source));
    add(findings, check_libraries(source));
  }
  expect_none(findings);
}

TEST_CASE("no pure source names a clock, a socket, a thread, a disk or randomness") {
  const Layers layers = parse_layers(read_file("docs/layers.tsv"));
  Findings findings;
  for (const Source& source : read_sources(kFloorFolders, {".cpp", ".hpp"}))
    if (layers.is_pure(source)) add(findings, check_pure(source));
  expect_none(findings);
}

TEST_CASE("every source and test keeps the limits, the names and the form of a header") {
  Findings findings;
  std::vector<std::string> folders = kFloorFolders;
  folders.emplace_back("tests");
  for (const Source& source : read_sources(folders, {".cpp", ".hpp"})) {
    add(findings, check_limits(source));
    add(findings, check_names(source));
    add(findings, check_header(source));
    add(findings, check_words(source));
    if (source.under("tests")) add(findings, check_test(source));
  }
  expect_none(findings);
}

TEST_CASE("every unit of a pure floor has its test") {
  const Layers layers = parse_layers(read_file("docs/layers.tsv"));
  std::vector<Source> pure;
  for (const Source& source : read_sources(kFloorFolders, {".cpp"}))
    if (layers.is_pure(source)) pure.push_back(source);
  std::vector<std::string> tests;
  for (const Source& source : read_sources({"tests"}, {".cpp"})) tests.push_back(source.path);
  expect_none(check_mirror(pure, tests));
}

TEST_CASE("tidy sees code and not comments, strings or characters") {
  const std::string text = "a /* b */ \"c \\\" d\" 'e' // f\ng 1'000 R\"(h\" i)\" j";
  const std::string code = blank_comments_and_literals(text);
  CHECK(code.size() == text.size());
  for (const char seen : std::string("agj")) CHECK(code.find(seen) != std::string::npos);
  for (const char hidden : std::string("bcdefhi")) CHECK(code.find(hidden) == std::string::npos);
}

TEST_CASE("tidy finds whole words only") {
  CHECK(find_word("grand(1)", "rand(") == std::string::npos);
  CHECK(find_word("x = rand(1)", "rand(") == 4);
  CHECK(find_word("my_steady_clock steady_clock", "steady_clock") == 16);
  CHECK(find_word("std::mutex_like", "std::mutex") == std::string::npos);
}

TEST_CASE("tidy finds a table that is not a house") {
  CHECK(small_house().findings.empty());
  CHECK(parse_layers("floor\tstands on\tpure\tholds\n").findings.size() == 1);
  CHECK(parse_layers("h\na\tb\tyes\tx\nb\t-\tyes\tx\n").findings.size() == 1);
  CHECK(parse_layers("h\na\t-\tperhaps\tx\n").findings.size() == 1);
  CHECK(parse_layers("h\na\t-\tyes\n").findings.size() == 2);
  CHECK(check_floors(small_house(), {"base", "cellar"}).size() == 1);
}

TEST_CASE("tidy finds an include that goes up, sideways or nowhere") {
  const Layers layers = small_house();
  const auto count = [&](const char* path, const std::string& text) {
    return check_includes(layers, Source(path, text)).size();
  };
  CHECK(count("src/net/a.cpp", "#include \"net/a.hpp\"\n#include \"base/b.hpp\"\n") == 0);
  CHECK(count("src/base/a.cpp", "#include \"topic/b.hpp\"\n") == 1);
  CHECK(count("src/admin/a.cpp", "#include \"topic/b.hpp\"\n") == 1);
  CHECK(count("src/net/a.cpp", "#include \"b.hpp\"\n") == 1);
  CHECK(count("src/net/a.cpp", "#include <vector>\n#include \"net/a.hpp\"\n") == 1);
  CHECK(count("tests/net/a_test.cpp", "#include \"anything.hpp\"\n") == 0);
}

TEST_CASE("tidy finds a library outside its place") {
  const std::string text = "#include <boost/program_options.hpp>\n";
  CHECK(check_libraries(Source("src/config/options.cpp", text)).empty());
  CHECK(check_libraries(Source("src/net/hub.cpp", text)).size() == 1);
}

TEST_CASE("tidy finds a clock, a lock and a file in pure code, and knows the exceptions") {
  const auto count = [](const char* path, const std::string& text) {
    return check_pure(Source(path, text)).size();
  };
  CHECK(count("src/base/a.cpp", "auto now = std::chrono::steady_clock::now();") == 1);
  CHECK(count("src/base/a.cpp", "std::mutex m; std::ifstream f; rand();") == 3);
  CHECK(count("src/base/a.cpp", "// steady_clock is not read here") == 0);
  CHECK(count("src/base/a.cpp", "#include <asio.hpp>") == 1);
  CHECK(count("src/base/mailbox.hpp", "std::mutex mutex_;") == 0);

  const Layers layers = small_house();
  CHECK(layers.is_pure(Source("src/admin/reports.cpp", "")));
  CHECK_FALSE(layers.is_pure(Source("src/admin/server.cpp", "")));
  CHECK_FALSE(layers.is_pure(Source("src/net/hub.cpp", "")));
}

TEST_CASE("tidy finds a file, a line or a function that is too long") {
  CHECK(check_limits(Source("a.cpp", lines(500, "int a;"))).empty());
  CHECK(check_limits(Source("a.cpp", lines(501, "int a;"))).size() == 1);
  CHECK(check_limits(Source("a.cpp", std::string(100, 'a'))).empty());
  CHECK(check_limits(Source("a.cpp", std::string(101, 'a'))).size() == 1);
  CHECK(check_limits(Source("a.cpp", lines(1, "// " + lines(97, "\xC3\xA4")))).empty());
  const std::string body = lines(68, "  f();");
  CHECK(check_limits(Source("a.cpp", "void a() {\n" + body + "}\n")).empty());
  CHECK(check_limits(Source("a.cpp", "void a() {\n" + body + "\n}\n")).size() == 1);
  CHECK(
      check_limits(Source("a.cpp", "X::X(int b)\n: b_{b}, c_{\"}\"} {\n" + body + "}\n")).size() ==
      1);
  CHECK(check_limits(Source("a.cpp", "Row kTable[] = {\n" + body + body + "};\n")).empty());
}

TEST_CASE("tidy measures functions inside of namespaces and types") {
  const Source source("a.cpp",
                      "namespace a {\nstruct B {\n  void c() {\n    if (d) { e(); }\n  }\n"
                      "  int f = 0;\n};\nint g() { return 1; }\n}\n");
  const std::vector<Function> functions = functions_of(source);
  REQUIRE(functions.size() == 2);
  CHECK(functions[0].first_line == 3);
  CHECK(functions[0].last_line == 5);
  CHECK(functions[1].first_line == 8);
}

TEST_CASE("tidy finds names that say nothing") {
  CHECK(check_names(Source("src/net/hub.cpp", "class Hub {};")).empty());
  CHECK(check_names(Source("src/net/socket_util.cpp", "")).size() == 1);
  CHECK(check_names(Source("src/net/hub.cpp", "class SessionManager {};")).size() == 1);
  CHECK(check_names(Source("src/net/hub.cpp", "struct Commonwealth {};")).empty());
}

TEST_CASE("tidy finds a header without its comment or its guard") {
  CHECK(check_header(Source("a.hpp", "// What it is.\n#pragma once\n")).empty());
  CHECK(check_header(Source("a.hpp", "\n#pragma once\n")).size() == 1);
  CHECK(check_header(Source("a.hpp", "// What it is.\n")).size() == 1);
  CHECK(check_header(Source("a.cpp", "int a;")).empty());
}

TEST_CASE("tidy finds exceptions, coroutines, notes and sleeps") {
  CHECK(check_words(Source("src/net/a.cpp", "throw 1;")).size() == 1);
  CHECK(check_words(Source("src/net/a.cpp", "co_await x;")).size() == 1);
  CHECK(check_words(Source("src/net/a.cpp", std::string("// TO") + "DO later\n")).size() == 1);
  CHECK(check_test(Source("tests/net/a_test.cpp", "std::this_thread::sleep_for(s);")).size() == 1);
  CHECK(check_test(Source("tests/bench/a.cpp", "std::this_thread::sleep_for(s);")).empty());
}

TEST_CASE("tidy finds a unit without a test") {
  const std::vector<Source> pure = {Source("src/base/wire.cpp", "")};
  CHECK(check_mirror(pure, {"tests/base/wire_test.cpp"}).empty());
  CHECK(check_mirror(pure, {"tests/base/wire_read_test.cpp"}).empty());
  CHECK(check_mirror(pure, {"tests/mqtt/wire_test.cpp"}).size() == 1);
  CHECK(check_mirror(pure, {"tests/base/wired_test.cpp"}).size() == 1);
  CHECK(check_mirror(pure, {"tests/base/wire.cpp"}).size() == 1);
  const std::vector<Source> part = {Source("src/mqtt/decode_connect.cpp", "")};
  CHECK(check_mirror(part, {"tests/mqtt/decode_test.cpp"}).empty());
}

}  // namespace tandemq::tidy
