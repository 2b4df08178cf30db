// Clauses: which normative statement of MQTT is tested where. A test carries its clauses in its
// name, "[MQTT-3.3.1-4] ..." for 5.0 and "[MQTT311-3.3.1-4] ..." for 3.1.1 (pytest: in the
// docstring); a source carries them in a comment where the rule is. docs/MQTT.md is made of both.
#pragma once

#include "tests/tidy/source.hpp"

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::tidy {

struct Clause {
  bool of_311 = false;
  std::vector<unsigned> numbers;  // 3.3.1-4 is {3, 3, 1, 4}.

  auto operator<=>(const Clause&) const = default;
};

struct Evidence {
  std::vector<std::string> tests;    // Path and name, as a row of the table shows them.
  std::vector<std::string> sources;  // Paths.
};

struct Conformance {
  std::map<Clause, Evidence> clauses;
  Findings findings;  // Tags in test names that name no clause.
};

// All clauses named in `text`; "[MQTT-1.5.4-1, -2]" and
// "[MQTT-1.5.4-1, MQTT-3.1.0-2]" name two. Sets `sound` to false when a tag
// has another form.
std::vector<Clause> clauses_in(std::string_view text, bool& sound);

Conformance conformance_of(const std::vector<Source>& sources, const std::vector<Source>& tests);

std::string to_markdown(const Conformance& conformance);

}  // namespace tandemq::tidy
