// ocsp_staple: an answer of an authority's OCSP responder (RFC 6960), which a listener shows to the
// clients that ask for it, so that they need not ask themselves. Read from a file in DER; who keeps
// it fresh is not ours. Plain functions; any thread.
#pragma once

#include "base/result.hpp"
#include "config/tls_files.hpp"

#include <cstdint>
#include <string>

#include <openssl/types.h>

namespace tandemq {

struct OcspStaple {
  std::string der;
  // As Unix time: it is shown only within.
  std::int64_t from_s = 0;
  std::int64_t until_s = 0;
};

// It has to say of the certificate that it is good. The signature is not checked: clients do that.
Result<OcspStaple> read_ocsp_staple(const TlsFile& file, const X509* certificate);

// Why it is not shown now, in words behind its name: "is out of date". Empty: it is.
std::string objection_to_times(const OcspStaple& staple, std::int64_t now_s);

}  // namespace tandemq
