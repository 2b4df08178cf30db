#include "tests/tidy/functions.hpp"

#include <string>

namespace tandemq::tidy {
namespace {

// Directives are no code: a macro may hold half of a block.
std::string blank_directives(const Source& source) {
  std::string code = source.code;
  bool directive = false;
  std::size_t start = 0;
  for (const std::string_view line : lines_of(source.code)) {
    directive = directive || line.starts_with('#');
    if (directive) code.replace(start, line.size(), line.size(), ' ');
    directive = directive && line.ends_with('\\');
    start += line.size() + 1;
  }
  return code;
}

bool opens_function(std::string_view heading) {
  for (const std::string_view word : {"namespace", "TEST_SUITE", "extern"})
    if (find_word(heading, word) != std::string_view::npos) return false;
  const std::size_t parenthesis = heading.find('(');
  if (parenthesis == std::string_view::npos) return false;
  const std::size_t aligned = find_word(heading, "alignas");
  return aligned == std::string_view::npos || heading.find('(', parenthesis + 1) != heading.npos;
}

// Follows the braces. `heading_` is where the text that introduces the next brace starts.
class Braces {
 public:
  explicit Braces(std::string_view code) : code_(code) {}

  std::vector<Function> functions() {
    for (at_ = 0; at_ < code_.size(); ++at_) step(code_[at_]);
    return std::move(functions_);
  }

 private:
  void step(char c) {
    if (c == '(') ++parentheses_;
    if (c == ')') --parentheses_;
    if (c == '{') open();
    if (c == '}') close();
    if (c == ';' && depth_in_function_ == 0 && parentheses_ == 0) heading_ = at_ + 1;
  }

  void open() {
    if (depth_in_function_ > 0) {
      ++depth_in_function_;
    } else if (opens_function(code_.substr(heading_, at_ - heading_))) {
      depth_in_function_ = 1;
    } else {
      heading_ = at_ + 1;
    }
  }

  void close() {
    if (depth_in_function_ > 1) {
      --depth_in_function_;
      return;
    }
    // Behind a_{a} of a constructor its next member or its body follows: the heading goes on.
    const std::size_t next = code_.find_first_not_of(" \n", at_ + 1);
    const bool in_heading = next != code_.npos && (code_[next] == ',' || code_[next] == '{');
    if (depth_in_function_ == 1 && !in_heading) {
      const std::size_t first = code_.find_first_not_of(" \n", heading_);
      functions_.push_back({line_of(code_, first), line_of(code_, at_)});
    }
    depth_in_function_ = 0;
    if (!in_heading) heading_ = at_ + 1;
  }

  std::string_view code_;
  std::vector<Function> functions_;
  std::size_t at_ = 0;
  std::size_t heading_ = 0;
  std::size_t depth_in_function_ = 0;
  int parentheses_ = 0;
};

}  // namespace

std::vector<Function> functions_of(const Source& source) {
  const std::string code = blank_directives(source);
  return Braces(code).functions();
}

}  // namespace tandemq::tidy
