#include "config/listener_url.hpp"

#include "config/ack_rule.hpp"
#include "config/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

constexpr std::string_view kForm =
    "expected mqtt://HOST:PORT or mqtts://HOST:PORT, ws://HOST:PORT/PATH or wss://HOST:PORT/PATH, "
    "or unix:///PATH";
constexpr std::size_t kHostSizeMax = 253;  // Of a name in the DNS.
constexpr std::string_view kUnix = "unix";
constexpr std::uint16_t kPortTls = 8883;
// Neither has one of its own for MQTT. 9001 is that of Mosquitto's examples.
constexpr std::uint16_t kPortWebSocket = 9001;
constexpr std::uint16_t kPortWebSocketTls = 9443;
constexpr std::size_t kPathSizeMax = 255;
constexpr std::size_t kSocketPathSizeMax = 107;  // Linux's sun_path has 108 bytes, one for the end.

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

// ---------------------------------------------------------------- what stands behind the port

Result<std::uint8_t> choice_of(std::string_view value, std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), value);
  if (found != words.end()) return static_cast<std::uint8_t>(found - words.begin());
  std::string allowed;
  for (const std::string_view word : words)
    allowed += (allowed.empty() ? "" : word == words.back() ? " or " : ", ") + std::string(word);
  return failure("'" + std::string(value) + "', expected " + allowed);
}

Result<void> take_text(std::string& text, std::string value) {
  if (value.empty()) return failure("it is empty");
  text = std::move(value);
  return {};
}

// Divided by commas.
Result<void> take_networks(std::vector<IpNetwork>& networks, const std::string& value) {
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const auto network = parse_ip_network(value.substr(begin, end - begin));
    if (!network) return failure(network.error().text);
    networks.push_back(*network);
    begin = end + 1;
  }
  return {};
}

template <class Choice>
Result<void> take_choice(Choice& choice, std::string_view value,
                         std::span<const std::string_view> words) {
  const auto taken = choice_of(value, words);
  if (!taken) return tl::unexpected(taken.error());
  choice = static_cast<Choice>(*taken);
  return {};
}

// "https://example.org,http://localhost:8080", each as a browser writes it.
Result<void> take_origins(std::vector<std::string>& origins, std::string_view value) {
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string_view one = value.substr(begin, end - begin);
    const std::size_t host = one.find("://") + 3;
    const bool has_host = one.find("://") != std::string_view::npos && host < one.size();
    if (one != "null" && (!has_host || one.find('/', host) != std::string_view::npos))
      return failure("'" + std::string(one) +
                     "', expected SCHEME://HOST or SCHEME://HOST:PORT without a path, several "
                     "divided by ','");
    origins.emplace_back(one);
    begin = end + 1;
  }
  return {};
}

constexpr std::array<std::string_view, 3> kCertificates = {"none", "optional", "required"};
constexpr std::array<std::string_view, 4> kUsers = {"none", "cn", "san", "fingerprint"};
constexpr std::array<std::string_view, 2> kVersions = {"1.2", "1.3"};
constexpr std::array<std::string_view, 2> kProxyUsers = {"none", "cn"};

// In octal, as chmod has it.
Result<void> take_mode(std::uint32_t& mode, std::string_view value) {
  constexpr std::uint32_t kModeMax = 0777;
  constexpr int kOctal = 8;
  const char* const end = value.data() + value.size();
  const auto [read, error] = std::from_chars(value.data(), end, mode, kOctal);
  if (error == std::errc() && read == end && mode <= kModeMax) return {};
  return failure("'" + std::string(value) + "', expected octal digits up to 0777, such as 0660");
}

enum class Over : std::uint8_t { any, ip, unix_socket, websocket };

// A limit that differs here: its value has to be one that the option takes.
Result<void> take_limit(ListenerConfig& to, const char* key, std::string value) {
  Config any;
  if (auto taken = set_value(any, *find_option(key), value); !taken) return taken;
  to.limits.push_back({key, std::move(value)});
  return {};
}

constexpr std::array kLimits = {
    "limits.max_connections", "limits.accept_rate",  "limits.connections_per_address",
    "limits.message_rate",    "limits.byte_rate",    "limits.max_packet_size",
    "limits.receive_maximum", "limits.max_inflight", "limits.subscriptions_max",
};

template <std::size_t number>
Result<void> limit(ListenerConfig& to, std::string value) {
  return take_limit(to, kLimits[number], std::move(value));
}

struct Parameter {
  std::string_view name;
  bool of_tls;
  Result<void> (*take)(ListenerConfig&, std::string value);
  Over over = Over::any;
};

constexpr Parameter kParameters[] = {
    {"ack", false,
     [](ListenerConfig& to, std::string value) -> Result<void> {
       const auto level = parse_ack_level(value);
       if (!level) return failure(level.error().text);
       to.ack = *level;
       return {};
     }},
    {"cert", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->cert, std::move(value));
     }},
    {"key", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->key, std::move(value));
     }},
    {"ca", true,
     [](ListenerConfig& to, std::string value) { return take_text(to.tls->ca, std::move(value)); }},
    {"crl", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->crl, std::move(value));
     }},
    {"client_cert", true,
     [](ListenerConfig& to, std::string value) {
       return take_choice(to.tls->client_certificate, value, kCertificates);
     }},
    {"user_from", true,
     [](ListenerConfig& to, std::string value) {
       return take_choice(to.tls->user_from, value, kUsers);
     }},
    {"min_version", true,
     [](ListenerConfig& to, std::string value) {
       return take_choice(to.tls->only_tls13, value, kVersions);
     }},
    {"ciphers", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->ciphers, std::move(value));
     }},
    {"origin", false,
     [](ListenerConfig& to, std::string value) {
       return take_origins(to.websocket->origins, value);
     },
     Over::websocket},
    {"psk", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->psk, std::move(value));
     }},
    {"psk_hint", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->psk_hint, std::move(value));
     }},
    {"ocsp", true,
     [](ListenerConfig& to, std::string value) {
       return take_text(to.tls->ocsp, std::move(value));
     }},
    {"proxy", false,
     [](ListenerConfig& to, std::string value) { return take_networks(to.proxies, value); },
     Over::ip},
    {"proxy_user", false,
     [](ListenerConfig& to, std::string value) {
       return take_choice(to.proxy_user, value, kProxyUsers);
     },
     Over::ip},
    {"mode", false,
     [](ListenerConfig& to, std::string value) { return take_mode(to.unix_mode, value); },
     Over::unix_socket},
    {"max_connections", false, limit<0>},
    {"accept_rate", false, limit<1>},
    {"connections_per_address", false, limit<2>},
    {"message_rate", false, limit<3>},
    {"byte_rate", false, limit<4>},
    {"max_packet_size", false, limit<5>},
    {"receive_maximum", false, limit<6>},
    {"max_inflight", false, limit<7>},
    {"subscriptions_max", false, limit<8>},
};

bool fits(const Parameter& parameter, const ListenerConfig& listener) {
  if (parameter.of_tls && !listener.tls) return false;
  const bool is_unix = listener.scheme == kUnix;
  switch (parameter.over) {
    case Over::any:
      return true;
    case Over::ip:
      return !is_unix;
    case Over::unix_socket:
      return is_unix;
    case Over::websocket:
      return listener.websocket.has_value();
  }
  return false;
}

// %26 is &, so that a value can hold what divides them.
Result<std::string> decoded(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      text.push_back(value[i]);
      continue;
    }
    unsigned code = 0;
    const char* const digits = value.data() + i + 1;
    const char* const end = value.data() + std::min(value.size(), i + 3);
    if (std::from_chars(digits, end, code, 16).ptr != digits + 2 || code == 0)
      return failure("two hexadecimal digits follow a %, and %25 is one itself");
    text.push_back(static_cast<char>(code));
    i += 2;
  }
  return text;
}

Result<void> take_parameter(std::string_view pair, ListenerConfig& listener,
                            std::vector<std::string_view>& taken) {
  const std::string_view key = pair.substr(0, pair.find('='));
  const auto refused = [&](std::string_view why) {
    return failure("'" + std::string(key) + "' " + std::string(why));
  };
  const auto* const known = std::find_if(std::begin(kParameters), std::end(kParameters),
                                         [&](const Parameter& one) { return one.name == key; });
  if (known == std::end(kParameters)) {
    std::string names;
    for (const Parameter& one : kParameters)
      if (fits(one, listener)) names += (names.empty() ? "" : ", ") + std::string(one.name);
    return refused("is no parameter, expected " + names);
  }
  if (known->of_tls && !listener.tls) return refused("is a parameter of mqtts:// and wss://");
  if (!fits(*known, listener))
    return refused(known->over == Over::ip            ? "is no parameter of unix://"
                   : known->over == Over::unix_socket ? "is a parameter of unix://"
                                                      : "is a parameter of ws:// and wss://");
  if (std::find(taken.begin(), taken.end(), key) != taken.end()) return refused("stands twice");
  taken.push_back(key);
  auto value = decoded(pair.substr(std::min(key.size() + 1, pair.size())));
  const Result<void> done =
      value ? known->take(listener, std::move(*value)) : tl::unexpected(value.error());
  return done ? done : failure(std::string(key) + ": " + done.error().text);
}

Result<void> check_psk_parameters(const ListenerTls& tls,
                                  const std::vector<std::string_view>& taken) {
  const auto has = [&](std::string_view key) {
    return std::find(taken.begin(), taken.end(), key) != taken.end();
  };
  if (tls.client_certificate != ClientCertificate::none || has("ca") || has("crl"))
    return failure("psk and the certificates of clients: each needs a listener of its own");
  if (has("user_from") && tls.user_from != UserFrom::none)
    return failure("user_from: with psk the identity is the user; only none can be said instead");
  return {};
}

Result<void> check_tls_parameters(const ListenerTls& tls,
                                  const std::vector<std::string_view>& taken) {
  const bool both = !tls.cert.empty() && !tls.key.empty();
  if (!both && (tls.psk.empty() || !tls.cert.empty() || !tls.key.empty()))
    return failure("TLS needs cert=FILE and key=FILE, or psk=FILE");
  if (!tls.ocsp.empty() && !both) return failure("'ocsp' is about the certificate of cert=FILE");
  if (tls.psk.empty() && !tls.psk_hint.empty()) return failure("psk_hint needs psk=FILE");
  if (!tls.psk.empty()) return check_psk_parameters(tls, taken);
  if (tls.client_certificate != ClientCertificate::none) {
    if (tls.ca.empty()) return failure("client_cert needs ca=FILE, who signs them");
    return {};
  }
  for (const std::string_view key : {"ca", "crl", "user_from"})
    if (std::find(taken.begin(), taken.end(), key) != taken.end())
      return failure("'" + std::string(key) +
                     "' is about the certificates of clients: say client_cert=required, or "
                     "optional");
  return {};
}

Result<void> check_proxy_parameters(const ListenerConfig& listener) {
  if (!listener.proxy_user) return {};
  if (listener.proxies.empty()) return failure("proxy_user needs proxy=ADDRESS, who names them");
  if (listener.tls && listener.tls->client_certificate != ClientCertificate::none)
    return failure("proxy_user and client_cert: either the proxy asks for certificates, or we do");
  return {};
}

// "?key=value&key=value", or nothing.
Result<void> take_query(std::string_view query, ListenerConfig& listener) {
  std::vector<std::string_view> taken;
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    if (auto done = take_parameter(pair, listener, taken); !done) return done;
  }
  if (auto fits = check_proxy_parameters(listener); !fits) return fits;
  return listener.tls ? check_tls_parameters(*listener.tls, taken) : Result<void>();
}

// Cuts it off. What is not written is the default; a client's path is compared as it stands.
bool take_path(std::string_view& authority, std::string& path) {
  const std::size_t slash = authority.find('/');
  if (slash == std::string_view::npos) return true;
  path = authority.substr(slash);
  authority = authority.substr(0, slash);
  return path.size() <= kPathSizeMax && std::all_of(path.begin(), path.end(), [](char c) {
           return is_one_of(c, "-._~%!$&'()*+,;=:@/");
         });
}

// Empty: there is nothing wrong with it.
std::string objection_to_path(const std::string& path) {
  if (!path.starts_with('/') || path.ends_with('/'))
    return "expected unix:///PATH, such as unix:///run/tandemq/mqtt.sock";
  if (path.size() > kSocketPathSizeMax)
    return "the path of a unix socket has at most " + std::to_string(kSocketPathSizeMax) + " bytes";
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
  if (listener.scheme == "mqtts") {
    listener.tls.emplace();
    listener.port = kPortTls;
  } else if (listener.scheme == "ws") {
    listener.websocket.emplace();
    listener.port = kPortWebSocket;
  } else if (listener.scheme == "wss") {
    listener.tls.emplace();
    listener.websocket.emplace();
    listener.port = kPortWebSocketTls;
  } else if (listener.scheme != "mqtt" && listener.scheme != kUnix) {
    return refused("the scheme is none of mqtt, mqtts, ws, wss and unix");
  }
  std::string_view authority = url.substr(colon + 3);
  const std::size_t query = std::min(authority.find('?'), authority.size());
  if (auto taken = take_query(authority.substr(query), listener); !taken)
    return refused(taken.error().text);
  authority = authority.substr(0, query);
  if (listener.scheme == kUnix) {
    auto path = decoded(authority);
    if (!path) return refused(path.error().text);
    if (const std::string why = objection_to_path(*path); !why.empty()) return refused(why);
    listener.unix_path = std::move(*path);
    listener.port = 0;
    return listener;
  }
  if (listener.websocket && !take_path(authority, listener.websocket->path))
    return refused("the /path has other characters than a URL may have, or more than 255");
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('/') != std::string_view::npos) return refused("a listener has no /path");

  const Parts parts = parts_of(authority);
  if (const auto why = objection_to_host(parts); !why.empty()) return refused(why);
  listener.host = parts.host;
  if (!parts.port.empty() && !parse_port(parts.port, listener.port))
    return refused("PORT is not a number from 0 to 65535");
  return listener;
}

bool is_local(const ListenerConfig& listener) {
  if (!listener.unix_path.empty()) return true;
  return is_loopback(listener.host) && listener.proxies.empty();
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
