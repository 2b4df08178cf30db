#include "tests/tidy/clauses.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace tandemq::tidy {
namespace {

struct Test {
  std::size_t line = 0;
  std::string name;
};

// 3.3.1-4; "-5" alone takes the section of the clause before it.
std::optional<Clause> parse_clause(std::string_view text, const Clause& before) {
  Clause clause{before.of_311, {}};
  if (text.starts_with('-') && before.numbers.size() == 4) {
    clause.numbers.assign(before.numbers.begin(), before.numbers.begin() + 3);
    text.remove_prefix(1);
  }
  while (clause.numbers.size() < 4) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    clause.numbers.push_back(number);
    if (clause.numbers.size() == 4) break;
    if (!text.starts_with(clause.numbers.size() == 3 ? '-' : '.')) return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(clause) : std::nullopt;
}

// MQTT- or MQTT311-
bool take_prefix(std::string_view& text, bool& of_311) {
  for (const std::string_view prefix : {"MQTT-", "MQTT311-"}) {
    if (!text.starts_with(prefix)) continue;
    of_311 = prefix != "MQTT-";
    text.remove_prefix(prefix.size());
    return true;
  }
  return false;
}

// The inside of one tag: "MQTT-3.3.1-4, -5" or "MQTT311-3.3.1-4, MQTT-3.3.1-5".
bool parse_tag(std::string_view tag, std::vector<Clause>& clauses) {
  Clause before;
  if (!tag.starts_with("MQTT")) return false;
  while (true) {
    const std::size_t comma = tag.find(", ");
    std::string_view one = tag.substr(0, comma);
    if (!take_prefix(one, before.of_311) && before.numbers.empty()) return false;
    const std::optional<Clause> clause = parse_clause(one, before);
    if (!clause) return false;
    clauses.push_back(*clause);
    before = *clause;
    if (comma == std::string_view::npos) return true;
    tag.remove_prefix(comma + 2);
  }
}

// The literals that stand side by side from `at` on, joined. `code` is the text without what stands
// inside of literals, or the text itself if no quote stands there.
std::string joined_literals(std::string_view code, std::string_view text, std::size_t at) {
  std::string joined;
  while (true) {
    at = code.find_first_not_of(" \n", at);
    if (at == code.npos || code[at] != '"') return joined;
    const std::size_t end = code.find('"', at + 1);
    if (end == code.npos) return joined;
    joined += text.substr(at + 1, end - at - 1);
    at = end + 1;
  }
}

std::vector<Test> tests_in_cpp(const Source& source) {
  std::vector<Test> tests;
  for (const std::string_view macro : {"TEST_CASE(", "SUBCASE(", "TEST_CASE_FIXTURE("}) {
    for (std::size_t at = find_word(source.code, macro); at != std::string_view::npos;
         at = find_word(source.code, macro, at + 1)) {
      const std::size_t first = source.code.find('"', at);
      if (first == std::string::npos) break;
      tests.push_back({line_of(source.code, at), joined_literals(source.code, source.text, first)});
    }
  }
  return tests;
}

// A name with a tag that stands in @rule() or in a row of a table.
std::vector<Test> rules_in_python(const Source& source) {
  std::vector<Test> tests;
  const std::string_view text = source.text;
  for (const std::string_view open : {"(\"[MQTT", "(f\"[MQTT"})
    for (std::size_t at = text.find(open); at != text.npos; at = text.find(open, at + 1))
      tests.push_back({line_of(text, at), joined_literals(text, text, text.find('"', at))});
  return tests;
}

// Otherwise a test's name is what its docstring says.
std::vector<Test> docstrings_in_python(const Source& source) {
  constexpr std::string_view kDefinition = "def test_";
  constexpr std::string_view kQuotes = "\"\"\"";
  std::vector<Test> tests;
  const std::string_view text = source.text;
  for (std::size_t at = text.find(kDefinition); at != std::string_view::npos;) {
    const std::size_t next = text.find(kDefinition, at + 1);
    const std::string_view body = text.substr(at, next == text.npos ? text.npos : next - at);
    const std::size_t open = body.find(kQuotes);
    const std::size_t close = open == body.npos ? body.npos : body.find(kQuotes, open + 3);
    if (close != body.npos) {
      std::string name;
      for (const std::string_view line : lines_of(body.substr(open + 3, close - open - 3))) {
        const std::size_t start = line.find_first_not_of(' ');
        if (start == line.npos) continue;
        name += (name.empty() ? "" : " ") + std::string(line.substr(start));
      }
      tests.push_back({line_of(text, at), name});
    }
    at = next;
  }
  return tests;
}

// The sentence without its tags, safe inside of a table.
std::string sentence_of(std::string_view name) {
  std::string sentence;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("[MQTT")) {
      i = std::min(name.find(']', i), name.size() - 1);
      continue;
    }
    if (name[i] == '{') {  // One test of many; which one does not matter here.
      sentence += "…";
      i = std::min(name.find('}', i), name.size() - 1);
      continue;
    }
    if (name[i] == '|') sentence += '\\';
    if (name[i] != ' ' || (!sentence.empty() && sentence.back() != ' ')) sentence += name[i];
  }
  return sentence;
}

void add_once(std::vector<std::string>& all, std::string one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "<br>") + part;
  return text;
}

std::string to_text(const Clause& clause) {
  std::string text = clause.of_311 ? "MQTT311-" : "MQTT-";
  for (std::size_t i = 0; i < clause.numbers.size(); ++i)
    text += (i == 0 ? "" : i == 3 ? "-" : ".") + std::to_string(clause.numbers[i]);
  return text;
}

void add_table(std::string& text, const Conformance& conformance, bool of_311) {
  text += "\n| clause | tested by | rule in |\n| --- | --- | --- |\n";
  for (const auto& [clause, evidence] : conformance.clauses) {
    if (clause.of_311 != of_311 || evidence.tests.empty()) continue;
    text += "| " + to_text(clause) + " | " + joined(evidence.tests) + " | " +
            joined(evidence.sources) + " |\n";
  }
  std::string untested;
  for (const auto& [clause, evidence] : conformance.clauses)
    if (clause.of_311 == of_311 && evidence.tests.empty())
      untested += "- " + to_text(clause) + ": " + joined(evidence.sources) + "\n";
  if (!untested.empty()) text += "\nNamed by a source and by no test:\n\n" + untested;
}

}  // namespace

std::vector<Clause> clauses_in(std::string_view text, bool& sound) {
  constexpr std::string_view kOpen = "[MQTT";
  std::vector<Clause> clauses;
  for (std::size_t at = text.find(kOpen); at != std::string_view::npos;
       at = text.find(kOpen, at + 1)) {
    const std::size_t start = at + 1;
    const std::size_t end = text.find(']', at);
    if (end == std::string_view::npos || !parse_tag(text.substr(start, end - start), clauses))
      sound = false;
  }
  return clauses;
}

Conformance conformance_of(const std::vector<Source>& sources, const std::vector<Source>& tests) {
  Conformance conformance;
  for (const Source& source : sources) {
    bool sound = true;  // A comment may also name a whole section.
    for (const Clause& clause : clauses_in(source.text, sound))
      add_once(conformance.clauses[clause].sources, source.path);
  }
  for (const Source& source : tests) {
    const bool python = source.path.ends_with(".py");
    std::vector<Test> named = python ? rules_in_python(source) : tests_in_cpp(source);
    if (python)
      for (Test& test : docstrings_in_python(source)) named.push_back(std::move(test));
    for (const Test& test : named) {
      bool sound = true;
      for (const Clause& clause : clauses_in(test.name, sound))
        add_once(conformance.clauses[clause].tests,
                 sentence_of(test.name) + " (" + source.path + ")");
      if (!sound)
        conformance.findings.push_back({source.path, test.line, "no clause: " + test.name});
    }
  }
  return conformance;
}

std::string to_markdown(const Conformance& conformance) {
  std::string text =
      "# MQTT, clause by clause\n\n"
      "Made by `make docs` from the tags in test names and sources; do not edit. A clause is "
      "numbered as in the\nspecification: MQTT-3.3.1-4 is of 5.0, MQTT311-3.3.1-4 of 3.1.1. What "
      "binds clients alone is not listed, and of\n3.1.1 not all that has the same test as in "
      "5.0.\n\n"
      "## MQTT 5.0\n";
  add_table(text, conformance, false);
  text += "\n## MQTT 3.1.1\n";
  add_table(text, conformance, true);
  return text;
}

}  // namespace tandemq::tidy
