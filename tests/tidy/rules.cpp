#include "tests/tidy/rules.hpp"

#include "tests/tidy/functions.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>

namespace tandemq::tidy {
namespace {

constexpr std::size_t kFileLinesMax = 500;
constexpr std::size_t kFunctionLinesMax = 70;
constexpr std::size_t kLineCharactersMax = 100;

constexpr std::array<std::string_view, 7> kEmptyNames = {"manager", "helper", "helpers", "util",
                                                         "utils",   "common", "impl"};

struct Banned {
  std::string_view word;
  std::string_view why;
};
constexpr std::string_view kClock = "time comes in as an Instant";
constexpr std::string_view kSocket = "sockets belong to shells";
constexpr std::string_view kThread = "threads and locks belong to shells and base/mailbox";
constexpr std::string_view kRandom = "randomness comes in as a value";
constexpr std::string_view kDisk = "files belong to shells";
constexpr std::string_view kSettings = "settings come in at construction";
constexpr Banned kBannedInPure[] = {
    {"steady_clock", kClock},   {"system_clock", kClock},   {"high_resolution_clock", kClock},
    {"clock_gettime", kClock},  {"gettimeofday", kClock},   {"time(nullptr)", kClock},
    {"std::time(", kClock},     {"asio", kSocket},          {"sys/socket.h", kSocket},
    {"netinet/in.h", kSocket},  {"sys/epoll.h", kSocket},   {"std::thread", kThread},
    {"std::jthread", kThread},  {"std::mutex", kThread},    {"std::shared_mutex", kThread},
    {"std::async", kThread},    {"thread_local", kThread},  {"condition_variable", kThread},
    {"random_device", kRandom}, {"mt19937", kRandom},       {"mt19937_64", kRandom},
    {"rand(", kRandom},         {"RAND_bytes", kRandom},    {"getrandom", kRandom},
    {"rocksdb", kDisk},         {"fopen", kDisk},           {"ifstream", kDisk},
    {"ofstream", kDisk},        {"std::filesystem", kDisk}, {"getenv", kSettings},
};

constexpr Banned kBannedInSources[] = {
    {"throw", "what can go wrong is a Result"},
    {"co_await", "g++ 12 destroys objects twice in coroutines"},
    {"co_return", "g++ 12 destroys objects twice in coroutines"},
    {"co_yield", "g++ 12 destroys objects twice in coroutines"},
};

constexpr std::string_view kSleep = "a test waits for an event, not for time";
constexpr Banned kBannedInTests[] = {
    {"sleep_for", kSleep},
    {"sleep_until", kSleep},
    {"sleep(", kSleep},
    {"usleep(", kSleep},
};

constexpr std::string_view kNotes[] = {
    "TO"
    "DO",
    "FIX"
    "ME"};  // In two parts, or found here.

struct Exception {
  std::string_view path;
  std::string_view word;
};
constexpr Exception kExceptions[] = {
    {"src/base/mailbox.hpp", "std::mutex"},  // The one place where threads meet.
};

// Units of pure floors that have no test file of their own name, and what tests them.
struct Elsewhere {
  std::string_view source;
  std::string_view tested_by;
};
constexpr Elsewhere kTestedElsewhere[] = {
    {"src/base/ensure.cpp", "it ends the process; each invariant is proven by what does not abort"},
};

bool excepted(const Source& source, std::string_view word) {
  return std::any_of(std::begin(kExceptions), std::end(kExceptions),
                     [&](const Exception& e) { return e.path == source.path && e.word == word; });
}

Findings find_banned(const Source& source, std::span<const Banned> table) {
  Findings findings;
  for (const Banned& banned : table) {
    const std::size_t at = find_word(source.code, banned.word);
    if (at == std::string_view::npos || excepted(source, banned.word)) continue;
    findings.push_back({source.path, line_of(source.code, at),
                        std::string(banned.word) + ": " + std::string(banned.why)});
  }
  return findings;
}

std::size_t characters(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // Not inside of a character.
  }));
}

// QueueManager and queue_manager are both queue, manager.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if ((upper || c == '_') && !words.back().empty()) words.emplace_back();
    if (c != '_') words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

bool says_nothing(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return std::find(kEmptyNames.begin(), kEmptyNames.end(), word) != kEmptyNames.end();
  });
}

std::string_view name_at(std::string_view code, std::size_t at) {
  at = std::min(code.find_first_not_of(' ', at), code.size());
  std::size_t end = at;
  while (end < code.size() &&
         (std::isalnum(static_cast<unsigned char>(code[end])) != 0 || code[end] == '_'))
    ++end;
  return code.substr(at, end - at);
}

// name, or the longer name_of_a_part
bool names_part_of(std::string_view part, std::string_view whole) {
  return part.starts_with(whole) && (part.size() == whole.size() || part[whole.size()] == '_');
}

// A unit may be split over sources, decode_connect.cpp beside decode.cpp, and so may its test.
bool tests_unit(std::string_view test_path, std::string_view folder, const Source& source) {
  constexpr std::string_view kSuffix = "_test.cpp";
  if (!test_path.ends_with(kSuffix) || test_path.substr(0, test_path.rfind('/')) != folder)
    return false;
  std::string_view unit = test_path.substr(folder.size() + 1);
  unit.remove_suffix(kSuffix.size());
  return names_part_of(unit, source.stem()) || names_part_of(source.stem(), unit);
}

}  // namespace

Findings check_limits(const Source& source) {
  Findings findings;
  const auto limit = [&](std::size_t line, const char* what, std::size_t count, std::size_t max) {
    if (count > max)
      findings.push_back(
          {source.path, line,
           std::string(what) + " " + std::to_string(count) + ", at most " + std::to_string(max)});
  };
  const std::vector<std::string_view> lines = lines_of(source.text);
  limit(0, "lines in the file:", lines.size(), kFileLinesMax);
  for (std::size_t i = 0; i < lines.size(); ++i)
    limit(i + 1, "characters in the line:", characters(lines[i]), kLineCharactersMax);
  for (const Function& function : functions_of(source))
    limit(function.first_line,
          "lines in the function:", function.last_line - function.first_line + 1,
          kFunctionLinesMax);
  return findings;
}

Findings check_names(const Source& source) {
  Findings findings;
  if (says_nothing(source.stem())) findings.push_back({source.path, 0, "the name says nothing"});
  for (const std::string_view keyword : {"class", "struct", "union", "namespace"}) {
    for (std::size_t at = find_word(source.code, keyword); at != std::string_view::npos;
         at = find_word(source.code, keyword, at + 1)) {
      const std::string_view name = name_at(source.code, at + keyword.size());
      if (says_nothing(name))
        findings.push_back(
            {source.path, line_of(source.code, at), "the name says nothing: " + std::string(name)});
    }
  }
  return findings;
}

Findings check_header(const Source& source) {
  Findings findings;
  if (!source.is_header()) return findings;
  if (!source.text.starts_with("// "))
    findings.push_back(
        {source.path, 1, "a header begins with what it is, never does, whose it is"});
  if (source.code.find("\n#pragma once\n") == std::string::npos)
    findings.push_back({source.path, 0, "no #pragma once"});
  return findings;
}

Findings check_words(const Source& source) {
  Findings findings;
  if (!source.under("tests")) findings = find_banned(source, kBannedInSources);
  for (const std::string_view note : kNotes) {
    const std::size_t at = find_word(source.text, note);
    if (at != std::string_view::npos)
      findings.push_back({source.path, line_of(source.text, at), "do it, or make it an issue"});
  }
  return findings;
}

Findings check_pure(const Source& source) {
  return find_banned(source, kBannedInPure);
}

Findings check_test(const Source& source) {
  if (source.under("tests/e2e") || source.under("tests/bench")) return {};
  return find_banned(source, kBannedInTests);
}

Findings check_mirror(const std::vector<Source>& pure_sources,
                      const std::vector<std::string>& test_paths) {
  Findings findings;
  for (const Source& source : pure_sources) {
    if (source.is_header()) continue;
    const std::string folder = "tests/" + std::string(source.floor());
    const bool tested =
        std::any_of(test_paths.begin(), test_paths.end(),
                    [&](const std::string& path) { return tests_unit(path, folder, source); });
    const bool elsewhere =
        std::any_of(std::begin(kTestedElsewhere), std::end(kTestedElsewhere),
                    [&](const Elsewhere& row) { return row.source == source.path; });
    if (!tested && !elsewhere) findings.push_back({source.path, 0, "has no test in " + folder});
    if (tested && elsewhere) findings.push_back({source.path, 0, "has a test, and a row without"});
  }
  return findings;
}

}  // namespace tandemq::tidy
