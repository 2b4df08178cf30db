#include "topic/subscription.hpp"

namespace tandemq {

namespace {

constexpr unsigned kQosMask = 0x03;
constexpr unsigned kNoLocal = 0x04;
constexpr unsigned kRetainAsPublished = 0x08;
constexpr unsigned kRetainHandlingShift = 4;
constexpr unsigned kRetainHandlingMask = 0x03;
constexpr unsigned kReservedMask = 0xC0;

}  // namespace

std::uint8_t encode_options(const SubscriptionOptions& options) {
  const unsigned byte = options.qos | (options.no_local ? kNoLocal : 0U) |
                        (options.retain_as_published ? kRetainAsPublished : 0U) |
                        static_cast<unsigned>(options.retain_handling) << kRetainHandlingShift;
  return static_cast<std::uint8_t>(byte);
}

std::optional<SubscriptionOptions> decode_options(std::uint8_t byte) {
  const unsigned qos = byte & kQosMask;
  const unsigned retain_handling = (byte >> kRetainHandlingShift) & kRetainHandlingMask;
  if (qos == 3 || retain_handling == 3 || (byte & kReservedMask) != 0) return std::nullopt;
  SubscriptionOptions options;
  options.qos = static_cast<std::uint8_t>(qos);
  options.no_local = (byte & kNoLocal) != 0;
  options.retain_as_published = (byte & kRetainAsPublished) != 0;
  options.retain_handling = static_cast<RetainHandling>(retain_handling);
  return options;
}

}  // namespace tandemq
