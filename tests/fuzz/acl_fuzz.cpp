// Input: an ACL file. What parses is asked about the last words of its own lines, as topics and as
// filters: subscribe must agree with receive where no rule narrows it, for clients with harmless
// and with harmful names.
#include "access/acl.hpp"
#include "access/lines.hpp"
#include "base/ensure.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

using namespace tandemq;

constexpr std::size_t kTextsMax = 24;  // Each is asked about with each.

constexpr std::array<WhoView, 5> kClients = {{
    {"c1", ""},
    {"c1", "ann"},
    {"ann", "bob"},
    {"a/b", "+"},
    {"$SYS", "#"},
}};

std::vector<std::string_view> last_words(std::string_view text) {
  std::vector<std::string_view> words;
  LinesView lines(text);
  while (words.size() < kTextsMax && lines.next()) {
    const std::string_view line = lines.line();
    const std::size_t space = line.find_last_of(" \t");
    words.push_back(space == std::string_view::npos ? line : line.substr(space + 1));
  }
  return words;
}

// `narrows`: some rule may be a subscribe rule.
void check_topic(const Acl& acl, const WhoView& who, std::string_view topic,
                 const std::vector<std::string_view>& filters, bool narrows) {
  const Verdict publish = acl.check(who, Action::publish, topic);
  ENSURE(!publish.allowed || publish.line > 0, "only a rule allows");
  const Verdict receive = acl.check(who, Action::receive, topic);
  if (is_shared(topic)) return;
  const Verdict exact = acl.check(who, Action::subscribe, topic);
  ENSURE(receive.allowed || !exact.allowed, "a subscribe rule does not let anybody read");
  if (narrows) return;
  ENSURE(exact.allowed == receive.allowed && exact.line == receive.line,
         "a filter without wildcards is its topic");
  if (!receive.allowed) return;
  for (const std::string_view filter : filters)
    ENSURE(!is_valid_filter(filter) || is_shared(filter) || !matches(filter, topic) ||
               acl.check(who, Action::subscribe, filter).allowed,
           "a subscription to what may be read is allowed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto acl = Acl::parse(text);
  if (!acl) {
    ENSURE(acl.error().text.find("line ") != std::string::npos, "an error names its line");
    return 0;
  }
  const auto words = last_words(text);
  const bool narrows = text.find("subscribe") != std::string_view::npos;
  for (const WhoView& who : kClients)
    for (const std::string_view word : words)
      if (is_valid_name(word)) check_topic(*acl, who, word, words, narrows);
  return 0;
}
