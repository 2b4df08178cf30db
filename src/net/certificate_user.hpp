// certificate_user: who a client is by its certificate.
// A plain function; any thread.
#pragma once

#include "config/config.hpp"

#include <string>

#include <openssl/types.h>

namespace tandemq {

// cn: the one common name of the subject. san: the first DNS name, mail address or URI among the
// alternative names. fingerprint: SHA-256 of the certificate, 64 small hexadecimal digits. Empty:
// it names nobody, or in a way that is no text of MQTT.
std::string user_of(const X509* certificate, UserFrom from);

}  // namespace tandemq
