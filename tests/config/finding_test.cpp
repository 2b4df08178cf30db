#include "config/finding.hpp"

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a report has a line for each finding, with its weight") {
  const std::vector<Finding> findings = {{Finding::Weight::warning, "a is odd"},
                                         {Finding::Weight::error, "b is wrong"}};
  CHECK(report_of(findings) == "warning: a is odd\nerror: b is wrong\n");
  CHECK(report_of({}).empty());
}

TEST_CASE("warnings alone are no error") {
  CHECK_FALSE(any_error({}));
  CHECK_FALSE(any_error({{Finding::Weight::warning, ""}}));
  CHECK(any_error({{Finding::Weight::warning, ""}, {Finding::Weight::error, ""}}));
}

}  // namespace tandemq
