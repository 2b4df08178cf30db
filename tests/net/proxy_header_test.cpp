#include "net/proxy_header.hpp"

#include "tests/net/proxy_headers.hpp"

#include <optional>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using From = ProxyHeader::From;
using tests::proxy_field;
using tests::proxy_tls;
using tests::proxy_v2;
using tests::proxy_v2_of_client;

// Of bytes that hold a whole header, whatever follows it.
ProxyHeader header_of(const std::string& bytes) {
  const auto header = parse_proxy_header(bytes + "\x10MQTT");
  REQUIRE(header.has_value());
  REQUIRE(header->has_value());
  CHECK((*header)->size == bytes.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const auto part = parse_proxy_header(std::string_view(bytes).substr(0, size));
    REQUIRE(part.has_value());
    CHECK_FALSE(part->has_value());
  }
  return **header;
}

std::string refusal_of(const std::string& bytes) {
  const auto header = parse_proxy_header(bytes);
  return header ? "none" : header.error().text;
}

const std::string kCn = proxy_field(0x22, "sensor-7");

}  // namespace

TEST_CASE("a PROXY header says who the client is, and where it ends") {
  struct Row {
    std::string bytes;
    From from;
    const char* address;
    bool loopback;
  };
  const Row rows[] = {
      {"PROXY TCP4 192.0.2.7 198.51.100.1 50123 1883\r\n", From::client, "192.0.2.7:50123", false},
      {"PROXY TCP4 127.0.0.1 127.0.0.1 0 65535\r\n", From::client, "127.0.0.1:0", true},
      {"PROXY TCP6 2001:db8::7 ::1 50123 1883\r\n", From::client, "[2001:db8::7]:50123", false},
      {"PROXY TCP6 ::1 ::1 1 1883\r\n", From::client, "[::1]:1", true},
      {"PROXY UNKNOWN\r\n", From::unknown, "", false},
      {"PROXY UNKNOWN ff:: ff:: 1 2\r\n", From::unknown, "", false},
      {proxy_v2_of_client(), From::client, "192.0.2.7:50123", false},
      {proxy_v2(0x21, 0x21, std::string(15, '\0') + '\1' + std::string(16, '\0') + "\1\2\3\4"),
       From::client, "[::1]:258", true},
      {proxy_v2(0x21, 0x11, std::string("\x7F\0\0\1\x7F\0\0\1\0\1\0\2", 12)), From::client,
       "127.0.0.1:1", true},
      {proxy_v2(0x21, 0x00, ""), From::unknown, "", false},
      {proxy_v2(0x21, 0x31, std::string(216, 'x')), From::unknown, "", false},
      {proxy_v2(0x20, 0x00, ""), From::proxy, "", false},
      {proxy_v2(0x20, 0x11, "its addresses mean nothing"), From::proxy, "", false},
      {proxy_v2_of_client(proxy_field(0x01, "mqtt") + proxy_field(0x05, "")), From::client,
       "192.0.2.7:50123", false},
      {proxy_v2_of_client(proxy_field(0x04, std::string(2'048 - 12 - 3, '\0'))), From::client,
       "192.0.2.7:50123", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    const ProxyHeader header = header_of(row.bytes);
    CHECK(header.from == row.from);
    CHECK(header.address == row.address);
    CHECK(header.loopback == row.loopback);
    CHECK_FALSE(header.certificate_user.has_value());
  }
}

TEST_CASE("what is no PROXY header is refused as soon as that is clear") {
  struct Row {
    std::string bytes;
    const char* why;
  };
  const Row rows[] = {
      {"\x10", "no PROXY header"},
      {"\x16\x03\x01", "no PROXY header"},
      {"P0", "no PROXY header"},
      {"\r\n\r\n\r", "no PROXY header"},
      {"GET / HTTP/1.1\r\n", "no PROXY header"},
      {"PROXY \r\n", "names no two addresses"},
      {"PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n", "names no two addresses"},
      {"PROXY UNKNOWNS\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7  192.0.2.8 1 2\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 1 65536\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 -1 2\r\n", "names no two addresses"},
      {"PROXY TCP4 192.0.2.300 192.0.2.8 1 2\r\n", "names no two addresses"},
      {"PROXY TCP4 ::1 ::1 1 2\r\n", "names no two addresses"},
      {"PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n", "names no two addresses"},
      {std::string("PROXY TCP4 192.0.2.7\0x 192.0.2.8 1 2\r\n", 39), "names no two addresses"},
      {"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\n", "does not end with CR LF"},
      {"PROXY UNKNOWN " + std::string(93, 'x'), "more than 107 bytes"},
      {"PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", "more than 107 bytes"},
      {proxy_v2(0x11, 0x11, ""), "a version or with a command"},
      {proxy_v2(0x22, 0x11, ""), "a version or with a command"},
      {proxy_v2(0x21, 0x12, std::string(12, '\0')), "something else than a stream"},
      {proxy_v2(0x21, 0x41, std::string(12, '\0')), "something else than a stream"},
      {proxy_v2(0x21, 0x11, std::string(11, '\0')), "parts do not fit"},
      {proxy_v2(0x21, 0x21, std::string(35, '\0')), "parts do not fit"},
      {proxy_v2(0x21, 0x31, std::string(215, '\0')), "parts do not fit"},
      {proxy_v2_of_client("\x01"), "parts do not fit"},
      {proxy_v2_of_client(std::string("\x01\x00\x05mqtt", 7)), "parts do not fit"},
      {proxy_v2_of_client(proxy_field(0x20, "abc")), "parts do not fit"},
      {proxy_v2(0x21, 0x11, std::string(2'049, '\0')).substr(0, 16), "more than 2048 bytes"},
      {proxy_v2(0x20, 0x00, std::string(65'535, '\0')).substr(0, 16), "more than 2048 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    CHECK(refusal_of(row.bytes).find(row.why) != std::string::npos);
  }
}

TEST_CASE("the longest PROXY line has 107 bytes") {
  CHECK(header_of("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n").size == 107);
}

TEST_CASE("the certificate behind a proxy counts only if the proxy has verified it") {
  struct Row {
    std::string fields;
    std::optional<std::string> user;
  };
  const Row rows[] = {
      {proxy_tls(0x07, 0, kCn), "sensor-7"},
      {proxy_tls(0x05, 0, kCn), "sensor-7"},
      {proxy_tls(0x03, 0, proxy_field(0x21, "TLSv1.3") + kCn), "sensor-7"},
      {proxy_field(0x05, "id") + proxy_tls(0x07, 0, kCn), "sensor-7"},
      {proxy_tls(0x07, 18, kCn), std::nullopt},  // Not verified.
      {proxy_tls(0x01, 0, kCn), std::nullopt},   // None was shown.
      {proxy_tls(0x06, 0, kCn), std::nullopt},   // Not over TLS.
      {proxy_tls(0x07, 0, ""), ""},
      {proxy_tls(0x07, 0, proxy_field(0x22, "\xFF")), ""},
      {proxy_tls(0x07, 0, proxy_field(0x22, std::string("a\0b", 3))), ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.fields);
    CHECK(header_of(proxy_v2_of_client(row.fields)).certificate_user == row.user);
  }
}

}  // namespace tandemq
