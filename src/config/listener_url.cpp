#include "config/listener_url.hpp"

#include "config/ack_rule.hpp"

#include <algorithm>
#include <charconv>

namespace tandemq {
namespace {

constexpr std::string_view kForm = "expected mqtt://HOST:PORT";
constexpr std::size_t kHostSizeMax = 253;  // Of a name in the DNS.

bool is_one_of(char c, std::string_view punctuation) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || punctuation.find(c) != std::string_view::npos;
}

bool consists_of(std::string_view host, std::string_view punctuation) {
  return !host.empty() && host.size() <= kHostSizeMax &&
         std::all_of(host.begin(), host.end(), [&](char c) { return is_one_of(c, punctuation); });
}

struct Parts {
  std::string_view host;
  std::string_view port;  // With its colon; empty: none is written.
  bool bracketed = false;
};

Parts parts_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    return {authority.substr(1, end - 1), authority.substr(end + 1), true};
  }
  const std::size_t colon = std::min(authority.find(':'), authority.size());
  return {authority.substr(0, colon), authority.substr(colon), false};
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  if (!text.starts_with(':')) return false;
  text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

// Empty: there is nothing wrong with the host.
std::string_view objection_to_host(const Parts& parts) {
  // A zone such as fe80::1%eth0 is written with its percent sign, unlike in RFC 6874.
  if (!consists_of(parts.host, parts.bracketed ? ":.%-_" : ".-_"))
    return "HOST is neither a name nor an IPv4 address nor an IPv6 address in brackets";
  if (parts.bracketed && parts.host.find(':') == std::string_view::npos)
    return "only an IPv6 address stands in brackets";
  return {};
}

// "?key=value&key=value", or nothing.
Result<void> take_query(std::string_view query, ListenerConfig& listener) {
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    const std::string_view key = pair.substr(0, pair.find('='));
    if (key != "ack") return failure("'" + std::string(key) + "' is no parameter, 'ack' is one");
    if (listener.ack) return failure("'ack' stands twice");
    const auto level = parse_ack_level(pair.substr(std::min(key.size() + 1, pair.size())));
    if (!level) return failure("ack: " + level.error().text);
    listener.ack = *level;
  }
  return {};
}

}  // namespace

Result<ListenerConfig> parse_listener_url(std::string_view url) {
  const auto refused = [&](std::string_view why) {
    return failure("'" + std::string(url) + "': " + std::string(why));
  };
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return refused(kForm);
  ListenerConfig listener;
  listener.url = url;
  listener.scheme = url.substr(0, colon);
  if (listener.scheme != "mqtt") return refused("the scheme is not mqtt, the only one there is");
  std::string_view authority = url.substr(colon + 3);
  const std::size_t query = std::min(authority.find('?'), authority.size());
  if (auto taken = take_query(authority.substr(query), listener); !taken)
    return refused(taken.error().text);
  authority = authority.substr(0, query);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('/') != std::string_view::npos) return refused("a listener has no /path");

  const Parts parts = parts_of(authority);
  if (const auto why = objection_to_host(parts); !why.empty()) return refused(why);
  listener.host = parts.host;
  if (!parts.port.empty() && !parse_port(parts.port, listener.port))
    return refused("PORT is not a number from 0 to 65535");
  return listener;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto refused = [&](std::string_view why) {
    return failure("'" + std::string(text) + "': expected HOST:PORT, such as 192.0.2.7:7400 or " +
                   "[2001:db8::7]:7400; " + std::string(why));
  };
  const Parts parts = parts_of(text);
  if (const auto why = objection_to_host(parts); !why.empty()) return refused(why);
  HostPort address;
  address.host = parts.host;
  if (!parse_port(parts.port, address.port)) return refused("PORT is not a number from 0 to 65535");
  return address;
}

bool is_loopback(std::string_view host) {
  // 127.example.org is a name.
  const bool in_127 =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return in_127 || host == "localhost" || host == "::1";
}

}  // namespace tandemq
