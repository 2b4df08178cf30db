// peer_link_tls: what is TLS alone about a PeerLink: its context (make_peer_context, declared in
// peer_link.hpp), and what its errors mean to an operator.
// Plain functions; the thread of the link.
#pragma once

#include <string>

#include <asio/error_code.hpp>
#include <openssl/types.h>

namespace tandemq {

// Is it TLS that failed, and not the network below?
bool is_tls_error(const asio::error_code& error);
// Goes on behind "the peer ": what it did that ended the connection.
std::string tls_failure(SSL* connection, const asio::error_code& error);

}  // namespace tandemq
