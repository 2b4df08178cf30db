#include "net/websocket_upgrade.hpp"

#include "tests/net/websocket_frames.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::upgrade_request;

constexpr const char* kOffer = "Sec-WebSocket-Protocol: mqtt\r\n";

std::string status_of(const std::string& request, const ListenerWebSocket& rules = {}) {
  const UpgradeAnswer answer = answer_upgrade(request, rules);
  CHECK(answer.accepted == answer.bytes.starts_with("HTTP/1.1 101 "));
  CHECK(answer.accepted == answer.why.empty());
  CHECK(answer.bytes.find("\r\n\r\n") != std::string::npos);
  return answer.bytes.substr(9, 3);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE(
    "[MQTT-6.0.0-4] an upgrade is answered with the subprotocol mqtt and the value of RFC 6455") {
  const UpgradeAnswer answer = answer_upgrade(upgrade_request(), {});
  CHECK(answer.accepted);
  CHECK(answer.bytes ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
}

TEST_CASE("[MQTT-6.0.0-3] who does not offer mqtt is refused, whatever else it offers") {
  CHECK(status_of(upgrade_request("/mqtt", "")) == "400");
  CHECK(status_of(upgrade_request("/mqtt", "Sec-WebSocket-Protocol: chat, MQTT\r\n")) == "400");
  CHECK(status_of(upgrade_request("/mqtt", "Sec-WebSocket-Protocol: chat , mqtt\r\n")) == "101");
  const std::string two =
      "Sec-WebSocket-Protocol: chat\r\nsec-websocket-protocol:mqttv3.1,mqtt\r\n";
  CHECK(answer_upgrade(upgrade_request("/mqtt", two), {}).bytes.find("Protocol: mqttv3.1\r\n") !=
        std::string::npos);
}

TEST_CASE("what stands in a request decides about the answer") {
  struct Row {
    const char* what;
    const char* with;
    const char* status;
  };
  constexpr Row kRows[] = {
      {"Upgrade: websocket", "UPGRADE:\tWebSocket ", "101"},
      {"Connection: Upgrade", "Connection: keep-alive, upgrade", "101"},
      {"Host: broker:9001", "Host:", "101"},
      {"/mqtt ", "/mqtt?token=x ", "101"},
      {"Sec-WebSocket-Version: 13",
       "Sec-WebSocket-Extensions: permessage-deflate\r\n"
       "Sec-WebSocket-Version: 13",
       "101"},
      {"GET ", "POST ", "405"},
      {"GET ", "G\x7fT ", "400"},
      {"GET ", "GET  ", "400"},
      {"/mqtt ", "/ ", "404"},
      {"/mqtt ", "/mqtt/ ", "404"},
      {"/mqtt ", "/MQTT ", "404"},
      {"/mqtt ", "http://broker/mqtt ", "400"},
      {"/mqtt ", "/mqtt x ", "400"},
      {"HTTP/1.1", "HTTP/1.0", "400"},
      {"HTTP/1.1", "HTTP/2", "400"},
      {" HTTP/1.1", "", "400"},
      {"Host: broker:9001\r\n", "", "400"},
      {"Host: broker:9001", "Host: a\r\nHost: b", "400"},
      {"Host: broker:9001", "Host : a", "400"},
      {"Host: broker:9001", "Host: a\r\n folded", "400"},
      {"Host: broker:9001", "Host: a\nX: b", "400"},
      {"Host: broker:9001", "Host: a\rX: b", "400"},
      {"Host: broker:9001", "Host", "400"},
      {"Host: broker:9001", ": a", "400"},
      {"Host: broker:9001", "Host: a\x01", "400"},
      {"Host: broker:9001", "Host: a\r\nContent-Length: 5", "400"},
      {"Host: broker:9001", "Host: a\r\nContent-Length: 0", "101"},
      {"Host: broker:9001", "Host: a\r\nTransfer-Encoding: chunked", "400"},
      {"Upgrade: websocket\r\n", "", "426"},
      {"Upgrade: websocket", "Upgrade: h2c", "426"},
      {"Connection: Upgrade", "Connection: close", "426"},
      {"Version: 13", "Version: 8", "426"},
      {"Sec-WebSocket-Version: 13\r\n", "", "426"},
      {"Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", "400"},
      {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", "400"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==", "400"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "", "400"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    CAPTURE(row.with);
    CHECK(status_of(replaced(upgrade_request(), row.what, row.with)) == row.status);
  }
  CHECK(status_of("\r\n\r\n") == "400");
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n", {"/", {}}) == "400");
  CHECK(answer_upgrade(replaced(upgrade_request(), "13", "7"), {})
            .bytes.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
}

TEST_CASE("a path that ends with a star is every path") {
  CHECK(status_of(upgrade_request("/anything?x"), {"/*", {}}) == "101");
  CHECK(status_of(upgrade_request("/"), {"/", {}}) == "101");
  CHECK(status_of(upgrade_request("/mqtt"), {"/", {}}) == "404");
}

TEST_CASE("a page of another origin may not connect, and who is no browser may") {
  const ListenerWebSocket rules{"/mqtt", {"https://a.example", "http://b.example:8080"}};
  const auto with = [&](const std::string& line) {
    return status_of(upgrade_request("/mqtt", kOffer + line), rules);
  };
  CHECK(with("Origin: https://a.example\r\n") == "101");
  CHECK(with("Origin: HTTPS://A.example\r\n") == "101");
  CHECK(with("origin: http://b.example:8080\r\n") == "101");
  CHECK(with("") == "101");
  CHECK(with("Origin: http://a.example\r\n") == "403");
  CHECK(with("Origin: https://a.example.evil\r\n") == "403");
  CHECK(with("Origin: https://a.example:444\r\n") == "403");
  CHECK(with("Origin: null\r\n") == "403");
  CHECK(with("Origin:\r\n") == "403");
  CHECK(with("Origin: https://a.example\r\nOrigin: https://evil\r\n") == "400");
  CHECK(status_of(upgrade_request("/mqtt", std::string(kOffer) + "Origin: https://evil\r\n")) ==
        "101");
}

TEST_CASE("a request has an end to its size and to its lines") {
  std::string lines;
  for (std::size_t i = 0; i < kUpgradeLinesMax - 7; ++i) lines += "A: b\r\n";
  CHECK(status_of(upgrade_request("/mqtt", kOffer + lines)) == "101");
  CHECK(status_of(upgrade_request("/mqtt", kOffer + lines + "A: b\r\n")) == "431");
  const auto padded = [](std::size_t size) {
    const std::size_t bare = upgrade_request("/mqtt", kOffer + std::string("A: \r\n")).size();
    return upgrade_request("/mqtt", kOffer + ("A: " + std::string(size - bare, 'x') + "\r\n"));
  };
  REQUIRE(padded(kUpgradeSizeMax).size() == kUpgradeSizeMax);
  CHECK(status_of(padded(kUpgradeSizeMax)) == "101");
  CHECK(status_of(padded(kUpgradeSizeMax + 1)) == "431");
}

TEST_CASE("the end of a request is found wherever the network has cut it") {
  const std::string whole = upgrade_request();
  const std::string more = whole + "more";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    REQUIRE(upgrade_size(ByteView(whole).substr(0, cut), cut == 0 ? 0 : cut - 1) == 0);
    REQUIRE(upgrade_size(more, cut) == whole.size());
  }
}

TEST_CASE("what a client of another protocol sends is known by its first bytes") {
  CHECK(may_become_upgrade("GET / HTTP/1.1\r\nX:\t\xC3\xBC"));
  CHECK_FALSE(may_become_upgrade(ByteView("\x10\x0c\x00\x04MQTT", 8)));
  CHECK_FALSE(may_become_upgrade(ByteView("\x16\x03\x01", 3)));
  CHECK(answer_no_upgrade().bytes.starts_with("HTTP/1.1 400 "));
  CHECK(answer_too_large().bytes.starts_with("HTTP/1.1 431 "));
  CHECK(answer_too_late().bytes.starts_with("HTTP/1.1 408 "));
}

}  // namespace tandemq
