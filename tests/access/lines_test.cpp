#include "access/lines.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("lines are trimmed, numbered from 1, and empty ones and comments are left out") {
  LinesView lines("\n# a comment\n  first \r\n\t\n  # another\nlast");
  std::vector<std::pair<std::uint32_t, std::string>> seen;
  while (lines.next()) seen.emplace_back(lines.number(), lines.line());
  CHECK(seen == std::vector<std::pair<std::uint32_t, std::string>>{{3, "first"}, {6, "last"}});
}

TEST_CASE("a text without lines has none") {
  CHECK_FALSE(LinesView("").next());
  CHECK_FALSE(LinesView("\n\n").next());
}

TEST_CASE("quoted text is fit for a log") {
  CHECK(quoted("plain \xC3\xA9") == "'plain \xC3\xA9'");
  CHECK(quoted("a\x1B[2Jb\x7F") == "'a?[2Jb?'");
  CHECK(quoted("not \xFF UTF-8") == "'not ? UTF-8'");
  CHECK(quoted(std::string(101, 'a')) == "'" + std::string(100, 'a') + "...'");
}
