#include "base/version.hpp"
#include "node/ask.hpp"
#include "node/body_reader.hpp"
#include "node/commands.hpp"
#include "transfer/export.hpp"
#include "transfer/import.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace tandemq {
namespace {

// ---------------------------------------------------------------- export

struct ExportedPage {
  std::vector<ExportedLine> lines;
  ExportCursor cursor;
  Instant at;
};

// The lines of an export, page by page, behind a header. A last row says how many deliveries are
// missing, if any are.
class ExportRows {
 public:
  ExportRows(const CommandPorts& ports, ExportScope scope)
      : ports_(ports), scope_(std::move(scope)) {}

  bool operator()(std::vector<Json>& rows) {
    auto page =
        ask(ports_.runner, [scope = scope_, cursor = cursor_](Primary& primary, Instant now) {
          ExportedPage next{{}, cursor, now};
          next.lines = export_page(primary.broker().state(), scope, next.cursor);
          return next;
        });
    if (!page) {
      rows.push_back(Json{{"error", page.error().text}});
      return false;
    }
    if (!std::exchange(begun_, true))
      rows.push_back(
          line_json(HeaderLine{kLineFormat, "tandemq " + std::string(kVersion), page->at}));
    cursor_ = std::move(page->cursor);
    const std::vector<MessageId> wanted = text_->wanted(page->lines);
    BodiesRead read;
    if (!wanted.empty()) read = read_bodies(*ports_.store, wanted);
    for (const Line& line : text_->lines(std::move(page->lines), read.bodies))
      rows.push_back(line_json(line));
    if (cursor_.stage != ExportCursor::Stage::done) return true;
    if (text_->left_out() > 0) rows.push_back(Json{{"left_out", text_->left_out()}});
    return false;
  }

 private:
  CommandPorts ports_;
  ExportScope scope_;
  ExportCursor cursor_;
  std::shared_ptr<ExportText> text_ = std::make_shared<ExportText>();
  bool begun_ = false;
};

Result<RowSource> export_lines(const CommandPorts& ports, const Json& arguments) {
  ExportScope scope;
  scope.client = arguments.value("client", std::string());
  scope.sessions = !arguments.value("retained_only", false);
  scope.retained = !arguments.value("sessions_only", false);
  const bool one = !scope.client.empty();
  if ((one ? 1 : 0) + (scope.sessions ? 0 : 1) + (scope.retained ? 0 : 1) > 1)
    return failure("client, retained_only and sessions_only exclude each other.");
  return RowSource(ExportRows(ports, std::move(scope)));
}

// ---------------------------------------------------------------- import

// The import that is under way, one at a time. Core thread.
struct ImportDesk {
  std::uint32_t number = 0;  // Of the last one that began.
  Instant used_at;
  std::optional<Importer> importer;
};

constexpr std::int64_t kForgottenMs = 60'000;  // An import that nobody goes on with.

struct ImportPage {
  std::vector<Line> lines;
  std::vector<std::size_t> places;  // Of the lines in the request.
  std::vector<RefusedLine> unread;
  std::uint32_t import = 0;  // 0: a new one.
  bool replace = false;
  bool last = false;
};

struct ImportAnswer {
  std::uint32_t import = 0;
  ImportReport report;
};

Result<ImportPage> page_of(const Json& arguments) {
  ImportPage page;
  page.import = arguments.value("import", std::uint32_t{0});
  page.replace = arguments.value("replace", false);
  page.last = arguments.value("last", false);
  std::string_view text = arguments.find("lines")->get_ref<const std::string&>();
  for (std::size_t place = 0; !text.empty(); ++place) {
    if (place == kImportPageLines) return failure("These are more than 1,000 lines.");
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto line = parse_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line) {
      page.lines.push_back(std::move(*line));
      page.places.push_back(place);
    } else {
      page.unread.push_back({place, std::move(line.error().text)});
    }
  }
  return page;
}

Result<ImportAnswer> take_page(Turn& turn, ImportDesk& desk, const ImportPage& page) {
  const bool forgotten = desk.used_at.plus_ms(kForgottenMs) < turn.now;
  if (page.import != 0 && (!desk.importer || desk.number != page.import))
    return failure("There is no import " + std::to_string(page.import) + " under way.");
  if (page.import == 0 && desk.importer && !forgotten)
    return failure(
        "Another import is under way. One that has stopped is forgotten after a minute.");
  if (page.import == 0) {
    desk.importer.emplace(page.replace);
    ++desk.number;
  }
  desk.used_at = turn.now;
  auto report = desk.importer->take(turn, page.lines);
  if (!report || page.last) desk.importer.reset();
  if (!report) return failure(report.error().text + " Nothing of these lines was imported.");
  return ImportAnswer{desk.number, std::move(*report)};
}

Json json_of(const ImportPage& page, ImportAnswer answer) {
  Json taken = Json::object();
  for (std::size_t i = 0; i < answer.report.taken.size(); ++i)
    taken[std::string(line_type(i))] = answer.report.taken[i];
  for (RefusedLine& refused : answer.report.refused) refused.line = page.places[refused.line];
  Json refused = Json::array();
  const std::vector<RefusedLine>* const kinds[] = {&page.unread, &answer.report.refused};
  for (const std::vector<RefusedLine>* lines : kinds)
    for (const RefusedLine& line : *lines)
      refused.push_back(Json{{"line", line.line + 1}, {"why", line.why}});
  return {{"import", answer.import},
          {"taken", std::move(taken)},
          {"expired", answer.report.expired},
          {"refused_count", refused.size()},
          {"refused", std::move(refused)}};
}

Result<Json> import_lines(const CommandPorts& ports, const std::shared_ptr<ImportDesk>& desk,
                          const Json& arguments) {
  auto read = page_of(arguments);
  if (!read) return tl::unexpected(std::move(read.error()));
  const auto page = std::make_shared<const ImportPage>(std::move(*read));
  auto answer = change(ports.runner, ports.streams,
                       [desk, page](Turn& turn) { return take_page(turn, *desk, *page); });
  if (!answer) return tl::unexpected(std::move(answer.error()));
  if (!*answer) return tl::unexpected(std::move(answer->error()));
  return json_of(*page, std::move(**answer));
}

}  // namespace

void add_transfer_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.rows["export"] = [ports](const Json& a) { return export_lines(ports, a); };
  handlers.records["import lines"] = [ports, desk = std::make_shared<ImportDesk>()](const Json& a) {
    return import_lines(ports, desk, a);
  };
}

}  // namespace tandemq
