#include "net/websocket_input.hpp"

#include "base/ensure.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <wslay/wslay.h>

namespace tandemq {
namespace {

constexpr std::uint16_t kInvalidText = 1'007;
constexpr std::uint16_t kReservedCodes[] = {1'004, 1'005, 1'006};
constexpr std::uint16_t kAssignedCodesEnd = 1'015;  // What is assigned ends before.
constexpr std::uint16_t kFreeCodesBegin = 3'000;    // For libraries and applications,
constexpr std::uint16_t kFreeCodesEnd = 5'000;      // up to here.

ssize_t give_input(std::uint8_t* to, std::size_t size, int, void* of) {
  auto& decoder = *static_cast<WebSocketDecoder*>(of);
  const std::size_t count = decoder.input.copy(reinterpret_cast<char*>(to), size);
  decoder.input.remove_prefix(count);
  decoder.given += count;
  return count == 0 ? -1 : static_cast<ssize_t>(count);
}

std::uint64_t frame_size(const wslay_frame_iocb& frame) {
  const std::uint64_t length = frame.payload_length;
  return 2 + (length > 0xFFFF ? 8U : length > 125 ? 2U : 0U) + 4 + length;  // 4: the mask.
}

bool may_be_sent(std::uint16_t code) {
  if (code >= kFreeCodesBegin) return code < kFreeCodesEnd;
  return code >= kWebSocketNormal && code < kAssignedCodesEnd &&
         std::find(std::begin(kReservedCodes), std::end(kReservedCodes), code) ==
             std::end(kReservedCodes);
}

}  // namespace

struct WebSocketInput::Frame : wslay_frame_iocb {};

WebSocketDecoder::WebSocketDecoder() {
  wslay_frame_callbacks callbacks{};
  callbacks.recv_callback = give_input;
  ENSURE(wslay_frame_context_init(&context, &callbacks, this) == 0, "there is memory for frames");
}

WebSocketDecoder::~WebSocketDecoder() {
  wslay_frame_context_free(context);
}

WebSocketInput::Taken WebSocketInput::take(std::span<char> bytes, SpareDecoder& spare) {
  Taken taken;
  if (ended_ || bytes.empty()) return taken;
  if (!decoder_) decoder_ = spare ? std::move(spare) : std::make_unique<WebSocketDecoder>();
  WebSocketDecoder& decoder = *decoder_;
  decoder.input = {bytes.data(), bytes.size()};
  while (!ended_) {
    Frame frame{};
    const ssize_t size = wslay_frame_recv(decoder.context, &frame);
    if (size == WSLAY_ERR_WANT_READ) break;
    if (size < 0) {
      fail(kWebSocketProtocolError, "a frame is malformed", taken);
      break;
    }
    if (!std::exchange(decoder.begun, true)) begin(frame, taken);
    if (ended_) break;
    decoder.offset += frame.data_length;
    if (wslay_is_ctrl_frame(frame.opcode)) {
      decoder.control.append(reinterpret_cast<const char*>(frame.data), frame.data_length);
    } else {
      // What libwslay has taken is behind this place already.
      std::memcpy(bytes.data() + taken.size, frame.data, frame.data_length);
      taken.size += frame.data_length;
    }
    if (decoder.offset == frame.payload_length) end(frame, taken);
  }
  decoder.input = {};
  if (ended_) {
    decoder_.reset();
  } else if (decoder.between_frames()) {
    spare = std::move(decoder_);
  }
  return taken;
}

void WebSocketInput::begin(const Frame& frame, Taken& taken) {
  const auto refuse = [&](const char* why) { fail(kWebSocketProtocolError, why, taken); };
  if (frame.mask == 0) return refuse("a frame is not masked");
  if (frame.rsv != WSLAY_RSV_NONE) return refuse("a frame of an extension; none was agreed on");
  switch (frame.opcode) {
    case WSLAY_PING:
    case WSLAY_PONG:
    case WSLAY_CONNECTION_CLOSE:
      return;
    case WSLAY_BINARY_FRAME:
      if (in_message_) return refuse("a message begins before the one before it has ended");
      break;
    case WSLAY_CONTINUATION_FRAME:
      if (!in_message_) return refuse("a frame continues no message");
      break;
    case WSLAY_TEXT_FRAME:  // [MQTT-6.0.0-1]
      return fail(kWebSocketUnsupportedData, "a text frame; MQTT is binary", taken);
    default:
      return refuse("a frame of a kind that there is not");
  }
  if (frame.payload_length > kWebSocketFrameMax)
    return fail(kWebSocketTooBig, "a frame of more than a gigabyte", taken);
  in_message_ = frame.fin == 0;
}

void WebSocketInput::end(const Frame& frame, Taken& taken) {
  decoder_->finished += frame_size(frame);
  decoder_->offset = 0;
  decoder_->begun = false;
  const std::string body = std::exchange(decoder_->control, {});
  if (frame.opcode == WSLAY_PING) taken.ping = body;
  if (frame.opcode == WSLAY_CONNECTION_CLOSE) take_close(body, taken);
}

void WebSocketInput::fail(std::uint16_t code, const char* why, Taken& taken) {
  ended_ = true;
  taken.close = code;
  taken.why = std::string("WebSocket: ") + why;
}

void WebSocketInput::take_close(ByteView body, Taken& taken) {
  Reader reader(body);
  const std::uint16_t code = body.empty() ? kWebSocketNormal : reader.u16();
  if (!reader.ok() || !may_be_sent(code))
    return fail(kWebSocketProtocolError, "a close without a valid code", taken);
  if (!is_payload_utf8(reader.remaining()))
    return fail(kInvalidText, "the reason of a close is not UTF-8", taken);
  ended_ = true;
  taken.close = code;
  taken.why = "closed by the client";
}

}  // namespace tandemq
