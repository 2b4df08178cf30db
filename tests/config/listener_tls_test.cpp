#include "config/listener_tls.hpp"

#include "config/files.hpp"
#include "tests/replication/certificates.hpp"
#include "tests/store/samples.hpp"

#include <ctime>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

namespace tandemq {
namespace {

using tests::Authority;
using tests::TempFolder;

struct TlsFolder {
  TempFolder folder;
  Authority authority{folder.path(), "authority"};

  [[nodiscard]] ListenerConfig listener(tests::Validity validity = {}) const {
    const ReplicationConfig files = authority.issue("server", validity);
    ListenerConfig listener;
    listener.url = "mqtts://h";
    listener.tls = ListenerTls{};
    listener.tls->cert = files.tls_cert;
    listener.tls->key = files.tls_key;
    return listener;
  }
};

std::string complaint_about(const ListenerConfig& listener) {
  const auto made = make_listener_context(listener);
  return made ? "none" : made.error().text;
}

}  // namespace

TEST_CASE("a context has the certificate, its end and the least version of the listener") {
  const TlsFolder files;
  ListenerConfig listener = files.listener({-3'600, 86'400});
  const auto made = make_listener_context(listener);
  REQUIRE(made.has_value());
  CHECK(made->warning.empty());
  CHECK(made->certificate == listener.tls->cert);
  CHECK(std::abs(made->expires_at_s - std::time(nullptr) - 86'400) < 60);
  CHECK(SSL_CTX_get_min_proto_version(made->context.get()) == TLS1_2_VERSION);
  CHECK(SSL_CTX_get_verify_mode(made->context.get()) == SSL_VERIFY_NONE);
  listener.tls->only_tls13 = true;
  listener.tls->ca = files.authority.file();
  for (const bool required : {false, true}) {
    listener.tls->client_certificate =
        required ? ClientCertificate::required : ClientCertificate::optional;
    const auto asks = make_listener_context(listener);
    REQUIRE(asks.has_value());
    CHECK(SSL_CTX_get_min_proto_version(asks->context.get()) == TLS1_3_VERSION);
    CHECK(SSL_CTX_get_verify_mode(asks->context.get()) ==
          (SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)));
  }
}

TEST_CASE("what is wrong with the files of a listener names it, the parameter and the file") {
  const TlsFolder files;
  const ListenerConfig sound = files.listener();
  const auto with = [&](std::string ListenerTls::*parameter, const std::string& value) {
    ListenerConfig listener = sound;
    listener.tls->ca = files.authority.file();
    listener.tls->client_certificate = ClientCertificate::required;
    (*listener.tls).*parameter = value;
    return complaint_about(listener);
  };
  CHECK(complaint_about(sound) == "none");
  CHECK(with(&ListenerTls::ca, files.authority.file()) == "none");
  for (const auto& [parameter, name] :
       {std::pair(&ListenerTls::cert, "cert"), std::pair(&ListenerTls::key, "key"),
        std::pair(&ListenerTls::ca, "ca"), std::pair(&ListenerTls::crl, "crl")})
    CHECK(with(parameter, "/nowhere") == "listener = 'mqtts://h': " + std::string(name) +
                                             " = '/nowhere': cannot be read: No such file or "
                                             "directory");
  CHECK(with(&ListenerTls::cert, sound.tls->key).find("no certificate in PEM") !=
        std::string::npos);
  CHECK(with(&ListenerTls::key, sound.tls->cert).find("no key in PEM") != std::string::npos);
  CHECK(with(&ListenerTls::key, files.authority.issue("other").tls_key)
            .find("is not the key of the certificate in listener = 'mqtts://h': cert = '") !=
        std::string::npos);
  CHECK(with(&ListenerTls::ca, sound.tls->key).find("no certificate in PEM") != std::string::npos);
  CHECK(with(&ListenerTls::crl, sound.tls->cert).find("no list of revoked") != std::string::npos);
  CHECK(with(&ListenerTls::ciphers, "NONSENSE") ==
        "listener = 'mqtts://h': ciphers = 'NONSENSE': no cipher that OpenSSL has; 'openssl "
        "ciphers -v' lists them");
  CHECK(with(&ListenerTls::ciphers, "TLS_NONSENSE").find("no cipher") != std::string::npos);
  CHECK(with(&ListenerTls::ciphers, "ECDHE+AESGCM:TLS_AES_256_GCM_SHA384") == "none");
}

TEST_CASE("a certificate that is not valid now is a warning") {
  const TlsFolder files;
  Config config;
  config.data_dir = files.folder.path();
  for (const auto& [validity, words] :
       {std::pair(tests::Validity{-7'200, -3'600}, "has expired"),
        std::pair(tests::Validity{3'600, 7'200}, "is not valid before")}) {
    config.listeners = {files.listener(validity)};
    const auto findings = check_files(config);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().weight == Finding::Weight::warning);
    CHECK(findings.front().text.find(words) != std::string::npos);
  }
  config.listeners.front().tls->key = "/nowhere";
  CHECK(any_error(check_files(config)));
  config.listeners = {files.listener()};
  CHECK(check_files(config).empty());
}

TEST_CASE("shared keys need no certificate, and a short one is told") {
  const TempFolder folder;
  ListenerConfig listener;
  listener.url = "mqtts://h?psk=keys";
  listener.tls = ListenerTls{};
  listener.tls->psk = folder.path() + "/keys";
  std::ofstream(listener.tls->psk) << "long:" + std::string(32, '1') + "\nshort:11\n";
  const auto made = make_listener_context(listener);
  REQUIRE(made.has_value());
  CHECK(made->psk.size() == 2);
  CHECK(made->certificate.empty());
  CHECK(made->warning.empty());
  REQUIRE(made->notes.size() == 1);
  CHECK(made->notes[0].find("the key of 'short' has less than 16 bytes") != std::string::npos);
  std::ofstream(listener.tls->psk) << "long\n";
  CHECK(complaint_about(listener) == "listener = 'mqtts://h?psk=keys': psk = '" +
                                         listener.tls->psk + "': line 1: expected IDENTITY:KEY");
}

TEST_CASE("an OCSP response that is none is refused, and one is shown only while it holds") {
  const TlsFolder files;
  ListenerConfig listener = files.listener();
  listener.tls->ocsp = files.folder.path() + "/ocsp.der";
  CHECK(complaint_about(listener).find("cannot be read") != std::string::npos);
  for (const std::string& bytes :
       {std::string(), std::string("no DER"), std::string("\x30\x03", 2)}) {
    std::ofstream(listener.tls->ocsp, std::ios::trunc) << bytes;
    CHECK(complaint_about(listener).find("holds no OCSP response in DER") != std::string::npos);
  }
  // tryLater(3): RFC 6960 section 4.2.1.
  std::ofstream(listener.tls->ocsp, std::ios::trunc) << "\x30\x03\x0A\x01\x03";
  CHECK(complaint_about(listener).find("refused to answer: trylater") != std::string::npos);
  const OcspStaple staple{"", 100, 200};
  CHECK(objection_to_times(staple, 99).starts_with("is not valid yet"));
  CHECK(objection_to_times(staple, 100).empty());
  CHECK(objection_to_times(staple, 199).empty());
  CHECK(objection_to_times(staple, 200) == "is out of date");
}

}  // namespace tandemq
