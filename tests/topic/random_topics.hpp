// Random names and filters for property tests: few words and few levels, so that they meet often.
// The same seed gives the same sequence everywhere.
#pragma once

#include <cstdint>
#include <string>

namespace tandemq {

class RandomTopics {
 public:
  explicit RandomTopics(std::uint64_t seed) : state_(seed) {}

  // From 0 to count - 1; xorshift64*.
  std::uint32_t below(std::uint32_t count) {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return static_cast<std::uint32_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32U) % count;
  }

  std::string name() { return text(0); }
  // About half of the filters hold a wildcard.
  std::string filter() { return text(below(2) == 0 ? 0 : 40); }

 private:
  std::string text(std::uint32_t wildcard_percent) {
    static constexpr const char* kWords[] = {"a", "b", "", "c", "$a", "a-b", "aa", "a b"};
    for (;;) {
      std::string result;
      const std::uint32_t levels = 1 + below(5);
      for (std::uint32_t i = 0; i < levels; ++i) {
        if (i > 0) result += '/';
        const bool wildcard = below(100) < wildcard_percent;
        if (wildcard && i + 1 == levels && below(2) == 0) return result + "#";
        result += wildcard ? "+" : kWords[below(8)];
      }
      if (!result.empty()) return result;
    }
  }

  std::uint64_t state_;
};

}  // namespace tandemq
