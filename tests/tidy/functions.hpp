// Where the functions of a file begin and end, found by its braces: a brace whose heading has a
// parenthesis opens a function, unless it opens a namespace, a type or a test suite. Good enough
// to measure lengths; it is no parser of C++.
#pragma once

#include "tests/tidy/source.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace tandemq::tidy {

struct Function {
  std::size_t first_line = 0;
  std::size_t last_line = 0;
};

std::vector<Function> functions_of(const Source& source);

}  // namespace tandemq::tidy
