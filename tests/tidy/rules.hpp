// The rules that look at one file: limits, names, banned words, the form of a header; and the one
// that looks for its test. Each is pure and returns what it found.
#pragma once

#include "tests/tidy/source.hpp"

#include <string>
#include <vector>

namespace tandemq::tidy {

// File 500 lines, function 70 lines, line 100 characters.
Findings check_limits(const Source& source);

// Nothing is called after what it does not say: manager, helper, util, common, impl.
Findings check_names(const Source& source);

// #pragma once and a comment at the top.
Findings check_header(const Source& source);

// What no file does: throw, coroutines, notes to do something later.
Findings check_words(const Source& source);

// What no pure file names: clock, socket, thread, disk, environment, randomness.
Findings check_pure(const Source& source);

// What no test outside e2e and bench does: sleep.
Findings check_test(const Source& source);

// src/X/y.cpp of a pure floor is tested by tests/X/y_test.cpp, by the test of the unit that it is a
// part of (y_z.cpp by y_test.cpp) or by tests of its parts; or the table says by what.
Findings check_mirror(const std::vector<Source>& pure_sources,
                      const std::vector<std::string>& test_paths);

}  // namespace tandemq::tidy
