// docs/MQTT.md says which clause of MQTT is tested where; here it is compared with the tests, or
// written anew by `make docs`, which sets TANDEMQ_WRITE_DOCS.
#include "tests/tidy/clauses.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace tandemq::tidy {
namespace {

constexpr const char* kTable = "docs/MQTT.md";

std::vector<Clause> all_clauses_in(std::string_view text) {
  bool sound = true;
  std::vector<Clause> clauses = clauses_in(text, sound);
  CHECK(sound);
  return clauses;
}

}  // namespace

TEST_SUITE("generated") {
  TEST_CASE("docs/MQTT.md is what the names of the tests say") {
    const Conformance conformance =
        conformance_of(read_sources({"src", "replication", "failover"}, {".cpp", ".hpp"}),
                       read_sources({"tests"}, {".cpp", ".py"}));
    CHECK_MESSAGE(conformance.findings.empty(), to_string(conformance.findings));
    const std::string table = to_markdown(conformance);
    if (std::getenv("TANDEMQ_WRITE_DOCS") != nullptr)
      std::ofstream(std::filesystem::path(root()) / kTable) << table;
    const bool current = read_file(kTable) == table;  // Not in CHECK, which would print both.
    CHECK_MESSAGE(current, "docs/MQTT.md is old: run make docs");
  }
}

TEST_CASE("a tag names one clause, or several of one section") {
  const Clause first{false, {3, 3, 1, 4}};
  CHECK(all_clauses_in("[MQTT-3.3.1-4] a sentence") == std::vector<Clause>{first});
  const std::vector<Clause> many = all_clauses_in("see [MQTT-1.5.4-1, -2, 3.1.0-2] there");
  REQUIRE(many.size() == 3);
  CHECK(many[1] == Clause{false, {1, 5, 4, 2}});
  CHECK(many[2] == Clause{false, {3, 1, 0, 2}});
  CHECK(all_clauses_in("[MQTT311-3.1.0-2]") == std::vector<Clause>{Clause{true, {3, 1, 0, 2}}});
  CHECK(all_clauses_in("[MQTT-4.7.1-1, MQTT311-4.7.1-2]").back() == Clause{true, {4, 7, 1, 2}});
  CHECK(all_clauses_in("no tag").empty());
}

TEST_CASE("a tag that names no clause is found in the name of a test") {
  for (const char* tag :
       {"-3.3.1]", "-3.3.1-4x]", "5-3.3.1-4]", "-3.3.1.4]", "-3.3.1-4,-5]", "-"}) {
    bool sound = true;
    clauses_in(std::string("[MQTT") + tag, sound);
    CHECK_FALSE(sound);
  }
  const Source test("tests/a_test.cpp", "\nTEST_CASE(\"[MQTT-1] a\") {}\n");
  CHECK(conformance_of({}, {test}).findings.size() == 1);
}

TEST_CASE("the table joins tests in C++, tests in Python and sources, in the order of clauses") {
  const Source source("src/mqtt/a.cpp", "// Because [MQTT-3.10.0-1, -2].\n");
  const Source cpp("tests/mqtt/a_test.cpp",
                   "TEST_CASE(\"[MQTT-3.10.0-1] it \"\n    \"holds\") {}\n");
  const Source python("tests/e2e/a_test.py",
                      "def test_a(x):\n  \"\"\"[MQTT-3.2.0-1] a|b\n  c\"\"\"\n\n"
                      "def test_b():\n  pass\n\n"
                      "@rule(\"[MQTT-3.2.0-2] it's \"\n      \"so\", NEW)\ndef test_c():\n  pass\n"
                      "ROWS = [(f\"[MQTT-3.2.0-3] {name} again\", 1)]\n");
  const std::string table = to_markdown(conformance_of({source}, {cpp, python}));
  const std::size_t first = table.find("| MQTT-3.2.0-1 | a\\|b c (tests/e2e/a_test.py) |  |");
  const std::size_t second =
      table.find("| MQTT-3.10.0-1 | it holds (tests/mqtt/a_test.cpp) | src/mqtt/a.cpp |");
  CHECK(table.find("| MQTT-3.2.0-3 | … again (tests/e2e/a_test.py) |  |") != std::string::npos);
  CHECK(table.find("| MQTT-3.2.0-2 | it's so (tests/e2e/a_test.py) |  |") != std::string::npos);
  CHECK(first != std::string::npos);
  CHECK(second != std::string::npos);
  CHECK(first < second);
  CHECK(table.find("- MQTT-3.10.0-2: src/mqtt/a.cpp") != std::string::npos);
}

}  // namespace tandemq::tidy
