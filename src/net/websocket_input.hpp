// WebSocketInput: frames of a client in, the bytes in their binary messages out, in place and as
// they come: nothing is put together, for packets of MQTT need not begin or end with a frame
// [MQTT-6.0.0-2]. Between two frames it holds no buffer. libwslay reads the frames; the rules about
// their order are here (RFC 6455 sections 5 and 7). Touches no socket.
// Owned by a WebSocketStream; its hub's thread.
#pragma once

#include "base/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct wslay_frame_context;

namespace tandemq {

// Codes of RFC 6455 section 7.4.1.
inline constexpr std::uint16_t kWebSocketNormal = 1'000;
inline constexpr std::uint16_t kWebSocketProtocolError = 1'002;
inline constexpr std::uint16_t kWebSocketUnsupportedData = 1'003;
inline constexpr std::uint16_t kWebSocketTooBig = 1'009;

// Four times the largest packet there is; nobody has a reason to send such a frame.
inline constexpr std::uint64_t kWebSocketFrameMax = 1'073'741'824;

// What reads frames, with a buffer of 4 KB.
struct WebSocketDecoder {
  WebSocketDecoder();
  ~WebSocketDecoder();
  WebSocketDecoder(const WebSocketDecoder&) = delete;
  WebSocketDecoder& operator=(const WebSocketDecoder&) = delete;

  // So much has been given to libwslay, and so much of it was in frames that are over.
  [[nodiscard]] bool between_frames() const { return given == finished; }

  wslay_frame_context* context = nullptr;
  ByteView input;              // That it may take.
  std::uint64_t given = 0;     // Bytes, headers too.
  std::uint64_t finished = 0;  // The same.
  std::uint64_t offset = 0;    // In the payload of the frame that has begun.
  bool begun = false;          // Something of its payload has come, or there is none.
  std::string control;         // Of a ping or a close.
};

// Most frames come whole, so one decoder does for all connections of a hub.
using SpareDecoder = std::unique_ptr<WebSocketDecoder>;

class WebSocketInput {
 public:
  struct Taken {
    std::size_t size = 0;             // Bytes of MQTT, now at the front of what was given.
    std::optional<std::string> ping;  // The last one is the only one that wants an answer.
    std::uint16_t close = 0;          // Not 0: the connection ends with this code,
    std::string why;                  // for this reason; nothing behind it was read.
  };

  // After an end it takes no more.
  Taken take(std::span<char> bytes, SpareDecoder& spare);

  [[nodiscard]] bool holds_buffer() const { return decoder_ != nullptr; }

 private:
  struct Frame;  // libwslay's view of a piece of one.

  void begin(const Frame& frame, Taken& taken);
  void end(const Frame& frame, Taken& taken);
  void fail(std::uint16_t code, const char* why, Taken& taken);
  void take_close(ByteView body, Taken& taken);

  std::unique_ptr<WebSocketDecoder> decoder_;  // Null between frames.
  bool in_message_ = false;                    // Of which the last frame has not come.
  bool ended_ = false;
};

}  // namespace tandemq
