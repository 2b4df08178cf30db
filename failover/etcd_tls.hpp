// etcd_tls: the certificates with which the witness talks to etcd: which authority must have signed
// the server's, and our own if etcd asks for one; and what went wrong, in words for an operator.
// Plain functions; the thread of the witness.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>

#include <asio/error_code.hpp>
#include <asio/ssl/context.hpp>
#include <openssl/types.h>

namespace tandemq {

struct EtcdTlsFiles {
  std::string ca;    // PEM; empty: the authorities that this machine trusts.
  std::string cert;  // PEM, both or none.
  std::string key;
};

// The error names the key of the configuration and its file.
Result<std::shared_ptr<asio::ssl::context>> make_etcd_context(const EtcdTlsFiles& files);
// Why the handshake of TLS failed.
std::string etcd_tls_failure(SSL* connection, const asio::error_code& error);

}  // namespace tandemq
