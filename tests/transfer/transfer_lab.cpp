#include "tests/transfer/transfer_lab.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tandemq {
namespace {

std::vector<MessageRef> bodies_from(const Store& store, const std::vector<MessageId>& ids) {
  std::vector<MessageRef> bodies;
  for (const MessageId id : ids) {
    const std::vector<std::string> keys = {message_key(id)};
    if (auto body = read_message_row(keys[0], store.get(Table::messages, keys)[0]))
      bodies.push_back(std::move(*body));
  }
  return bodies;
}

}  // namespace

Exported export_of(Lab& lab, const ExportScope& scope) {
  Exported out;
  ExportCursor cursor;
  ExportText text;
  while (cursor.stage != ExportCursor::Stage::done) {
    ++out.pages;
    REQUIRE(out.pages < 10'000);
    auto page = export_page(lab.state(), scope, cursor);
    const auto bodies = bodies_from(lab.store(), text.wanted(page));
    for (const Line& line : text.lines(std::move(page), bodies))
      out.lines.push_back(line_text(line));
  }
  out.left_out = text.left_out();
  return out;
}

std::vector<std::string> of_type(const std::vector<std::string>& lines, std::string_view type) {
  const std::string begin = R"({"type":")" + std::string(type) + "\"";
  std::vector<std::string> found;
  std::ranges::copy_if(lines, std::back_inserter(found),
                       [&](const std::string& line) { return line.starts_with(begin); });
  return found;
}

ImportReport import_page(Lab& lab, Importer& importer, const std::vector<std::string>& lines) {
  std::vector<Line> page;
  for (const std::string& text : lines) {
    auto line = parse_line(text);
    REQUIRE_MESSAGE(line.has_value(), line.error().text);
    page.push_back(std::move(*line));
  }
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  auto report = importer.take(turn, page);
  REQUIRE_MESSAGE(report.has_value(), report.error().text);
  lab.settle();
  return std::move(*report);
}

std::vector<std::string> import_into(Lab& lab, const std::vector<std::string>& lines,
                                     bool replace) {
  Importer importer(replace);
  std::vector<std::string> reasons;
  for (const RefusedLine& refused : import_page(lab, importer, lines).refused)
    reasons.push_back(refused.why);
  return reasons;
}

}  // namespace tandemq
