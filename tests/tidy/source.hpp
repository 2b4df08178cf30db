// Source: one file of the repository as the rules of the house see it. `text` is the file; `code`
// has the same length and lines, but comments and the insides of literals are spaces, so that a
// word in it is a word of the program. Read once at the start of the test; never written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::tidy {

struct Source {
  Source(std::string path_given, std::string text_given);

  std::string path;  // From the root of the repository: src/base/wire.cpp.
  std::string text;
  std::string code;

  [[nodiscard]] bool under(std::string_view folder) const;
  [[nodiscard]] std::string_view folder() const;  // src/base
  [[nodiscard]] std::string_view floor() const;   // base; replication; empty outside the floors.
  [[nodiscard]] std::string_view stem() const;    // wire
  [[nodiscard]] bool is_header() const;
};

struct Finding {
  std::string path;
  std::size_t line = 0;  // The first is 1; 0 means the whole file.
  std::string what;
};
using Findings = std::vector<Finding>;

struct Include {
  std::size_t line = 0;
  std::string name;
  bool ours = false;  // "in quotes"
};

std::string blank_comments_and_literals(std::string_view text);
std::vector<std::string_view> lines_of(std::string_view text);
std::size_t line_of(std::string_view text, std::size_t position);
std::vector<Include> includes_of(const Source& source);

// Where `word` stands in `code` and is not a part of a longer name; npos when it does not.
std::size_t find_word(std::string_view code, std::string_view word, std::size_t from = 0);

// The root of the repository: where the tests are run, unless TANDEMQ_ROOT says otherwise.
std::string root();
std::string read_file(const std::string& path);  // From the root; empty when there is none.
std::vector<Source> read_sources(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& extensions);
std::vector<std::string> folders_in(const std::string& folder);  // Those with a file in them.

std::string to_string(const Findings& findings);

}  // namespace tandemq::tidy
