// Certificates that live as long as a test: authorities and what they sign, as PEM files of a
// folder.
#pragma once

#include "config/config.hpp"

#include <memory>
#include <string>

#include <openssl/types.h>

namespace tandemq::tests {

struct Validity {
  long begins_in_s = -3'600;
  long ends_in_s = 3'600;
};

class Authority {
 public:
  Authority(std::string folder, const std::string& name);

  // FOLDER/NAME.cert and FOLDER/NAME.key, and the file of this authority. `usage` is the extended
  // key usage; null: none is named.
  [[nodiscard]] ReplicationConfig issue(const std::string& name, Validity validity = {},
                                        const char* usage = nullptr) const;
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
  using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

  static Certificate certificate_of(const std::string& name, EVP_PKEY* key, Validity validity);

  std::string folder_;
  std::string file_;
  Key key_;
  Certificate certificate_;
};

// The key of the file with a pass phrase around it, in `encrypted_file`.
void encrypt_key(const std::string& file, const std::string& encrypted_file);

}  // namespace tandemq::tests
