// Input: a header, a line "---", a payload, a line "---", a file of keys. The header and the
// payload are signed here, or nothing behind the signature would be reached; the file is parsed by
// itself, and the first part is a token of its own too.
#include "access/jwt.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"
#include "tests/access/signer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace tandemq;

constexpr std::string_view kTokenSecret = "a secret of more than thirty-two bytes";
constexpr std::string_view kPartDivider = "\n---\n";
constexpr Instant kFuzzNow{1'700'000'000'000};

std::string_view take_part(std::string_view& text) {
  const std::size_t size = std::min(text.find(kPartDivider), text.size());
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(std::min(size + kPartDivider.size(), text.size()));
  return part;
}

void check_token(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy) {
  const auto claims = verify_jwt(token, keys, policy, kFuzzNow);
  if (!claims) {
    ENSURE(!claims.error().text.empty(), "a refusal says why");
    return;
  }
  ENSURE(token.size() <= kJwtSizeMax, "a token is bounded");
  ENSURE(!claims->user.empty(), "a token names a user");
  ENSURE(claims->expires_at > kFuzzNow, "a token that is good has not expired");
  std::string forged(token);
  char& last = forged[forged.rfind('.') + 1];
  last = last == 'A' ? 'B' : 'A';
  ENSURE(!verify_jwt(forged, keys, policy, kFuzzNow), "another signature is a wrong one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view header = take_part(text);
  const std::string_view payload = take_part(text);
  const JwtKeys keys = parse_jwt_keys(kTokenSecret).value();
  const JwtPolicy named{"issuer", "audience", "sub", 0};

  const std::string token = secret_token(kTokenSecret, header, payload);
  for (const JwtPolicy& policy : {JwtPolicy{}, named}) {
    check_token(token, keys, policy);
    ENSURE(!verify_jwt(header, keys, policy, kFuzzNow), "nobody guesses a signature");
  }
  (void)looks_like_jwt(header);

  const auto own_keys = parse_jwt_keys(text);
  if (own_keys) {
    ENSURE(!own_keys->empty() && own_keys->size() <= kJwtKeysMax, "a file holds keys");
    for (const JwtKey& one : *own_keys) (void)one.key.verify(payload, header);
    (void)verify_jwt(token, *own_keys, named, kFuzzNow);
  } else {
    ENSURE(own_keys.error().text.ends_with('.'), "an error is a sentence");
  }
  const auto decoded = decode_base64url(header);
  ENSURE(!decoded || encode_base64url(*decoded) == header, "base64url has one form");
  return 0;
}
