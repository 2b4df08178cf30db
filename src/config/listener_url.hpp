// listener_url: scheme://host:port/path?key=value or unix:///path?key=value, a listener, and
// host:port, the address of a node.
// Pure text: resolves no name and opens nothing. An IPv6 address stands in brackets, as RFC 3986
// section 3.2.2 has it.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

inline constexpr std::string_view kDefaultListener = "mqtt://127.0.0.1:1883";

// The port is 1883 when the URL has none, 8883 with mqtts, 9001 with ws and 9443 with wss; port 0
// is any free port. Only ws and wss have a path. Opens no file: that is config/listener_tls.
Result<ListenerConfig> parse_listener_url(std::string_view url);

struct HostPort {
  std::string host;  // Name, IPv4 or IPv6 without brackets.
  std::uint16_t port = 0;
};

// "HOST:PORT", of replication.listen and replication.peer. The error quotes the text.
Result<HostPort> parse_host_port(std::string_view text);

// Can only this machine reach a listener on this host?
bool is_loopback(std::string_view host);
// Do its clients come from this machine, as on a unix socket? Those behind a proxy need not.
bool is_local(const ListenerConfig& listener);

}  // namespace tandemq
