// Rules for topic names and topic filters: which are valid, what a shared one consists of, and
// which filter matches which name. Pure functions over text; one owner is not needed.
// UTF-8 itself is checked by the codec before anything comes here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tandemq {

struct TopicLimits {
  std::uint32_t levels_max = 200;
  std::uint32_t size_max = 65535;
};

// A topic name that a message may be published to.
bool is_valid_name(std::string_view topic, const TopicLimits& limits = {});

// A topic filter without a $share part. For a shared one ask split_shared first and then this
// about its inner filter.
bool is_valid_filter(std::string_view filter, const TopicLimits& limits = {});

// True if the filter holds a wildcard level. The filter is valid.
bool has_wildcard(std::string_view filter);

// The two parts of "$share/GROUP/FILTER"; both point into the text they were split from.
struct SharedFilter {
  std::string_view group;
  std::string_view filter;
};

// True if the filter asks to be shared. It may still be malformed, see split_shared.
bool is_shared(std::string_view filter);

// Nothing if the filter is not shared or has no well-formed ShareName or no filter after it
// [MQTT-4.8.2-1] [MQTT-4.8.2-2].
std::optional<SharedFilter> split_shared(std::string_view filter);

// True if a subscription to the filter (valid, not shared) receives the topic (valid).
bool matches(std::string_view filter, std::string_view topic);

// A walk over the levels of a name or filter, empty ones included: "/a" has the levels "" and "a".
// After the last level at_end() holds. Lives no longer than the text.
class LevelsView {
 public:
  explicit LevelsView(std::string_view text, std::size_t start = 0) : text_(text), next_(start) {}

  bool at_end() const { return next_ > text_.size(); }
  // Where the next level starts; text.size() + 1 at the end. A LevelsView can start there again.
  std::size_t position() const { return next_; }
  // The next level; not to be called at the end.
  std::string_view next();

 private:
  std::string_view text_;
  std::size_t next_;
};

}  // namespace tandemq
