// Finding: one thing that is wrong, or doubtful, in what an operator wrote. Findings are collected,
// so that one run tells all of them; an error forbids a start, a warning does not.
// Owner: none, plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {

struct Finding {
  enum class Weight : std::uint8_t { warning, error };

  Weight weight = Weight::error;
  std::string text;  // A whole sentence: where, what, which value, what is allowed.
};

bool any_error(const std::vector<Finding>& findings);
std::string report_of(const std::vector<Finding>& findings);  // One line each, "error: ...".

}  // namespace tandemq
