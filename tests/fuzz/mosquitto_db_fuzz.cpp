// Any bytes as a mosquitto.db. Whatever they are, the lines that come of them can be imported: each
// is accepted, and refers only to what stands before it.
#include "base/ensure.hpp"
#include "transfer/mosquitto_db.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace tandemq {
namespace {

// What the lines so far have brought.
struct Seen {
  std::set<MessageId> messages;
  std::set<std::string> clients;
  std::set<std::pair<std::string, std::uint16_t>> packet_ids;
  std::set<std::string> waiting;  // Clients that have a delivery that is not in flight.
};

void check(Seen&, const HeaderLine&) {}
void check(Seen&, const WillLine&) {}

void check(Seen& seen, const MessageLine& line) {
  ENSURE(seen.messages.insert(line.message->id).second, "a message comes once");
}

void check(Seen& seen, const SessionLine& line) {
  ENSURE(seen.clients.insert(line.client).second, "a client has one session");
}

void check(Seen& seen, const SubscriptionLine& line) {
  ENSURE(seen.clients.contains(line.client), "a subscription has its session");
}

void check(Seen& seen, const QueuedLine& line) {
  ENSURE(seen.clients.contains(line.client), "a delivery has its session");
  ENSURE(line.released || seen.messages.contains(line.message), "a delivery has its message");
  if (line.packet_id == 0) {
    seen.waiting.insert(line.client);
    return;
  }
  ENSURE(!seen.waiting.contains(line.client), "what is in flight stands before what waits");
  ENSURE(seen.packet_ids.emplace(line.client, line.packet_id).second, "a packet id is used once");
}

void check(Seen& seen, const RetainedLine& line) {
  ENSURE(seen.messages.contains(line.message), "a retained message is there");
}

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  constexpr Instant kNow{1'795'249'740'000};  // Beside the times in the seed.
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const auto db = read_mosquitto_db(input, kNow);
  if (!db) {
    ENSURE(!db.error().text.empty(), "a refusal says why");
    return 0;
  }
  Seen seen;
  for (const Line& line : db->lines) {
    std::visit([&seen](const auto& kind) { check(seen, kind); }, line);
    const std::string text = line_text(line);
    const auto again = parse_line(text);
    ENSURE(again && line_text(*again) == text, "each line can be imported");
  }
  return 0;
}
