#include "doctor/keepalived_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace tandemq::doctor {
namespace {

constexpr std::size_t kDepthMax = 8;  // Of blocks; keepalived has three.

// The words of a line, and those of the block behind it.
struct Statement {
  std::vector<std::string> words;
  std::vector<Statement> block;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // Up to the end of the block, or of the text.
  std::vector<Statement> block(std::size_t depth) {
    std::vector<Statement> all;
    Statement one;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '\n' || c == '{' || c == '}') {
        rest_.remove_prefix(1);
        if (c == '{' && depth < kDepthMax) one.block = block(depth + 1);
        if (!one.words.empty()) all.push_back(std::move(one));
        one = Statement();
        if (c == '}' && depth > 0) return all;
      } else if (c == '#' || c == '!') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (is_blank(c)) {
        rest_.remove_prefix(1);
      } else if (c == '"' || c == '\'') {
        one.words.push_back(quoted(c));
      } else {
        one.words.push_back(word());
      }
      open_below(one);
    }
    if (!one.words.empty()) all.push_back(std::move(one));
    return all;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  // A brace may stand on a line of its own.
  void open_below(const Statement& one) {
    if (one.words.empty()) return;
    const std::size_t next = rest_.find_first_not_of(" \t\r\n");
    if (next != std::string_view::npos && rest_[next] == '{') rest_.remove_prefix(next);
  }

  std::string word() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n{}\"'#!"), rest_.size());
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return text;
  }

  std::string quoted(char quote) {
    rest_.remove_prefix(1);
    const std::size_t end =
        std::min(rest_.find_first_of(std::string(1, quote) + "\n"), rest_.size());
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (!rest_.empty() && rest_.front() == quote) rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

// "weight 0 reverse", somewhere in the words.
std::optional<TrackWeight> weight_in(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] != "weight") continue;
    TrackWeight weight;
    const std::string& number = words[i + 1];
    std::from_chars(number.data(), number.data() + number.size(), weight.weight);
    weight.reverse = i + 2 < words.size() && words[i + 2] == "reverse";
    return weight;
  }
  return std::nullopt;
}

KeepalivedFile::TrackFile track_file_of(const Statement& statement) {
  KeepalivedFile::TrackFile one;
  if (statement.words.size() > 1) one.name = statement.words[1];
  for (const Statement& line : statement.block) {
    const std::string& key = line.words.front();
    if (key == "file" && line.words.size() > 1) one.file = line.words[1];
    if (key == "init_file") one.init_file = true;
    if (const auto weight = weight_in(line.words)) one.weight = *weight;
  }
  return one;
}

KeepalivedFile::Instance instance_of(const Statement& statement) {
  KeepalivedFile::Instance one;
  if (statement.words.size() > 1) one.name = statement.words[1];
  for (const Statement& line : statement.block) {
    const std::string& key = line.words.front();
    if (key == "nopreempt") one.nopreempt = true;
    if (key == "track_file")
      for (const Statement& tracked : line.block)
        one.tracked.push_back({tracked.words.front(), weight_in(tracked.words)});
    if (key == "virtual_ipaddress" || key == "virtual_ipaddress_excluded")
      for (const Statement& address : line.block) one.addresses.push_back(address.words.front());
  }
  return one;
}

}  // namespace

KeepalivedFile read_keepalived_file(std::string_view text) {
  KeepalivedFile file;
  for (const Statement& statement : Scanner(text).block(0)) {
    const std::string& key = statement.words.front();
    if (key == "track_file" || key == "vrrp_track_file")
      file.track_files.push_back(track_file_of(statement));
    if (key == "vrrp_instance") file.instances.push_back(instance_of(statement));
    if (key == "include") file.includes = true;
  }
  return file;
}

}  // namespace tandemq::doctor
