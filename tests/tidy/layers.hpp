// Layers: docs/layers.tsv, the table of floors, and the law that it states: a file includes only
// its own floor and those that its floor stands on, directly or through others.
#pragma once

#include "tests/tidy/source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tandemq::tidy {

struct Floor {
  std::string name;
  std::vector<std::string> stands_on;
  bool pure = false;
  std::vector<std::string> shells;  // Units of a pure floor that are not: "mostly (server)".
};

struct Layers {
  std::vector<Floor> floors;  // From the ground up.
  Findings findings;          // What is wrong with the table itself.

  [[nodiscard]] const Floor* find(std::string_view name) const;
  [[nodiscard]] bool reaches(std::string_view from, std::string_view to) const;
  [[nodiscard]] bool is_pure(const Source& source) const;
};

Layers parse_layers(std::string_view table);

// Each folder has a row.
Findings check_floors(const Layers& layers, const std::vector<std::string>& folders);

// Floors, the form of an include, and the own header first.
Findings check_includes(const Layers& layers, const Source& source);

// The libraries that only some files may name.
Findings check_libraries(const Source& source);

}  // namespace tandemq::tidy
