// What may come on the second path, and in answer to a ping: bytes of nobody, which must count for
// nothing, and those of a true peer, changed at a place.
#include "base/ensure.hpp"
#include "failover/echo.hpp"
#include "failover/heartbeat.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tandemq {
namespace {

constexpr Instant kNow{1'000};
constexpr std::uint64_t kNonce = 0x0102030405060708;

// Its secret is not that of the true peer below: what is learned there means nothing here.
void check_stranger(ByteView input) {
  Heartbeat us("another secret", {7, 1, 100});
  us.beat({}, kNow);
  const auto taken = us.take(input, kNow);
  ENSURE(!taken, "nobody makes a heartbeat without the secret");
  ENSURE(!taken.error().text.empty(), "a refusal says why");
  ENSURE(us.peer() == nullptr && us.heard_at() == Instant{}, "what is refused leaves no trace");
}

// Each two bytes of the input: what to change of the next one, and how far the next one is.
void check_changed(ByteView input) {
  Heartbeat us("a secret", {7, 1, 100});
  Heartbeat peer("a secret", {7, 2, 200});
  ENSURE(peer.take(us.beat({}, kNow), kNow), "who has the secret is no stranger");
  const std::string whole = peer.beat({}, kNow);
  std::string changed = whole;
  std::size_t at = 0;
  for (Reader reader(input); reader.size() >= 2 && at < changed.size();) {
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(reader.u8()));
    at += reader.u8();
  }
  const auto taken = us.take(changed, kNow);
  ENSURE((taken && taken->counts) == (changed == whole), "no change remains unseen");
}

void check_echo(ByteView input) {
  for (const EchoFamily family : {EchoFamily::v4, EchoFamily::v6}) {
    const auto number = read_echo_reply(family, kNonce, input);
    ENSURE(!number || input.size() >= kEchoSize, "an answer is whole");
  }
}

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  check_stranger(input);
  check_changed(input);
  check_echo(input);
  return 0;
}
