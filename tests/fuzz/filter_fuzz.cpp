// Input: lines. The first is a topic, the others are filters, some of them shared. Whatever is
// valid goes into the index and the tree, which have to agree with the naive match.
#include "base/ensure.hpp"
#include "topic/name.hpp"
#include "topic/subscription_index.hpp"
#include "topic/topic_tree.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tandemq;

std::vector<std::string_view> split_lines(std::string_view input) {
  std::vector<std::string_view> lines;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    lines.push_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return lines;
}

std::string_view plain_part(std::string_view filter) {
  const auto shared = split_shared(filter);
  return shared ? shared->filter : filter;
}

bool acceptable(std::string_view filter) {
  if (is_shared(filter) && !split_shared(filter)) return false;
  return is_valid_filter(plain_part(filter));
}

void check_index(std::string_view topic, const std::set<std::string_view>& filters) {
  SubscriptionIndex index;
  std::size_t direct = 0;
  std::size_t groups = 0;
  for (const std::string_view filter : filters) {
    ENSURE(index.add(filter, {SessionId{1}, 0, {}}), "each filter is new");
    ENSURE(!index.add(filter, {SessionId{1}, 1, {}}), "and then replaced");
    if (matches(plain_part(filter), topic)) ++(is_shared(filter) ? groups : direct);
  }
  Matches found;
  index.match(topic, found);
  ENSURE(found.direct.size() == direct, "the index finds what matches() finds");
  ENSURE(found.groups.size() == groups, "the index finds what matches() finds");
  for (const std::string_view filter : filters) {
    ENSURE(index.remove(filter, SessionId{1}), "what was added can be removed");
  }
  ENSURE(index.counts() == SubscriptionIndex::Counts{}, "nothing is left behind");
}

void check_tree(const std::vector<std::string_view>& lines,
                const std::set<std::string_view>& filters) {
  TopicTree tree;
  std::set<std::string_view> names;
  for (const std::string_view line : lines) {
    if (!is_valid_name(line)) continue;
    names.insert(line);
    tree.set(line, 1);
  }
  for (const std::string_view filter : filters) {
    std::vector<TopicTree::Found> found;
    for (TopicCursor cursor; !cursor.done;) tree.match(plain_part(filter), cursor, 2, found);
    const auto expected = std::count_if(names.begin(), names.end(), [&](std::string_view name) {
      return matches(plain_part(filter), name);
    });
    ENSURE(found.size() == static_cast<std::size_t>(expected), "the tree finds all, each once");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string_view> lines =
      split_lines({reinterpret_cast<const char*>(data), size});
  if (lines.empty()) return 0;
  std::set<std::string_view> filters;
  for (const std::string_view line : lines) {
    if (acceptable(line)) filters.insert(line);
  }
  if (is_valid_name(lines.front())) check_index(lines.front(), filters);
  check_tree(lines, filters);
  return 0;
}
