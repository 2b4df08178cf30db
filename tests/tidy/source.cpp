#include "tests/tidy/source.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace tandemq::tidy {
namespace {

namespace fs = std::filesystem;

bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < std::min(to, text.size()); ++i)
    if (text[i] != '\n') text[i] = ' ';
}

// The position behind a literal that starts at `quote` and ends at the same character.
std::size_t literal_end(std::string_view text, std::size_t quote) {
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[quote]) {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t raw_literal_end(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_or(std::size_t position, std::size_t size) {
  return position == std::string_view::npos ? size : position;
}

// The position behind the comment or literal at i, or i when there is none.
std::size_t skip(std::string_view text, std::size_t i) {
  const std::string_view two = text.substr(i, 2);
  if (two == "//") return end_or(text.find('\n', i), text.size());
  if (two == "/*") return std::min(end_or(text.find("*/", i + 2), text.size()) + 2, text.size());
  const bool after_name = i > 0 && in_name(text[i - 1]);
  if (text[i] == '"') {
    return i > 0 && text[i - 1] == 'R' ? raw_literal_end(text, i) : literal_end(text, i);
  }
  if (text[i] == '\'' && !after_name) return literal_end(text, i);  // Not the ' of 1'000.
  return i;
}

std::vector<fs::path> sorted_files(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Source::Source(std::string path_given, std::string text_given)
    : path(std::move(path_given)),
      text(std::move(text_given)),
      code(blank_comments_and_literals(text)) {}

bool Source::under(std::string_view folder) const {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::string_view Source::folder() const {
  return std::string_view(path).substr(0, end_or(path.rfind('/'), 0));
}

std::string_view Source::floor() const {
  const std::string_view below = under("src") ? std::string_view(path).substr(4) : path;
  if (!under("src") && !under("replication") && !under("failover")) return {};
  return below.substr(0, below.find('/'));
}

std::string_view Source::stem() const {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

bool Source::is_header() const {
  return path.ends_with(".hpp");
}

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = skip(text, i);
    const bool literal = text[i] == '"' || text[i] == '\'';
    if (end > i) blank(code, i + (literal ? 1 : 0), end - (literal ? 1 : 0));  // Keep the quotes.
    i = std::max(end, i + 1);
  }
  return code;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = end_or(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t line_of(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::vector<Include> includes_of(const Source& source) {
  constexpr std::string_view kDirective = "#include ";
  std::vector<Include> includes;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.text)) {
    ++number;
    if (!line.starts_with(kDirective) || line.size() < kDirective.size() + 3) continue;
    const std::string_view name = line.substr(kDirective.size() + 1);
    includes.push_back({number, std::string(name.substr(0, name.find_first_of("\">"))),
                        line[kDirective.size()] == '"'});
  }
  return includes;
}

std::size_t find_word(std::string_view code, std::string_view word, std::size_t from) {
  for (std::size_t at = code.find(word, from); at != std::string_view::npos;
       at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !in_name(code[at - 1]) || !in_name(word.front());
    const bool ends = end == code.size() || !in_name(code[end]) || !in_name(word.back());
    if (starts && ends) return at;
  }
  return std::string_view::npos;
}

std::string root() {
  const char* named = std::getenv("TANDEMQ_ROOT");
  return named == nullptr ? "." : named;
}

std::string read_file(const std::string& path) {
  std::ifstream file(fs::path(root()) / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Source> read_sources(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& extensions) {
  std::vector<Source> sources;
  for (const std::string& folder : folders) {
    for (const fs::path& path : sorted_files(fs::path(root()) / folder)) {
      const std::string extension = path.extension().string();
      if (std::find(extensions.begin(), extensions.end(), extension) == extensions.end()) continue;
      const std::string name = fs::relative(path, root()).generic_string();
      sources.emplace_back(name, read_file(name));
    }
  }
  return sources;
}

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : sorted_files(fs::path(root()) / folder)) {
    const std::string name = fs::relative(path, fs::path(root()) / folder).begin()->string();
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::string to_string(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings)
    text += "\n  " + finding.path + ":" + std::to_string(finding.line) + ": " + finding.what;
  return text;
}

}  // namespace tandemq::tidy
