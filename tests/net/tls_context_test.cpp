#include "net/tls_context.hpp"

#include "tests/replication/certificates.hpp"
#include "tests/store/samples.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tandemq {
namespace {

const std::string kSharedKey = "0123456789abcdef";
constexpr const char* kSharedKeyHex = "30313233343536373839616263646566";

struct KeyLab {
  explicit KeyLab(bool with_certificate = false) {
    listener.url = "mqtts://h";
    listener.tls = ListenerTls{};
    listener.tls->psk = folder.path() + "/keys";
    std::ofstream(listener.tls->psk) << "sensor:" << kSharedKeyHex << "\nother:ff00\n";
    if (!with_certificate) return;
    const ReplicationConfig files = authority.issue("server");
    listener.tls->cert = files.tls_cert;
    listener.tls->key = files.tls_key;
  }
  [[nodiscard]] std::shared_ptr<const TlsContext> context() const {
    auto made = TlsContext::make(listener, std::make_shared<const TicketKeys>("a secret"));
    REQUIRE(made.has_value());
    return *made;
  }

  tests::TempFolder folder;
  tests::Authority authority{folder.path(), "authority"};
  ListenerConfig listener;
};

// What a client shows.
struct Shown {
  std::string identity;  // Empty: nothing.
  std::string key;
};

using Session = std::shared_ptr<SSL_SESSION>;

unsigned show_key(SSL* connection, const char*, char* identity, unsigned identity_size,
                  unsigned char* key, unsigned key_size) {
  const auto& shown = *static_cast<const Shown*>(SSL_get_app_data(connection));
  if (shown.identity.size() >= identity_size || shown.key.size() > key_size) return 0;
  identity[shown.identity.copy(identity, identity_size - 1)] = '\0';
  std::copy(shown.key.begin(), shown.key.end(), key);
  return static_cast<unsigned>(shown.key.size());
}

// For identities that are no C strings.
int show_session(SSL* connection, const EVP_MD*, const unsigned char** identity, std::size_t* size,
                 SSL_SESSION** session) {
  constexpr unsigned char kSuite[] = {0x13, 0x01};
  const auto& shown = *static_cast<const Shown*>(SSL_get_app_data(connection));
  *session = SSL_SESSION_new();
  SSL_SESSION_set1_master_key(*session, reinterpret_cast<const unsigned char*>(shown.key.data()),
                              shown.key.size());
  SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(connection, kSuite));
  SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
  *identity = reinterpret_cast<const unsigned char*>(shown.identity.data());
  *size = shown.identity.size();
  return 1;
}

int take_session(SSL* connection, SSL_SESSION* session) {
  auto* const kept = static_cast<Session*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  kept->reset(session, SSL_SESSION_free);
  return 1;
}

// Both ends of a handshake in memory.
class Handshake {
 public:
  Handshake(std::shared_ptr<const TlsContext> ours, int version, Shown shown,
            const Session& session = nullptr)
      : shown_(std::move(shown)),
        context_(std::move(ours)),
        client_context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        server_(SSL_new(context_->native()), SSL_free),
        client_(nullptr, SSL_free) {
    SSL_CTX* const of_client = client_context_.get();
    SSL_CTX_set_min_proto_version(of_client, version);
    SSL_CTX_set_max_proto_version(of_client, version);
    SSL_CTX_set_app_data(of_client, &kept_);
    SSL_CTX_set_session_cache_mode(of_client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(of_client, take_session);
    if (shown_.identity.find('\0') != std::string::npos) {
      SSL_CTX_set_psk_use_session_callback(of_client, show_session);
    } else if (!shown_.identity.empty()) {
      SSL_CTX_set_psk_client_callback(of_client, show_key);
      SSL_CTX_set_cipher_list(of_client, "PSK");
    }
    client_.reset(SSL_new(of_client));
    SSL_set_app_data(client_.get(), &shown_);
    if (session) SSL_set_session(client_.get(), session.get());
    BIO* one = nullptr;
    BIO* other = nullptr;
    REQUIRE(BIO_new_bio_pair(&one, 0, &other, 0) == 1);
    SSL_set_bio(server_.get(), one, one);
    SSL_set_bio(client_.get(), other, other);
    SSL_set_accept_state(server_.get());
    SSL_set_connect_state(client_.get());
  }

  void ask_for_staple() { SSL_set_tlsext_status_type(client_.get(), TLSEXT_STATUSTYPE_ocsp); }
  [[nodiscard]] bool has_staple() const {
    const unsigned char* bytes = nullptr;
    return SSL_get_tlsext_status_ocsp_resp(client_.get(), &bytes) > 0;
  }
  // On both sides; then the client takes what comes behind it, such as tickets.
  bool done() {
    bool ours = false;
    bool theirs = false;
    for (int i = 0; i < 20; ++i) {
      theirs = theirs || SSL_do_handshake(client_.get()) == 1;
      ours = ours || SSL_do_handshake(server_.get()) == 1;
    }
    char byte = 0;
    if (ours && theirs) SSL_read(client_.get(), &byte, 1);
    ERR_clear_error();
    return ours && theirs;
  }
  [[nodiscard]] std::optional<std::string> user() const { return context_->user_of(server_.get()); }
  [[nodiscard]] bool has_ticket() const { return kept_ && SSL_SESSION_has_ticket(kept_.get()); }
  [[nodiscard]] const Session& session() const { return kept_; }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(server_.get()) == 1; }
  [[nodiscard]] bool shows_certificate() const {
    return SSL_get0_peer_certificate(client_.get()) != nullptr;
  }

 private:
  Shown shown_;
  Session kept_;
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> client_context_;
  std::unique_ptr<SSL, void (*)(SSL*)> server_;
  std::unique_ptr<SSL, void (*)(SSL*)> client_;
};

std::string good_answer(const ListenerTls& files, long begins_in_s, long ends_in_s) {
  using File = std::unique_ptr<BIO, int (*)(BIO*)>;
  const File cert_file(BIO_new_file(files.cert.c_str(), "r"), BIO_free);
  const File key_file(BIO_new_file(files.key.c_str(), "r"), BIO_free);
  X509* const certificate = PEM_read_bio_X509(cert_file.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_file.get(), nullptr, nullptr, nullptr);
  ASN1_TIME* const begin = X509_gmtime_adj(nullptr, begins_in_s);
  ASN1_TIME* const end = X509_gmtime_adj(nullptr, ends_in_s);
  OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
  // Who has issued it is taken from the certificate: as good as itself here.
  OCSP_CERTID* const id =
      OCSP_cert_id_new(EVP_sha256(), X509_get_issuer_name(certificate),
                       X509_get0_pubkey_bitstr(certificate), X509_get0_serialNumber(certificate));
  OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, begin, end);
  REQUIRE(OCSP_basic_sign(basic, certificate, key, EVP_sha256(), nullptr, 0) == 1);
  OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* bytes = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(begin);
  ASN1_TIME_free(end);
  EVP_PKEY_free(key);
  X509_free(certificate);
  return der;
}

constexpr int kTlsVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

TEST_CASE("a client with a shared key is who the key belongs to, and gets no ticket") {
  for (const bool with_certificate : {false, true})
    for (const int version : kTlsVersions) {
      CAPTURE(with_certificate);
      CAPTURE(version);
      const KeyLab lab(with_certificate);
      Handshake handshake(lab.context(), version, {"sensor", kSharedKey});
      REQUIRE(handshake.done());
      CHECK(handshake.user() == "sensor");
      CHECK_FALSE(handshake.shows_certificate());
      CHECK_FALSE(handshake.has_ticket());
    }
}

TEST_CASE("a wrong key and an unknown identity open no door") {
  for (const int version : kTlsVersions)
    for (const Shown& shown : {Shown{"sensor", "another key"}, Shown{"sensor", "\xFF"},
                               Shown{"nobody", kSharedKey}, Shown{}}) {
      CAPTURE(version);
      CAPTURE(shown.identity);
      const KeyLab lab;
      CHECK_FALSE(Handshake(lab.context(), version, shown).done());
    }
}

TEST_CASE("with user_from=none a shared key names nobody") {
  KeyLab lab;
  lab.listener.tls->user_from = UserFrom::none;
  for (const int version : kTlsVersions) {
    Handshake handshake(lab.context(), version, {"sensor", kSharedKey});
    REQUIRE(handshake.done());
    CHECK_FALSE(handshake.user().has_value());
  }
}

TEST_CASE("an identity that goes on behind a zero byte is nobody's") {
  const std::string longer("sensor\0x", 8);
  const KeyLab lab;
  CHECK_FALSE(Handshake(lab.context(), TLS1_3_VERSION, {longer, kSharedKey}).done());
}

TEST_CASE("beside a certificate, an identity that was offered without its key names nobody") {
  const KeyLab lab(true);
  Handshake unknown(lab.context(), TLS1_3_VERSION, {"nobody", kSharedKey});
  REQUIRE(unknown.done());
  CHECK(unknown.shows_certificate());
  CHECK_FALSE(unknown.user().has_value());
  CHECK_FALSE(Handshake(lab.context(), TLS1_3_VERSION, {"sensor", "another key"}).done());
}

TEST_CASE("a ticket of another listener opens no door where only shared keys do") {
  KeyLab certified(true);
  certified.listener.tls->psk.clear();
  const KeyLab keyed;
  for (const int version : kTlsVersions) {
    CAPTURE(version);
    Handshake first(certified.context(), version, {});
    REQUIRE(first.done());
    REQUIRE(first.has_ticket());
    Handshake again(certified.context(), version, {}, first.session());
    REQUIRE(again.done());
    CHECK(again.resumed());
    CHECK_FALSE(Handshake(keyed.context(), version, {}, first.session()).done());
  }
}

TEST_CASE("an OCSP response is shown to who asks, while it is valid") {
  struct Row {
    long begins_in_s;
    long ends_in_s;
    bool asks;
    bool shown;
  };
  constexpr Row kRows[] = {{-60, 3'600, true, true},
                           {-60, 3'600, false, false},
                           {-7'200, -3'600, true, false},
                           {3'600, 7'200, true, false}};
  for (const Row& row : kRows)
    for (const int version : kTlsVersions) {
      CAPTURE(row.begins_in_s);
      CAPTURE(version);
      KeyLab lab(true);
      lab.listener.tls->psk.clear();
      lab.listener.tls->ocsp = lab.folder.path() + "/ocsp.der";
      std::ofstream(lab.listener.tls->ocsp)
          << good_answer(*lab.listener.tls, row.begins_in_s, row.ends_in_s);
      const auto context = lab.context();
      const bool valid = row.begins_in_s < 0 && row.ends_in_s > 0;
      CHECK(context->files().notes.empty() == valid);
      Handshake handshake(context, version, {});
      if (row.asks) handshake.ask_for_staple();
      REQUIRE(handshake.done());
      CHECK(handshake.has_staple() == row.shown);
    }
}

}  // namespace tandemq
