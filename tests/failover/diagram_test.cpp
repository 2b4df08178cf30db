// TANDEMQ_WRITE_DIAGRAM=1 writes failover/README.md anew where it holds what is compared here.
#include "failover/diagram.hpp"

#include "config/files.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

constexpr const char* kPage = "failover/README.md";

// What stands in the block that begins with this line.
std::string replaced(std::string page, const std::string& begin, const std::string& end,
                     const std::string& content) {
  const auto from = page.find(begin);
  REQUIRE(from != std::string::npos);
  const auto to = page.find(end, from + begin.size());
  REQUIRE(to != std::string::npos);
  return page.replace(from + begin.size(), to - from - begin.size(), content);
}

}  // namespace

TEST_CASE("the page of the failover holds the table and the graph of its rules") {
  const auto page = read_text_file(kPage);
  REQUIRE(page);
  std::string wanted =
      replaced(*page, "<!-- rules -->\n", "<!-- end of the rules -->", rules_as_markdown());
  wanted = replaced(wanted, "```dot\n", "```", rules_as_dot());
  if (std::getenv("TANDEMQ_WRITE_DIAGRAM") != nullptr) std::ofstream(kPage) << wanted;
  CHECK(*page == wanted);
}
