// Frames of WebSocket as a client makes them, well-formed or not, and what a server sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::tests {

inline constexpr std::uint8_t kFin = 0x80;
inline constexpr std::uint8_t kContinuation = 0x0, kText = 0x1, kBinary = 0x2, kClose = 0x8,
                              kPing = 0x9, kPong = 0xA;

// `first` is the first byte: FIN, the reserved bits and the kind.
std::string client_frame(std::uint8_t first, std::string_view payload, bool masked = true);
// The header of one that says it is so long.
std::string client_header(std::uint8_t first, std::uint64_t length);
std::string binary(std::string_view payload);  // A whole message.
std::string close_body(std::uint16_t code, std::string_view reason = {});

// What a browser would ask for; `more` are lines with their ends.
std::string upgrade_request(std::string_view path = "/mqtt",
                            std::string_view more = "Sec-WebSocket-Protocol: mqtt\r\n");

struct ServerFrame {
  std::uint8_t first = 0;
  std::string payload;
};
// Takes the whole frames off the front of `bytes`. A masked one ends it.
std::vector<ServerFrame> take_server_frames(std::string& bytes);

}  // namespace tandemq::tests
