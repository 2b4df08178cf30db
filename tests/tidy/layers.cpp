#include "tests/tidy/layers.hpp"

#include <algorithm>
#include <array>

namespace tandemq::tidy {
namespace {

constexpr std::string_view kTable = "docs/layers.tsv";

// A library that would spread if nobody looked; `where` begins the path of the files that use it.
struct Library {
  std::string_view prefix;
  std::string_view where;
};
constexpr std::array kLibraries = {
    Library{"boost/program_options", "src/config/"},
    Library{"boost/intrusive", "src/session/"},
    Library{"rocksdb/", "src/store/rocks_store"},
    Library{"doctest/", "tests/"},
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// yes, no, mostly, or mostly (unit, unit)
bool parse_purity(std::string_view text, Floor& floor) {
  floor.pure = text != "no";
  if (text == "yes" || text == "no" || text == "mostly") return true;
  constexpr std::string_view kMostly = "mostly (";
  if (!text.starts_with(kMostly) || !text.ends_with(')')) return false;
  floor.shells = split(text.substr(kMostly.size(), text.size() - kMostly.size() - 1), ',');
  return true;
}

std::string floor_named_by(std::string_view include) {
  return std::string(include.substr(0, include.find('/')));
}

}  // namespace

const Floor* Layers::find(std::string_view name) const {
  const auto found = std::find_if(floors.begin(), floors.end(),
                                  [&](const Floor& floor) { return floor.name == name; });
  return found == floors.end() ? nullptr : &*found;
}

bool Layers::reaches(std::string_view from, std::string_view to) const {
  if (from == to) return true;
  const Floor* floor = find(from);
  if (floor == nullptr) return false;
  return std::any_of(floor->stands_on.begin(), floor->stands_on.end(),
                     [&](const std::string& below) { return reaches(below, to); });
}

bool Layers::is_pure(const Source& source) const {
  const Floor* floor = find(source.floor());
  if (floor == nullptr || !floor->pure) return false;
  return std::find(floor->shells.begin(), floor->shells.end(), source.stem()) ==
         floor->shells.end();
}

Layers parse_layers(std::string_view table) {
  Layers layers;
  std::size_t number = 0;
  const auto complain = [&](const std::string& what) {
    layers.findings.push_back({std::string(kTable), number, what});
  };
  for (const std::string_view line : lines_of(table)) {
    if (++number == 1) continue;  // The names of the columns.
    const std::vector<std::string> cells = split(line, '\t');
    if (cells.size() != 4) {
      complain("a row is: floor, stands on, pure, holds");
      continue;
    }
    Floor floor;
    floor.name = cells[0];
    if (cells[1] != "-") floor.stands_on = split(cells[1], ',');
    for (const std::string& below : floor.stands_on)
      if (layers.find(below) == nullptr) complain(floor.name + " stands on no row above: " + below);
    if (!parse_purity(cells[2], floor))
      complain("pure is yes, no, mostly or mostly (unit, unit), not " + cells[2]);
    layers.floors.push_back(floor);
  }
  if (layers.floors.empty()) complain("no floors");
  return layers;
}

Findings check_floors(const Layers& layers, const std::vector<std::string>& folders) {
  Findings findings;
  for (const std::string& folder : folders)
    if (layers.find(folder) == nullptr)
      findings.push_back({std::string(kTable), 0, "no row for the folder " + folder});
  return findings;
}

Findings check_includes(const Layers& layers, const Source& source) {
  Findings findings;
  const std::string floor(source.floor());
  if (floor.empty()) return findings;
  const std::vector<Include> includes = includes_of(source);
  for (const Include& include : includes) {
    if (!include.ours) continue;
    const std::string below = floor_named_by(include.name);
    if (layers.find(below) == nullptr) {
      findings.push_back({source.path, include.line, "names no floor: " + include.name});
    } else if (!layers.reaches(floor, below)) {
      findings.push_back({source.path, include.line, floor + " does not stand on " + below});
    }
  }
  const std::string own = floor + "/" + std::string(source.stem()) + ".hpp";
  for (const Include& include : includes)
    if (include.name == own && &include != &includes.front())
      findings.push_back({source.path, include.line, "its own header comes first"});
  return findings;
}

Findings check_libraries(const Source& source) {
  Findings findings;
  for (const Include& include : includes_of(source)) {
    for (const Library& library : kLibraries) {
      if (include.name.starts_with(library.prefix) && !source.path.starts_with(library.where))
        findings.push_back({source.path, include.line,
                            include.name + " belongs to " + std::string(library.where)});
    }
  }
  return findings;
}

}  // namespace tandemq::tidy
