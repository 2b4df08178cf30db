// WebSocket as a hub takes it: a request for the upgrade, then frames. What comes out must not
// depend on how the network cuts what comes in, and what is held must be bounded.
//
// The input: u8 how large the pieces are, u8 what it is (even: from the request on, odd: frames
// only), then the bytes.
#include "base/ensure.hpp"
#include "net/websocket_input.hpp"
#include "net/websocket_upgrade.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {
namespace {

struct Outcome {
  std::string payload;
  std::optional<std::string> ping;
  std::uint16_t close = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome take_in_pieces(ByteView bytes, std::size_t piece_size) {
  WebSocketInput input;
  SpareDecoder spare;
  Outcome outcome;
  while (!bytes.empty() && outcome.close == 0) {
    std::string piece(bytes.substr(0, piece_size));
    bytes.remove_prefix(piece.size());
    WebSocketInput::Taken taken = input.take({piece.data(), piece.size()}, spare);
    ENSURE(taken.size <= piece.size(), "no frame has more in it than it is long");
    ENSURE(!taken.ping || taken.ping->size() <= 125, "a pong fits into one frame");
    ENSURE((taken.close == 0) == taken.why.empty(), "an end has a reason");
    ENSURE(taken.close == 0 || !input.holds_buffer(), "who has ended holds nothing");
    outcome.payload.append(piece, 0, taken.size);
    if (taken.ping) outcome.ping = std::move(taken.ping);
    outcome.close = taken.close;
  }
  if (outcome.close != 0) {
    std::string more = "more";
    ENSURE(input.take({more.data(), more.size()}, spare).size == 0, "nothing comes after an end");
  }
  return outcome;
}

// The size of the request; 0: there is none that opens a WebSocket.
std::size_t take_request(ByteView bytes, std::size_t piece_size) {
  const ListenerWebSocket rules{"/mqtt", {"http://a"}};
  const std::size_t whole = upgrade_size(bytes.substr(0, kUpgradeSizeMax), 0);
  std::size_t found = 0;
  for (std::size_t seen = 0; found == 0 && seen < std::min(bytes.size(), kUpgradeSizeMax);) {
    const std::size_t come = std::min({seen + piece_size, bytes.size(), kUpgradeSizeMax});
    found = upgrade_size(bytes.substr(0, come), seen);
    seen = come;
  }
  ENSURE(found == whole, "the end of a request is where it is");
  if (found == 0) return 0;
  const UpgradeAnswer answer = answer_upgrade(bytes.substr(0, found), rules);
  ENSURE(answer.accepted == answer.bytes.starts_with("HTTP/1.1 101 "), "it is one or the other");
  ENSURE(answer.accepted == answer.why.empty(), "a refusal has a reason");
  ENSURE(answer.bytes.size() < 512, "an answer is short");
  if (!answer.accepted) return 0;
  ENSURE(may_become_upgrade(bytes.substr(0, found)), "what is a request may become one");
  ENSURE(bytes.starts_with("GET /mqtt"), "only this path is served");
  return found;
}

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  if (size < 2) return 0;
  const std::size_t piece_size = std::size_t{data[0]} + 1;
  ByteView bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (data[1] % 2 == 0) {
    const std::size_t request = take_request(bytes, piece_size);
    if (request == 0) return 0;
    bytes.remove_prefix(request);
  }
  const Outcome at_once = take_in_pieces(bytes, bytes.size() + 1);
  ENSURE(take_in_pieces(bytes, piece_size) == at_once, "it does not matter how bytes are cut");
  return 0;
}
