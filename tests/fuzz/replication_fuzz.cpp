// What a peer may send: the first byte is the size of the pieces in which the others come, and they
// are given to read_frame(), to both sides of a Channel before the handshake, and to an open one;
// and they change what a true peer sends there. No frame may come of what nobody has sent.
#include "base/ensure.hpp"
#include "replication/channel.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {
namespace {

using Side = Channel::Side;

// Connections with different nonces have different tags: what the fuzzer learns of one by comparing
// bytes means nothing to another one.
Channel channel_of(Side side, char nonce) {
  const std::string node = side == Side::dialler ? "a" : "b";
  return {side, {"plant", node, "a secret", std::string(kNonceBytes, nonce)}};
}

std::string output_of(Channel& channel) {
  std::string out;
  channel.take_output(out);
  return out;
}

// The frames that come of it. After an error there is nothing but errors.
std::vector<Frame> give(Channel& channel, ByteView bytes, std::size_t piece) {
  std::vector<Frame> frames;
  const auto visit = [&](Frame&& frame) {
    ENSURE(channel.is_open(), "a frame comes from a peer that has proved itself");
    frames.push_back(std::move(frame));
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto received = channel.receive(bytes.substr(at, piece), visit);
    if (received) continue;
    ENSURE(!received.error().text.empty(), "a refusal says why");
    ENSURE(!channel.is_open() && !channel.receive("", visit), "an error is the end");
    break;
  }
  return frames;
}

struct OpenPair {
  explicit OpenPair(char nonce)
      : dialler(channel_of(Side::dialler, nonce)), acceptor(channel_of(Side::acceptor, '0')) {
    for (int i = 0; i < 2; ++i) {
      give(acceptor, output_of(dialler), SIZE_MAX / 2);
      give(dialler, output_of(acceptor), SIZE_MAX / 2);
    }
    ENSURE(dialler.is_open() && acceptor.is_open(), "two nodes of one secret open");
  }

  Channel dialler;
  Channel acceptor;
};

void check_frame(ByteView input, std::size_t piece) {
  const auto frame = read_frame(input);
  if (!frame) {
    ENSURE(!frame.error().text.empty(), "a refusal says why");
    return;
  }
  OpenPair pair('F');
  pair.dialler.send(*frame);
  const std::vector<Frame> frames = give(pair.acceptor, output_of(pair.dialler), piece);
  ENSURE(frames.size() == 1 && frames[0] == *frame, "what was read can be sent and read again");
}

void check_stranger(ByteView input, std::size_t piece) {
  for (const Side side : {Side::dialler, Side::acceptor}) {
    Channel channel = channel_of(side, 'S');
    ENSURE(give(channel, input, piece).empty() && !channel.is_open(),
           "nobody opens a channel without the secret");
  }
  OpenPair pair('T');
  ENSURE(give(pair.acceptor, input, piece).empty(), "nobody makes a frame without the secret");
}

// Each two bytes of the input: what to change of the next one, and how far the next one is.
void check_changed(ByteView input, std::size_t piece) {
  OpenPair pair('C');
  const std::vector<Frame> sent = {Ping{1}, Records{2, 1, true, {"one", "two"}}, Ping{2}};
  for (const Frame& frame : sent) pair.dialler.send(frame);
  const std::string whole = output_of(pair.dialler);
  std::string changed = whole;
  std::size_t at = 0;
  for (Reader reader(input); reader.size() >= 2 && at < changed.size();) {
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(reader.u8()));
    at += reader.u8();
  }
  const std::vector<Frame> came = give(pair.acceptor, changed, piece);
  ENSURE((came.size() == sent.size()) == (changed == whole), "no change remains unseen");
  ENSURE(std::equal(came.begin(), came.end(), sent.begin()), "what comes is what was sent");
}

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  if (size == 0) return 0;
  const ByteView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = std::size_t{data[0]} + 1;
  check_frame(input, piece);
  check_stranger(input, piece);
  check_changed(input, piece);
  return 0;
}
