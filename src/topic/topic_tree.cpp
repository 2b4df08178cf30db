#include "topic/topic_tree.hpp"

#include "base/ensure.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tandemq {

namespace {

// What a search makes of one topic.
enum class Verdict {
  match,
  skip,  // No match, and none before the name it seeks next.
  end,   // No match, and none after it either.
};

// Names up to this size live inside std::string.
constexpr std::size_t kInlineName = 15;
// What std::map keeps beside a pair: color and three pointers.
constexpr std::size_t kMapNodeSize = 32;

std::size_t text_cost(std::string_view topic) {
  return topic.size() > kInlineName ? topic.size() + 1 : 0;
}

// Appends the level and those after it, up to the first wildcard: the least name that can match.
void append_literals(std::string_view level, LevelsView rest, std::string& seek) {
  if (level == "+" || level == "#") return;
  seek.append(level);
  while (!rest.at_end()) {
    const std::string_view next = rest.next();
    if (next == "+" || next == "#") return;
    seek.append("/").append(next);
  }
}

// The least name behind everything that starts with the levels of `prefix`. No name holds a 0 byte,
// so nothing stands between.
void seek_behind(std::string_view prefix, std::string& seek) {
  seek.assign(prefix).push_back('\0');
}

// Compares the topic with the filter. For `skip`, fills `seek` with the least name after the topic
// that can match.
Verdict judge(std::string_view filter, std::string_view topic, std::string& seek) {
  const bool leading_wildcard = filter.front() == '+' || filter.front() == '#';
  if (topic.front() == '$' && leading_wildcard) {  // [MQTT-4.7.2-1]
    seek = "%";                                    // The byte after '$'.
    return Verdict::skip;
  }
  std::optional<std::size_t> plus_end;  // Where the last level ends that "+" accepted.
  const auto next_sibling = [&] {
    if (!plus_end) return Verdict::end;
    seek_behind(topic.substr(0, *plus_end), seek);
    return Verdict::skip;
  };
  LevelsView wanted(filter);
  LevelsView given(topic);
  while (!wanted.at_end()) {
    const std::string_view level = wanted.next();
    if (level == "#") return Verdict::match;
    if (given.at_end()) {
      seek.assign(topic).push_back('/');
      append_literals(level, wanted, seek);
      return Verdict::skip;
    }
    const std::size_t start = given.position();
    const std::string_view actual = given.next();
    if (level == "+") {
      plus_end = start + actual.size();
    } else if (actual < level) {
      seek.assign(topic.substr(0, start));
      append_literals(level, wanted, seek);
      return Verdict::skip;
    } else if (level < actual) {
      return next_sibling();
    }
  }
  return given.at_end() ? Verdict::match : next_sibling();
}

}  // namespace

bool LevelOrder::operator()(std::string_view left, std::string_view right) const {
  const std::size_t size = std::min(left.size(), right.size());
  const auto [a, b] = std::mismatch(left.begin(), left.begin() + size, right.begin());
  if (a == left.begin() + size) return left.size() < right.size();
  if (*a == '/' || *b == '/') return *a == '/';
  return static_cast<unsigned char>(*a) < static_cast<unsigned char>(*b);
}

std::optional<std::uint32_t> TopicTree::set(std::string_view topic, std::uint32_t value) {
  ENSURE(!topic.empty(), "a topic name has at least one byte");
  const auto place = topics_.lower_bound(topic);
  if (place != topics_.end() && place->first == topic) return std::exchange(place->second, value);
  topics_.emplace_hint(place, topic, value);
  text_size_ += text_cost(topic);
  return std::nullopt;
}

std::optional<std::uint32_t> TopicTree::erase(std::string_view topic) {
  const auto place = topics_.find(topic);
  if (place == topics_.end()) return std::nullopt;
  const std::uint32_t value = place->second;
  text_size_ -= text_cost(topic);
  topics_.erase(place);
  return value;
}

std::optional<std::uint32_t> TopicTree::find(std::string_view topic) const {
  const auto place = topics_.find(topic);
  if (place == topics_.end()) return std::nullopt;
  return place->second;
}

void TopicTree::match(std::string_view filter, std::vector<std::uint32_t>& out) const {
  std::vector<Found> found;
  TopicCursor cursor;
  match(filter, cursor, std::numeric_limits<std::size_t>::max(), found);
  out.reserve(out.size() + found.size());
  for (const Found& each : found) out.push_back(each.value);
}

void TopicTree::match(std::string_view filter, TopicCursor& cursor, std::size_t visits_max,
                      std::vector<Found>& out) const {
  ENSURE(!filter.empty() && visits_max > 0, "a search has a filter and gets somewhere");
  if (cursor.done) return;
  auto at = topics_.lower_bound(std::string_view(cursor.from));
  for (std::size_t visits = 0; at != topics_.end(); ++visits) {
    if (visits == visits_max) {
      cursor.from = at->first;
      return;
    }
    const Verdict verdict = judge(filter, at->first, cursor.from);
    if (verdict == Verdict::end) break;
    if (verdict == Verdict::match) {
      out.push_back({at->first, at->second});
      ++at;
    } else {
      at = topics_.lower_bound(std::string_view(cursor.from));
    }
  }
  cursor.from.clear();
  cursor.done = true;
}

void TopicTree::walk(TopicCursor& cursor, std::size_t topics_max, std::vector<Found>& out) const {
  if (cursor.done) return;
  auto at = topics_.lower_bound(std::string_view(cursor.from));
  for (std::size_t i = 0; i < topics_max && at != topics_.end(); ++i, ++at)
    out.push_back({at->first, at->second});
  cursor.done = at == topics_.end();
  cursor.from = cursor.done ? std::string() : at->first;
}

void TopicTree::for_each(const std::function<void(std::string_view, std::uint32_t)>& visit) const {
  for (const auto& [topic, value] : topics_) visit(topic, value);
}

std::size_t TopicTree::memory_size() const {
  return topics_.size() * (kMapNodeSize + sizeof(decltype(topics_)::value_type)) + text_size_;
}

}  // namespace tandemq
