#include "tests/net/websocket_frames.hpp"

#include "base/wire.hpp"

#include <array>

namespace tandemq::tests {
namespace {

constexpr std::array<std::uint8_t, 4> kMask = {0x12, 0xAB, 0x00, 0x7F};

void add_length(Writer& writer, std::uint64_t length, std::uint8_t mask_bit) {
  if (length <= 125) {
    writer.u8(static_cast<std::uint8_t>(mask_bit | length));
  } else if (length <= 0xFFFF) {
    writer.u8(static_cast<std::uint8_t>(mask_bit | 126U));
    writer.u16(static_cast<std::uint16_t>(length));
  } else {
    writer.u8(static_cast<std::uint8_t>(mask_bit | 127U));
    writer.u64(length);
  }
}

}  // namespace

std::string client_header(std::uint8_t first, std::uint64_t length) {
  std::string bytes;
  Writer writer(bytes);
  writer.u8(first);
  add_length(writer, length, 0x80);
  for (const std::uint8_t byte : kMask) writer.u8(byte);
  return bytes;
}

std::string client_frame(std::uint8_t first, std::string_view payload, bool masked) {
  if (masked) {
    std::string bytes = client_header(first, payload.size());
    for (std::size_t i = 0; i < payload.size(); ++i)
      bytes.push_back(static_cast<char>(payload[i] ^ kMask[i % kMask.size()]));
    return bytes;
  }
  std::string bytes;
  Writer writer(bytes);
  writer.u8(first);
  add_length(writer, payload.size(), 0);
  writer.bytes(payload);
  return bytes;
}

std::string binary(std::string_view payload) {
  return client_frame(kFin | kBinary, payload);
}

std::string close_body(std::uint16_t code, std::string_view reason) {
  std::string body;
  Writer writer(body);
  writer.u16(code);
  writer.bytes(reason);
  return body;
}

std::string upgrade_request(std::string_view path, std::string_view more) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: broker:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(more) + "\r\n";
}

std::vector<ServerFrame> take_server_frames(std::string& bytes) {
  std::vector<ServerFrame> frames;
  for (;;) {
    Reader reader(bytes);
    ServerFrame frame;
    frame.first = reader.u8();
    const std::uint8_t length = reader.u8();
    std::uint64_t size = length;
    if (length == 126) size = reader.u16();
    if (length == 127) size = reader.u64();
    if (!reader.ok() || length > 127 || size > reader.size()) return frames;
    frame.payload = reader.bytes(static_cast<std::size_t>(size));
    const std::size_t rest = reader.size();
    frames.push_back(std::move(frame));
    bytes.erase(0, bytes.size() - rest);
  }
}

}  // namespace tandemq::tests
