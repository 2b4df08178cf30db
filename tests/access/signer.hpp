// Signer: the other side of access/verify_key, for tests: makes key pairs and signs tokens with
// them, by OpenSSL's own functions. And tokens of any content.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace tandemq {

class Signer {
 public:
  static Signer rsa(unsigned bits = 2'048);
  static Signer curve(const char* name);  // "P-256", "P-384"
  static Signer ed25519();

  [[nodiscard]] std::string public_pem() const;
  [[nodiscard]] std::string private_pem() const;
  // As a JWK; `more` are further members: R"("kid":"a",)".
  [[nodiscard]] std::string jwk(std::string_view more = {}) const;
  // As a JWS has it.
  [[nodiscard]] std::string sign(std::string_view message) const;
  [[nodiscard]] std::string token(std::string_view header, std::string_view payload) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit Signer(evp_pkey_st* key) : key_(key) {}
  [[nodiscard]] std::string number(const char* name) const;

  std::unique_ptr<evp_pkey_st, Free> key_;
};

// Signed with HS256, whatever the header says.
std::string secret_token(std::string_view secret, std::string_view header,
                         std::string_view payload);

}  // namespace tandemq
