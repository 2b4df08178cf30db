// listener_tls: the files of a listener with TLS, made into a context of OpenSSL. Used where they
// are served from (net/tls_context), and where they are only looked at: --check-config, the doctor.
// Plain functions; any thread.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/ocsp_staple.hpp"
#include "config/psk_keys.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace tandemq {

struct ListenerContext {
  std::shared_ptr<SSL_CTX> context;
  std::string certificate;        // Its file; empty: it has shared keys only,
  std::string key;                // and that of its key.
  std::int64_t expires_at_s = 0;  // As Unix time.
  std::string warning;            // The certificate is not valid now; empty: it is.
  std::optional<OcspStaple> staple{};
  PskKeys psk{};
  std::vector<std::string> notes{};  // Warnings of other things.
};

// The error names the listener, the parameter and its value. The listener has TLS.
Result<ListenerContext> make_listener_context(const ListenerConfig& listener);

}  // namespace tandemq
