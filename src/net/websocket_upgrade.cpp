#include "net/websocket_upgrade.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <openssl/sha.h>

namespace tandemq {
namespace {

constexpr ByteView kEndOfHead = "\r\n\r\n";
constexpr ByteView kEndOfLine = "\r\n";
// RFC 6455 section 1.3: shows that we have understood what we were asked for.
constexpr ByteView kWebSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kNonceBytes = 16;

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(ByteView one, ByteView other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lowered(a) == lowered(b); });
}

bool is_name(ByteView text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char l = lowered(c);
    return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') ||
           ByteView("!#$%&'*+-.^_`|~").find(c) != ByteView::npos;
  });
}

ByteView without_blanks(ByteView text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

UpgradeAnswer refuse(std::string_view status, std::string_view why, std::string_view more = {}) {
  UpgradeAnswer answer;
  answer.why = std::string(status.substr(0, 3)) + ", " + std::string(why);
  answer.bytes = "HTTP/1.1 " + std::string(status) +
                 "\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: " +
                 std::to_string(why.size() + 1) + "\r\n" + std::string(more) + "\r\n" +
                 std::string(why) + "\n";
  return answer;
}

UpgradeAnswer refuse_form(std::string_view why) {
  return refuse("400 Bad Request", why);
}

// What of a request is looked at. Fields that may come once only are counted by `doubled`.
struct UpgradeRequest {
  ByteView method;
  ByteView target;
  ByteView version;
  std::optional<ByteView> host, key, key_version, origin;
  bool upgrades = false;    // Upgrade has the word websocket,
  bool is_upgrade = false;  // Connection has the word Upgrade.
  bool has_body = false;
  bool doubled = false;
  ByteView protocol;  // The first one offered that we speak; empty: none.
};

// Calls `take` with each word of a list such as "a, b".
template <class Take>
void for_each_word(ByteView list, Take take) {
  for (;;) {
    const std::size_t comma = std::min(list.find(','), list.size());
    take(without_blanks(list.substr(0, comma)));
    if (comma == list.size()) return;
    list.remove_prefix(comma + 1);
  }
}

void take_field(ByteView name, ByteView value, UpgradeRequest& request) {
  const auto once = [&](std::optional<ByteView>& field) {
    request.doubled = request.doubled || field.has_value();
    field = value;
  };
  const auto if_listed = [&](ByteView wanted, bool& found) {
    for_each_word(value, [&](ByteView word) { found = found || same_word(word, wanted); });
  };
  if (same_word(name, "Host")) return once(request.host);
  if (same_word(name, "Sec-WebSocket-Key")) return once(request.key);
  if (same_word(name, "Sec-WebSocket-Version")) return once(request.key_version);
  if (same_word(name, "Origin")) return once(request.origin);
  if (same_word(name, "Upgrade")) return if_listed("websocket", request.upgrades);
  if (same_word(name, "Connection")) return if_listed("upgrade", request.is_upgrade);
  if (same_word(name, "Transfer-Encoding")) request.has_body = true;
  if (same_word(name, "Content-Length")) request.has_body = request.has_body || value != "0";
  if (!same_word(name, "Sec-WebSocket-Protocol")) return;
  for_each_word(value, [&](ByteView word) {
    // Compared as they are: names of protocols are case-sensitive.
    if (request.protocol.empty() && (word == "mqtt" || word == "mqttv3.1")) request.protocol = word;
  });
}

// False: it has not the form of a request.
bool read_request(ByteView text, UpgradeRequest& request) {
  const std::size_t end = text.find(kEndOfLine);
  const ByteView first = text.substr(0, end);
  const std::size_t target = first.find(' ');
  const std::size_t version = first.rfind(' ');
  if (target == ByteView::npos || version == target) return false;
  request.method = first.substr(0, target);
  request.target = first.substr(target + 1, version - target - 1);
  request.version = first.substr(version + 1);
  if (!is_name(request.method) || request.target.find(' ') != ByteView::npos) return false;
  text.remove_prefix(end + kEndOfLine.size());
  while (!text.starts_with(kEndOfLine)) {
    const ByteView line = text.substr(0, text.find(kEndOfLine));
    const std::size_t colon = std::min(line.find(':'), line.size());
    // A line that begins with a blank went on with the one before, once; no client does it now.
    if (colon == line.size() || !is_name(line.substr(0, colon))) return false;
    if (line.find_first_of(kEndOfLine) != ByteView::npos) return false;
    take_field(line.substr(0, colon), without_blanks(line.substr(colon + 1)), request);
    text.remove_prefix(line.size() + kEndOfLine.size());
  }
  return first.find_first_of(kEndOfLine) == ByteView::npos;
}

bool is_allowed(ByteView origin, const std::vector<std::string>& origins) {
  return origins.empty() || std::any_of(origins.begin(), origins.end(),
                                        [&](ByteView one) { return same_word(one, origin); });
}

std::string accept_value(ByteView key) {
  std::string text(key);
  text += kWebSocketGuid;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::size_t upgrade_size(ByteView received, std::size_t seen) {
  const std::size_t end = received.find(kEndOfHead, seen < 3 ? 0 : seen - 3);
  return end == ByteView::npos ? 0 : end + kEndOfHead.size();
}

bool may_become_upgrade(ByteView received) {
  return std::all_of(received.begin(), received.end(), [](char c) {
    return (c >= ' ' && c != '\x7f') || c == '\r' || c == '\n' || c == '\t' || (c & '\x80') != 0;
  });
}

UpgradeAnswer answer_upgrade(ByteView text, const ListenerWebSocket& rules) {
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find('\n', at)) != ByteView::npos; ++at) ++lines;
  if (text.size() > kUpgradeSizeMax || lines > kUpgradeLinesMax + 1) return answer_too_large();
  UpgradeRequest request;
  if (!may_become_upgrade(text) || !read_request(text, request)) return answer_no_upgrade();
  if (request.version != "HTTP/1.1") return refuse_form("HTTP/1.1 is spoken here");
  if (request.doubled) return refuse_form("a header field stands twice");
  if (request.method != "GET")
    return refuse("405 Method Not Allowed", "a WebSocket is asked for by GET", "Allow: GET\r\n");
  if (request.has_body) return refuse_form("the request has a body");
  if (!request.host) return refuse_form("there is no Host");
  if (!request.target.starts_with('/')) return refuse_form("the target is no path");
  const ByteView path = request.target.substr(0, request.target.find('?'));
  if (rules.path != "/*" && path != rules.path)
    return refuse("404 Not Found", "there is nothing under this path");
  constexpr std::string_view kWanted = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  if (!request.upgrades || !request.is_upgrade)
    return refuse("426 Upgrade Required", "only WebSocket is spoken here", kWanted);
  if (request.key_version != ByteView("13"))
    return refuse("426 Upgrade Required", "the version of WebSocket is 13", kWanted);
  const auto nonce = request.key ? decode_base64(*request.key) : std::nullopt;
  if (!nonce || nonce->size() != kNonceBytes)
    return refuse_form("Sec-WebSocket-Key is not 16 bytes in Base64");
  // Browsers say it always, and whoever is none could say what it likes.
  if (request.origin && !is_allowed(*request.origin, rules.origins))
    return refuse("403 Forbidden", "pages of this Origin may not connect");
  if (request.protocol.empty())  // [MQTT-6.0.0-3]
    return refuse_form("Sec-WebSocket-Protocol does not offer mqtt");
  UpgradeAnswer answer;
  answer.accepted = true;
  answer.bytes =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(*request.key) + "\r\nSec-WebSocket-Protocol: " +  // [MQTT-6.0.0-4]
      std::string(request.protocol) + "\r\n\r\n";
  return answer;
}

UpgradeAnswer answer_no_upgrade() {
  return refuse_form("this is no request of HTTP/1.1");
}

UpgradeAnswer answer_too_large() {
  return refuse("431 Request Header Fields Too Large", "the request is too large");
}

UpgradeAnswer answer_too_late() {
  return refuse("408 Request Timeout", "the request took longer than limits.connect_timeout_ms");
}

}  // namespace tandemq
