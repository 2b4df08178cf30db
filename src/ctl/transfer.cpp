#include "ctl/transfer.hpp"

#include "ctl/printer.hpp"
#include "ctl/status.hpp"
#include "transfer/line.hpp"
#include "transfer/line_check.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

constexpr std::chrono::seconds kInterval{2};

void say(const std::string& text) {
  std::cerr << text << "\n";
}

// Counts the lines of an export as they pass, by their type.
class ExportCount {
 public:
  void add(std::string_view line) {
    ++lines_;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (line.starts_with(R"({"type":")" + std::string(line_type(i)) + "\"")) ++counts_[i];
  }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] std::string sentence() const {
    std::string text = std::to_string(lines_) + " lines exported";
    for (std::size_t i = 1; i < counts_.size(); ++i)  // Without the header.
      text += (i == 1 ? ": " : ", ") + std::string(line_type(i)) + " " + std::to_string(counts_[i]);
    return text + ".";
  }

 private:
  std::uint64_t lines_ = 0;
  std::array<std::uint64_t, std::variant_size_v<Line>> counts_{};
};

// Takes over what is no line of the export; true if it was that.
bool take_remark(std::string_view line, std::string& error) {
  const bool error_line = line.starts_with(R"({"error":)");
  if (!error_line && !line.starts_with(R"({"left_out":)")) return false;
  const Result<Json> remark = parse_json(line);
  if (error_line) {
    error = remark ? remark->value("error", std::string("?")) : std::string(line);
  } else if (remark) {
    say(std::to_string(remark->value("left_out", std::uint64_t{0})) +
        " deliveries left out: they were over before they could be read.");
  }
  return true;
}

// Every line of the input; stops when `take` returns false.
template <class Take>
void for_each_line(std::istream& input, Take take) {
  std::string line;
  while (std::getline(input, line)) {
    if (!take(line)) return;
  }
}

int check_lines(std::istream& input) {
  LineCheck check;
  std::uint64_t number = 0;
  std::uint64_t wrong = 0;
  for_each_line(input, [&](const std::string& text) {
    ++number;
    if (text.empty() || text == "\r") return true;
    const auto line = parse_line(text);
    const auto fits = line ? check.take(*line) : tl::unexpected(line.error());
    if (fits) return true;
    ++wrong;
    say("line " + std::to_string(number) + ": " + fits.error().text);
    return true;
  });
  say(std::to_string(number) + " lines read, " + std::to_string(wrong) + " are wrong.");
  return wrong == 0 ? kDone : kRefused;
}

}  // namespace

void Progress::show(std::uint64_t count) {
  const auto now = std::chrono::steady_clock::now();
  if (now - said_ < kInterval) return;
  said_ = now;
  say(std::to_string(count) + " " + what_);
}

int run_export(const AdminClient& client, const Request& request) {
  // It takes its name when it is whole, so that no half export stands in the place of another.
  const std::string half = request.file + ".part";
  const bool to_file = !request.file.empty() && request.file != "-";
  std::FILE* out = to_file ? std::fopen(half.c_str(), "we") : stdout;
  if (out == nullptr) return complain(kRefused, "'" + half + "' cannot be written.");
  ExportCount count;
  Progress progress("lines exported");
  std::string error;
  const auto done =
      client.run(request.command->name, request.arguments, false, [&](std::string_view line) {
        if (take_remark(line, error)) return error.empty();
        count.add(line);
        progress.show(count.lines());
        return std::fwrite(line.data(), 1, line.size(), out) == line.size() &&
               std::fputc('\n', out) != EOF;
      });
  const bool flushed = std::fflush(out) == 0 && std::ferror(out) == 0;
  const bool written = (!to_file || std::fclose(out) == 0) && flushed;
  const bool whole = done && error.empty() && written;
  std::error_code renamed;
  if (to_file && whole) std::filesystem::rename(half, request.file, renamed);
  if (to_file && !whole) std::remove(half.c_str());
  if (!done) return complain(done.error());
  if (!error.empty()) return complain(kRefused, error);
  if (!whole || renamed) return complain(kRefused, "The export could not be written.");
  say(count.sentence());
  return kDone;
}

ImportSender make_sender(const AdminClient& client, bool replace) {
  const auto send = [client](const Json& arguments) -> tl::expected<Json, CommandFailure> {
    Json answer;
    const auto done =
        client.run("import lines", arguments, false, [&answer](std::string_view line) {
          if (auto json = parse_json(line)) answer = std::move(*json);
          return true;
        });
    if (!done) return tl::unexpected(done.error());
    if (answer.is_object()) return answer;
    return tl::unexpected(
        CommandFailure{CommandFailure::Kind::refused, "The broker's answer is not JSON."});
  };
  return {send, replace, [](std::uint64_t line, const std::string& why) {
            say("line " + std::to_string(line) + " refused: " + why);
          }};
}

std::string summary_of(const Request& request, const ImportSender& sender, Instant now) {
  Printer printer(*request.command, request.json, false);
  return printer.take(json_text(sender.totals()), now);
}

int run_import(const AdminClient& client, const Request& request, Instant now) {
  const std::string path = request.arguments.value("file", std::string());
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& input = path == "-" ? std::cin : file;
  if (!input) return complain(kRefused, "'" + path + "' cannot be read.");
  if (request.arguments.value("dry_run", false)) return check_lines(input);
  ImportSender sender = make_sender(client, request.arguments.value("replace", false));
  Progress progress("lines sent");
  ImportSender::Sent sent;
  for_each_line(input, [&](const std::string& line) {
    sent = sender.add(line);
    progress.show(sender.lines());
    return sent.has_value();
  });
  if (sent && input.bad()) return complain(kRefused, "'" + path + "' cannot be read to its end.");
  if (sent) sent = sender.finish();
  std::cout << summary_of(request, sender, now) << std::flush;
  if (!sent) return complain(sent.error());
  return sender.refused_count() == 0 ? kDone : kRefused;
}

}  // namespace tandemq
