#include "net/proxy_header.hpp"

#include "base/utf8.hpp"
#include "config/ip_network.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <arpa/inet.h>

namespace tandemq {
namespace {

using Parsed = Result<std::optional<ProxyHeader>>;
using From = ProxyHeader::From;

constexpr std::string_view kTextStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kTextSizeMax = 107;
constexpr std::size_t kFixedSize = 16;
constexpr std::size_t kUnixAddressSize = 108;

std::string text_of(const IpAddress& address, std::uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  const std::string host = text.data();
  return (address.is_v6 ? "[" + host + "]:" : host + ":") + std::to_string(port);
}

void take_client(ProxyHeader& header, const IpAddress& address, std::uint16_t port) {
  header.from = From::client;
  header.address = text_of(address, port);
  header.loopback = is_loopback(address);
}

// ---------------------------------------------------------------- version 1

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::optional<std::uint16_t> port_of(std::string_view word) {
  std::uint16_t port = 0;
  const char* const end = word.data() + word.size();
  const auto [read, error] = std::from_chars(word.data(), end, port);
  const bool padded = word.size() > 1 && word.starts_with('0');
  if (error != std::errc() || read != end || padded) return std::nullopt;
  return port;
}

// Without its end.
Parsed parse_line(std::string_view line, ProxyHeader header) {
  line.remove_prefix(kTextStart.size());
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;  // The rest means nothing.
  const auto words = std::count(line.begin(), line.end(), ' ');
  const std::string_view family = take_word(line);
  const auto source = parse_ip_address(std::string(take_word(line)));
  const auto target = parse_ip_address(std::string(take_word(line)));
  const auto source_port = port_of(take_word(line));
  const auto target_port = port_of(line);
  const bool is_v6 = family == "TCP6";
  if ((!is_v6 && family != "TCP4") || words != 4 || !source || !target || !source_port ||
      !target_port || source->is_v6 != is_v6 || target->is_v6 != is_v6)
    return failure("a PROXY line that names no two addresses");
  take_client(header, *source, *source_port);
  return header;
}

Parsed parse_text(ByteView bytes) {
  const std::size_t size = std::min(bytes.find('\n'), bytes.size());
  if (size >= kTextSizeMax) return failure("a PROXY line of more than 107 bytes");
  if (size == bytes.size()) return std::nullopt;
  const ByteView line = bytes.substr(0, size);
  if (!line.ends_with('\r')) return failure("a PROXY line that does not end with CR LF");
  ProxyHeader header;
  header.size = size + 1;
  return parse_line(line.substr(0, size - 1), header);
}

// ---------------------------------------------------------------- version 2

struct Field {
  std::uint8_t type = 0;
  ByteView value;
};

Field take_field(Reader& reader) {
  const std::uint8_t type = reader.u8();
  return {type, reader.u16_bytes()};
}

// PP2_TYPE_SSL. The name of a certificate that was not verified means nothing.
bool take_tls(ByteView value, ProxyHeader& header) {
  constexpr std::uint8_t kOverTls = 0x01;
  constexpr std::uint8_t kShown = 0x06;  // On this connection, or when the session began.
  constexpr std::uint8_t kCommonName = 0x22;
  Reader reader(value);
  const std::uint8_t client = reader.u8();
  const bool verified = reader.u32() == 0;
  std::string name;
  while (reader.size() > 0) {
    const Field field = take_field(reader);
    if (field.type == kCommonName && is_mqtt_utf8(field.value)) name = field.value;
  }
  if ((client & kOverTls) != 0 && (client & kShown) != 0 && verified)
    header.certificate_user = std::move(name);
  return reader.ok();
}

bool take_fields(Reader& reader, ProxyHeader& header) {
  constexpr std::uint8_t kTls = 0x20;
  while (reader.size() > 0) {
    const Field field = take_field(reader);
    if (field.type == kTls && !take_tls(field.value, header)) return false;
  }
  return reader.ok();
}

bool take_addresses(std::uint8_t family, Reader& reader, ProxyHeader& header) {
  constexpr std::uint8_t kUnspecified = 0x00;
  constexpr std::uint8_t kTcp4 = 0x11;
  constexpr std::uint8_t kTcp6 = 0x21;
  constexpr std::uint8_t kUnixStream = 0x31;
  switch (family) {
    case kUnspecified:
      return true;
    case kUnixStream:
      reader.bytes(2 * kUnixAddressSize);
      return true;
    case kTcp4:
    case kTcp6: {
      IpAddress address{family == kTcp6, {}};
      const std::size_t size = address.is_v6 ? 16 : 4;
      const ByteView source = reader.bytes(size);
      std::copy(source.begin(), source.end(), address.bytes.begin());
      reader.bytes(size);
      const std::uint16_t port = reader.u16();
      reader.u16();
      if (reader.ok()) take_client(header, address, port);
      return true;
    }
    default:
      return false;
  }
}

Parsed parse_binary(ByteView bytes) {
  constexpr std::uint8_t kLocal = 0x20;  // Version 2 and a command.
  constexpr std::uint8_t kProxy = 0x21;
  if (bytes.size() < kFixedSize) return std::nullopt;
  Reader fixed(bytes.substr(kSignature.size()));
  const std::uint8_t command = fixed.u8();
  const std::uint8_t family = fixed.u8();
  const std::size_t size = fixed.u16();
  if (command != kLocal && command != kProxy)
    return failure("a PROXY header of a version or with a command that does not exist");
  if (size > kProxyHeaderSizeMax - kFixedSize)
    return failure("a PROXY header of more than 2048 bytes");
  if (bytes.size() < kFixedSize + size) return std::nullopt;
  ProxyHeader header;
  header.size = kFixedSize + size;
  if (command == kLocal) {
    header.from = From::proxy;
    return header;
  }
  Reader reader(bytes.substr(kFixedSize, size));
  if (!take_addresses(family, reader, header))
    return failure("a PROXY header for something else than a stream");
  if (!take_fields(reader, header)) return failure("a PROXY header whose parts do not fit");
  return header;
}

bool begins(std::string_view whole, ByteView bytes) {
  return bytes.substr(0, whole.size()) == whole.substr(0, bytes.size());
}

}  // namespace

Parsed parse_proxy_header(ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  if (begins(kSignature, bytes)) return parse_binary(bytes);
  if (begins(kTextStart, bytes)) return parse_text(bytes);
  return failure("what came is no PROXY header");
}

}  // namespace tandemq
