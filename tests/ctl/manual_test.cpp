#include "ctl/manual.hpp"

#include "admin/command.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("help lists every command with its first sentence") {
  const std::string help = help_text("");
  for (const Command& command : commands()) {
    INFO(command.name);
    CHECK(help.find("  " + usage_of(command) + "\n") != std::string::npos);
  }
  CHECK(help.find("Exit status: 0 done, 1 the broker says no, 2 wrong usage or no broker.") !=
        std::string::npos);
}

TEST_CASE("help about the first word lists its commands, about a command all it takes") {
  const std::string clients = help_text("clients");
  CHECK(clients.find("clients kick CLIENT") != std::string::npos);
  CHECK(clients.find("sessions") == std::string::npos);
  const std::string peek = help_text("queue peek");
  CHECK(peek.starts_with("Usage: tandemqctl queue peek CLIENT [--limit=NUMBER] [--skip=NUMBER]\n"));
  CHECK(peek.find("  --skip            Leave out so many at the front.\n") != std::string::npos);
  CHECK(help_text("dance").empty());
}

TEST_SUITE("generated") {
  TEST_CASE("docs/man/tandemqctl.1 is what the command table says") {
    constexpr const char* kPath = "docs/man/tandemqctl.1";
    if (std::getenv("TANDEMQ_WRITE_DOCS") != nullptr) std::ofstream(kPath) << man_page();
    std::ifstream file(kPath);
    const std::string checked_in((std::istreambuf_iterator<char>(file)),
                                 std::istreambuf_iterator<char>());
    CHECK_MESSAGE(checked_in == man_page(), "make docs writes it anew");
  }
}
