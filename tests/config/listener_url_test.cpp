#include "config/listener_url.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

std::string complaint(std::string_view url) {
  const auto listener = parse_listener_url(url);
  return listener ? "none" : listener.error().text;
}

}  // namespace

TEST_CASE("a listener URL gives its host and port") {
  struct Row {
    const char* url;
    const char* host;
    std::uint16_t port;
  };
  constexpr Row kRows[] = {
      {"mqtt://127.0.0.1:1884", "127.0.0.1", 1884},
      {"mqtt://broker.example.org:65535", "broker.example.org", 65535},
      {"mqtt://[::1]:1884", "::1", 1884},
      {"mqtt://[fe80::1%eth0]:1884", "fe80::1%eth0", 1884},
      {"mqtt://0.0.0.0:0", "0.0.0.0", 0},
      {"mqtt://localhost", "localhost", 1883},
      {"mqtt://[::]", "::", 1883},
      {"mqtt://localhost:1883/", "localhost", 1883},
      {"mqtts://localhost?cert=c&key=k", "localhost", 8883},
      {"mqtts://[::]:1884/?cert=c&key=k", "::", 1884},
      {"ws://localhost", "localhost", 9001},
      {"ws://[::1]:80/a/b", "::1", 80},
      {"wss://localhost/?cert=c&key=k", "localhost", 9443},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.url);
    const auto listener = parse_listener_url(row.url);
    REQUIRE(listener.has_value());
    CHECK(listener->url == row.url);
    CHECK(listener->scheme ==
          std::string(listener->websocket ? "ws" : "mqtt") + (listener->tls ? "s" : ""));
    CHECK(listener->host == row.host);
    CHECK(listener->port == row.port);
  }
}

TEST_CASE("a listener may be the path of a unix socket") {
  const auto listener = parse_listener_url("unix:///run/a%20b.sock?mode=0600&ack=local");
  REQUIRE(listener.has_value());
  CHECK(listener->scheme == "unix");
  CHECK(listener->unix_path == "/run/a b.sock");
  CHECK(listener->unix_mode == 0600);
  CHECK(listener->port == 0);
  CHECK(listener->ack == CommitLevel::local);
  CHECK(is_local(*listener));
  CHECK(parse_listener_url("unix:///s").value().unix_mode == 0660);
}

TEST_CASE("a listener names the proxies that may come, and is not local by them") {
  const auto listener =
      parse_listener_url("mqtt://127.0.0.1?proxy=192.0.2.10,10.0.0.0/8,::1&proxy_user=cn");
  REQUIRE(listener.has_value());
  CHECK(listener->proxies == std::vector<IpNetwork>{parse_ip_network("192.0.2.10").value(),
                                                    parse_ip_network("10.0.0.0/8").value(),
                                                    parse_ip_network("::1").value()});
  CHECK(listener->proxy_user);
  CHECK_FALSE(is_local(*listener));
  CHECK(is_local(parse_listener_url("mqtt://127.0.0.1").value()));
  CHECK_FALSE(is_local(parse_listener_url("mqtt://0.0.0.0").value()));
}

TEST_CASE("a listener may have shared keys, with a certificate or without") {
  const auto listener = parse_listener_url("mqtts://h?psk=keys&psk_hint=plant&user_from=none");
  REQUIRE(listener.has_value());
  CHECK(listener->tls->psk == "keys");
  CHECK(listener->tls->psk_hint == "plant");
  CHECK(listener->tls->cert.empty());
  CHECK(parse_listener_url("mqtts://h?psk=keys&cert=c&key=k&ocsp=o").value().tls->ocsp == "o");
}

TEST_CASE("what is no listener URL is refused with the URL and the reason") {
  struct Row {
    const char* url;
    const char* why;
  };
  constexpr Row kRows[] = {
      {"", "expected mqtt://HOST:PORT or mqtts://HOST:PORT"},
      {"1883", "expected mqtt://HOST:PORT or mqtts://HOST:PORT"},
      {"localhost:1883", "expected mqtt://HOST:PORT or mqtts://HOST:PORT"},
      {"http://localhost:1883", "the scheme is none of mqtt, mqtts, ws, wss and unix"},
      {"MQTT://localhost:1883", "the scheme is none of mqtt, mqtts, ws, wss and unix"},
      {"mqtt://localhost:1883?tls=1", "'tls' is no parameter, expected ack"},
      {"mqtt://localhost:1883?", "'' is no parameter"},
      {"mqtt://localhost:1883?ack", "ack: '' is no level"},
      {"mqtt://localhost:1883?ack=flushed", "ack: 'flushed' is no level"},
      {"mqtt://localhost:1883?ack=local&ack=local", "stands twice"},
      {"mqtt://localhost:1883/mqtt", "no /path"},
      {"mqtt://localhost?cert=c", "'cert' is a parameter of mqtts:// and wss://"},
      {"ws://localhost?cert=c", "'cert' is a parameter of mqtts:// and wss://"},
      {"wss://localhost/mqtt", "needs cert=FILE and key=FILE"},
      {"mqtt://localhost?origin=http://a", "'origin' is a parameter of ws:// and wss://"},
      {"mqtt://localhost/mqtt", "a listener has no /path"},
      {"ws://localhost?tls=1", "'tls' is no parameter, expected ack, origin"},
      {"ws://localhost/a b", "the /path has other characters than a URL may have"},
      {"ws://localhost/a#b", "the /path has other characters than a URL may have"},
      {"ws://localhost?origin=", "origin: '', expected SCHEME://HOST or SCHEME://HOST:PORT"},
      {"ws://localhost?origin=a.example", "origin: 'a.example', expected SCHEME://HOST"},
      {"ws://localhost?origin=http://a,http://b/", "origin: 'http://b/', expected"},
      {"ws://localhost?origin=http://a,", "origin: '', expected"},
      {"mqtts://localhost", "needs cert=FILE and key=FILE"},
      {"mqtts://localhost?cert=c", "needs cert=FILE and key=FILE"},
      {"mqtts://localhost?cert=c&key=", "key: it is empty"},
      {"mqtts://localhost?cert=c&key=k&cert=c", "'cert' stands twice"},
      {"mqtts://localhost?cert=c&key=k&tls=1", "expected ack, cert, key, ca, crl, client_cert"},
      {"mqtts://localhost?cert=c&key=k&client_cert=yes",
       "client_cert: 'yes', expected none, optional or required"},
      {"mqtts://localhost?cert=c&key=k&client_cert=required", "client_cert needs ca=FILE"},
      {"mqtts://localhost?cert=c&key=k&ca=a", "'ca' is about the certificates of clients"},
      {"mqtts://localhost?cert=c&key=k&crl=a&client_cert=none", "'crl' is about"},
      {"mqtts://localhost?cert=c&key=k&user_from=cn", "'user_from' is about"},
      {"mqtts://localhost?cert=c&key=k&user_from=dn",
       "user_from: 'dn', expected none, cn, san or fingerprint"},
      {"mqtts://localhost?cert=c&key=k&min_version=1.1", "min_version: '1.1', expected 1.2 or 1.3"},
      {"mqtts://localhost?cert=%2&key=k", "cert: two hexadecimal digits follow a %"},
      {"mqtts://localhost?cert=%zz&key=k", "cert: two hexadecimal digits follow a %"},
      {"mqtts://localhost?cert=%00&key=k", "cert: two hexadecimal digits follow a %"},
      {"mqtt://", "HOST is neither"},
      {"mqtt://:1883", "HOST is neither"},
      {"mqtt://user@host:1883", "HOST is neither"},
      {"mqtt://::1:1883", "HOST is neither"},
      {"mqtt://[::1:1883", "HOST is neither"},
      {"mqtt://[]:1883", "HOST is neither"},
      {"mqtt://[localhost]:1883", "only an IPv6 address"},
      {"mqtt://[::1]1883", "PORT is not"},
      {"mqtt://localhost:", "PORT is not"},
      {"mqtt://localhost:65536", "PORT is not"},
      {"mqtt://localhost:-1", "PORT is not"},
      {"mqtt://localhost:18x", "PORT is not"},
      {"mqtt://localhost:1883:1", "PORT is not"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.url);
    const std::string text = complaint(row.url);
    CHECK(text.find(std::string("'") + row.url + "'") == 0);
    CHECK_MESSAGE(text.find(row.why) != std::string::npos, text);
  }
}

TEST_CASE("parameters that do not fit a listener or each other are refused with the reason") {
  struct Row {
    const char* url;
    const char* why;
  };
  constexpr Row kRows[] = {
      {"unix://", "expected unix:///PATH"},
      {"unix://run/mqtt.sock", "expected unix:///PATH"},
      {"unix:///run/", "expected unix:///PATH"},
      {"unix:///s?mode=08", "mode: '08', expected octal digits up to 0777"},
      {"unix:///s?mode=1000", "mode: '1000', expected octal digits up to 0777"},
      {"unix:///s?mode=", "mode: '', expected octal digits up to 0777"},
      {"unix:///s?proxy=::1", "'proxy' is no parameter of unix://"},
      {"mqtt://h?mode=0600", "'mode' is a parameter of unix://"},
      {"mqtt://h?proxy=", "proxy: '' is no address and no network"},
      {"mqtt://h?proxy=::1,", "proxy: '' is no address and no network"},
      {"mqtt://h?proxy=::1, ::2", "proxy: ' ::2' is no address and no network"},
      {"mqtt://h?proxy=proxy.example.org", "proxy: 'proxy.example.org' is no address"},
      {"mqtt://h?proxy_user=cn", "proxy_user needs proxy=ADDRESS"},
      {"mqtt://h?proxy=::1&proxy_user=san", "proxy_user: 'san', expected none or cn"},
      {"mqtts://h?cert=c&key=k&ca=a&client_cert=required&proxy=::1&proxy_user=cn",
       "proxy_user and client_cert"},
      {"mqtt://h?psk=p", "'psk' is a parameter of mqtts://"},
      {"mqtts://h?psk_hint=h&cert=c&key=k", "psk_hint needs psk=FILE"},
      {"mqtts://h?psk=p&key=k", "needs cert=FILE and key=FILE, or psk=FILE"},
      {"mqtts://h?psk=p&ca=a", "each needs a listener of its own"},
      {"mqtts://h?psk=p&user_from=cn", "user_from: with psk the identity is the user"},
      {"mqtts://h?psk=p&ocsp=o", "'ocsp' is about the certificate of cert=FILE"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.url);
    const std::string text = complaint(row.url);
    CHECK(text.find(std::string("'") + row.url + "'") == 0);
    CHECK_MESSAGE(text.find(row.why) != std::string::npos, text);
  }
}

TEST_CASE("a host longer than any name is refused") {
  CHECK(parse_listener_url("mqtt://" + std::string(253, 'a')).has_value());
  CHECK_FALSE(parse_listener_url("mqtt://" + std::string(254, 'a')).has_value());
}

TEST_CASE("only 127.0.0.0/8, ::1 and localhost are loopback") {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) CHECK(is_loopback(host));
  for (const char* host : {"0.0.0.0", "::", "128.0.0.1", "127.example.org", "localhost.org", ""})
    CHECK_FALSE(is_loopback(host));
}

TEST_CASE("HOST:PORT gives both, and the port is not left out") {
  const auto named = parse_host_port("b.example.org:7400");
  REQUIRE(named.has_value());
  CHECK(named->host == "b.example.org");
  CHECK(named->port == 7400);
  const auto numbered = parse_host_port("[2001:db8::7]:0");
  REQUIRE(numbered.has_value());
  CHECK(numbered->host == "2001:db8::7");
  CHECK(numbered->port == 0);
  for (const char* text : {"", "b", "b:", ":7400", "b:65536", "b:-1", "b:7400 ", "b:7400/", "[b]:1",
                           "2001:db8::7:7400", "[::1]7400", "[::1", "mqtt://b:7400"}) {
    CAPTURE(text);
    const auto refused = parse_host_port(text);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.starts_with("'" + std::string(text) + "': expected HOST:PORT, "));
  }
}

}  // namespace tandemq

TEST_CASE("what is about the clients of one listener stands behind its address") {
  const auto listener = tandemq::parse_listener_url("mqtt://[::1]:1884/?ack=standby_flushed");
  REQUIRE(listener.has_value());
  CHECK(listener->host == "::1");
  CHECK(listener->port == 1884);
  CHECK(listener->ack == tandemq::CommitLevel::flushed);
  CHECK_FALSE(tandemq::parse_listener_url("mqtt://[::1]:1884")->ack.has_value());
}

TEST_CASE("a listener of WebSocket has a path and may have origins") {
  using namespace tandemq;
  const auto plain = parse_listener_url("ws://localhost:9001?ack=local");
  REQUIRE(plain.has_value());
  REQUIRE(plain->websocket.has_value());
  CHECK(plain->websocket->path == "/mqtt");
  CHECK(plain->websocket->origins.empty());
  CHECK(plain->ack == CommitLevel::local);
  CHECK(parse_listener_url("ws://localhost/")->websocket->path == "/");
  const auto whole = parse_listener_url(
      "wss://h/a%20b/*?origin=https://a.example,http://[::1]:8080,null&cert=c&key=k");
  REQUIRE(whole.has_value());
  CHECK(whole->tls.has_value());
  CHECK(whole->websocket->path == "/a%20b/*");
  CHECK(whole->websocket->origins ==
        std::vector<std::string>{"https://a.example", "http://[::1]:8080", "null"});
  CHECK(parse_listener_url("ws://h/" + std::string(254, 'a')).has_value());
  CHECK_FALSE(parse_listener_url("ws://h/" + std::string(255, 'a')).has_value());
}

TEST_CASE("what is about TLS stands behind the address, too") {
  using namespace tandemq;
  const auto plain = parse_listener_url("mqtts://localhost?cert=/a/c.pem&key=/a%26b/k%25.pem");
  REQUIRE(plain.has_value());
  REQUIRE(plain->tls.has_value());
  CHECK(plain->tls->cert == "/a/c.pem");
  CHECK(plain->tls->key == "/a&b/k%.pem");
  CHECK(plain->tls->client_certificate == ClientCertificate::none);
  CHECK_FALSE(plain->tls->only_tls13);
  const auto whole = parse_listener_url(
      "mqtts://localhost?cert=c&key=k&ca=a&crl=l&client_cert=optional&user_from=fingerprint&"
      "min_version=1.3&ciphers=A:!B&ack=local");
  REQUIRE(whole.has_value());
  CHECK(whole->tls->ca == "a");
  CHECK(whole->tls->crl == "l");
  CHECK(whole->tls->client_certificate == ClientCertificate::optional);
  CHECK(whole->tls->user_from == UserFrom::fingerprint);
  CHECK(whole->tls->only_tls13);
  CHECK(whole->tls->ciphers == "A:!B");
  CHECK(whole->ack == CommitLevel::local);
  const auto required = parse_listener_url("mqtts://h?cert=c&key=k&ca=a&client_cert=required");
  REQUIRE(required.has_value());
  CHECK(required->tls->client_certificate == ClientCertificate::required);
  CHECK(required->tls->user_from == UserFrom::cn);
}
