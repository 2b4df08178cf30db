#include "ctl/printer.hpp"

#include <cstddef>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kGathered = 1'000;  // Rows whose columns are made to fit together.

}  // namespace

std::string Printer::take(std::string_view line, Instant now) {
  Result<Json> value = parse_json(line);
  if (!value || !value->is_object()) {
    error_ = "The broker sent a line that is no JSON object.";
    return {};
  }
  if (value->contains("error")) {
    error_ = (*value)["error"].get<std::string>();
    return {};
  }
  if (json_) return std::string(line) + "\n";
  if (value->contains("left_out")) {
    const std::string count = show_count((*value)["left_out"].get<std::uint64_t>());
    return flush(now) + "(" + count + " left out: they came faster than they were taken)\n";
  }
  if (value->contains("sentence")) {
    const std::string rows = sentences_++ == 0 ? flush(now) + "\n" : std::string();
    return rows + harmless((*value)["sentence"].get<std::string>()) + "\n";
  }
  if (command_.answer == Command::Answer::record) return show_record(command_.columns, *value, now);
  rows_.push_back(std::move(*value));
  return live_ || rows_.size() == kGathered ? flush(now) : std::string();
}

std::string Printer::finish(bool whole, Instant now) {
  const bool is_table = !json_ && command_.answer != Command::Answer::record;
  const bool only_titles = is_table && whole && error_.empty() && !printed_;
  return only_titles || !rows_.empty() ? flush(now) : std::string();
}

std::string Printer::flush(Instant now) {
  printed_ = true;
  return table_.add(std::exchange(rows_, {}), now);
}

}  // namespace tandemq
