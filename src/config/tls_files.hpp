// tls_files: certificates, keys and lists of revoked certificates, taken from PEM files into a
// context of OpenSSL; what is wrong with them in words for an operator. For every floor above.
// Plain functions; any thread.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

#include <openssl/types.h>

namespace tandemq {

// A file and the name by which the operator knows it, such as "replication.tls.cert = 'a.pem'".
struct TlsFile {
  std::string name;
  std::string path;
};

// For a daemon, which has nobody to ask: a key that wants a pass phrase is an error.
void refuse_pass_phrases(SSL_CTX* context);
// The chain of a certificate, and its key.
Result<void> use_certificate(SSL_CTX* context, const TlsFile& cert, const TlsFile& key);
// Who signs the certificates of the other side.
Result<void> use_authorities(SSL_CTX* context, const TlsFile& ca);
// Which of those are not good any more; who has signed a client has to have its list there.
Result<void> use_revocations(SSL_CTX* context, const TlsFile& crl);

// Why the certificate is not valid now: "has expired (Jan  1 00:00:00 2026 GMT)". Empty: it is.
std::string objection_to_dates(const X509* certificate);
std::int64_t expiry_s(const X509* certificate);  // As Unix time.

}  // namespace tandemq
