// What the tests of export and import share: the lines of a Lab as text, and lines into a Lab.
#pragma once

#include "tests/broker/lab.hpp"
#include "transfer/export.hpp"
#include "transfer/import.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct Exported {
  std::vector<std::string> lines;  // Without a header.
  std::size_t pages = 0;
  std::uint64_t left_out = 0;
};
Exported export_of(Lab& lab, const ExportScope& scope = {});
std::vector<std::string> of_type(const std::vector<std::string>& lines, std::string_view type);

// One page, as a batch of its own. Every line must parse.
ImportReport import_page(Lab& lab, Importer& importer, const std::vector<std::string>& lines);
// Everything in one page; the reasons of what was refused.
std::vector<std::string> import_into(Lab& lab, const std::vector<std::string>& lines,
                                     bool replace = false);

}  // namespace tandemq
