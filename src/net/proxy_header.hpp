// proxy_header: what a proxy writes at the beginning of a connection about the client behind it.
// The PROXY protocol of HAProxy, versions 1 and 2 (proxy-protocol.txt, sections 2.1 and 2.2):
//   1  "PROXY TCP4 192.0.2.7 198.51.100.1 50123 1883" CR LF, at most 107 bytes
//   2  signature[12] version and command[1] family[1] size[2] addresses TLVs, big-endian
// A pure function: reads no socket. Any thread.
#pragma once

#include "base/result.hpp"
#include "base/wire.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace tandemq {

// More than this is refused; of version 2 the addresses and TLVs have 2 KB.
inline constexpr std::size_t kProxyHeaderSizeMax = 16 + 2'048;

struct ProxyHeader {
  enum class From : unsigned char {
    client,   // `address` says whom the proxy speaks for.
    unknown,  // A client of which it does not tell the address: UNKNOWN, or not over IP.
    proxy,    // The proxy speaks for itself: LOCAL, its health checks.
  };
  std::size_t size = 0;  // What follows is not of the header.
  From from = From::unknown;
  std::string address;    // As in Origin: "192.0.2.7:50123", "[2001:db8::7]:50123".
  bool loopback = false;  // The client is on the machine of the proxy.
  // The common name of the client's certificate, if the proxy has verified that; empty: it has none
  // that is a text of MQTT. Version 2 only.
  std::optional<std::string> certificate_user;
};

// `bytes`: all that has come, whatever follows the header. Nothing: more of it is needed.
Result<std::optional<ProxyHeader>> parse_proxy_header(ByteView bytes);

}  // namespace tandemq
