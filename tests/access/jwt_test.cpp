#include "access/jwt.hpp"

#include "base/base64.hpp"
#include "tests/access/signer.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kHs256 = R"({"alg":"HS256"})";
constexpr Instant kNow{1'700'000'000'000};

JwtKeys keys_from(const std::string& text) {
  auto keys = parse_jwt_keys(text);
  REQUIRE_MESSAGE(keys.has_value(), keys.error().text);
  return std::move(*keys);
}

JwtPolicy anybody() {
  return {};
}

// "ann 1700000100000", or why not.
std::string verdict(std::string_view token, const JwtKeys& keys,
                    const JwtPolicy& policy = anybody(), Instant now = kNow) {
  const auto claims = verify_jwt(token, keys, policy, now);
  return claims ? claims->user + " " + std::to_string(claims->expires_at.ms) : claims.error().text;
}

// The same of a token with these claims that is signed well.
std::string verdict_on(std::string_view claims, const JwtPolicy& policy = anybody()) {
  return verdict(secret_token(kKey, kHs256, claims), keys_from(std::string(kKey)), policy);
}

const std::string kAnn = R"({"sub":"ann","exp":1700000100})";
const std::string kGood = "ann 1700000160000";  // With the leeway.

// RFC 7515 appendices A.1 to A.3 sign the same payload.
constexpr std::string_view kRfcPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

}  // namespace

TEST_CASE("the tokens of RFC 7515 appendices A.1, A.2 and A.3 are good until they expire") {
  struct Row {
    std::string_view header;
    std::string_view signature;
    std::string_view jwk;
  };
  const std::vector<Row> rows = {
      {"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
       R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj)"
       R"(0iPS4hcgUuTwjAzZr1Z9CAow"})"},
      {"eyJhbGciOiJSUzI1NiJ9",
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
       "O8W2Fp5"
       "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
       "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
       "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
       "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
       "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
       R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W)"
       R"(26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6)"
       R"(b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WT)"
       R"(BEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8N)"
       R"(Aco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})"},
      {"eyJhbGciOiJFUzI1NiJ9",
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
       R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"},
  };
  JwtPolicy policy;
  policy.user_claim = "iss";
  policy.leeway_s = 0;
  for (const Row& row : rows) {
    CAPTURE(row.header);
    const JwtKeys keys = keys_from(std::string(row.jwk));
    std::string token =
        std::string(row.header) + "." + std::string(kRfcPayload) + "." + std::string(row.signature);
    CHECK(verdict(token, keys, policy, Instant{1'300'819'379'999}) == "joe 1300819380000");
    CHECK(verdict(token, keys, policy, Instant{1'300'819'380'000}) == "the token has expired");
    token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
    CHECK(verdict(token, keys, policy, Instant{0}) == "the token's signature is wrong");
  }
}

TEST_CASE("a token is good only with the algorithm of its key") {
  const Signer rsa = Signer::rsa();
  const Signer p256 = Signer::curve("P-256");
  const Signer ed25519 = Signer::ed25519();
  const JwtKeys all =
      keys_from("{\"keys\":[" + rsa.jwk(R"("kid":"r",)") + "," + p256.jwk(R"("kid":"p",)") + "," +
                ed25519.jwk(R"("kid":"e",)") + "]}");
  CHECK(verdict(rsa.token(R"({"alg":"RS256","kid":"r"})", kAnn), all) == kGood);
  CHECK(verdict(p256.token(R"({"alg":"ES256","kid":"p"})", kAnn), all) == kGood);
  CHECK(verdict(ed25519.token(R"({"alg":"EdDSA","kid":"e"})", kAnn), all) == kGood);
  CHECK(verdict(ed25519.token(R"({"alg":"EdDSA"})", kAnn), all) == kGood);

  const std::string other = "the token's alg is not that of its key";
  CHECK(verdict(rsa.token(R"({"alg":"RS256","kid":"p"})", kAnn), all) == other);
  CHECK(verdict(rsa.token(R"({"alg":"RS256","kid":"new"})", kAnn), all) ==
        "the token's kid is that of no key");
  // The public key, which everybody has, as a secret.
  for (const std::string& secret : {rsa.public_pem(), p256.public_pem(), rsa.jwk()}) {
    CHECK(verdict(secret_token(secret, kHs256, kAnn), all) == other);
    CHECK(verdict(secret_token(secret, kHs256, kAnn), keys_from(rsa.public_pem())) == other);
  }
  CHECK(verdict(secret_token(kKey, R"({"alg":"RS256"})", kAnn), keys_from(std::string(kKey))) ==
        other);
  CHECK(verdict(secret_token(kKey, R"({"alg":"HS256","kid":"any"})", kAnn),
                keys_from(std::string(kKey))) == kGood);
  CHECK(verdict(Signer::rsa().token(R"({"alg":"RS256","kid":"r"})", kAnn), all) ==
        "the token's signature is wrong");
}

TEST_CASE("nobody gets in without a signature") {
  const JwtKeys keys = keys_from(std::string(kKey));
  const std::string no_alg = "the token's alg is not HS256, RS256, ES256 or EdDSA";
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"nOnE"})", "{}",
                             R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":"HS512"})"}) {
    CAPTURE(header);
    CHECK(verdict(secret_token(kKey, header, kAnn), keys) == no_alg);
    const std::string unsigned_token =
        encode_base64url(header) + "." + encode_base64url(kAnn) + ".";
    CHECK(looks_like_jwt(unsigned_token) == (std::string_view(header).size() > 2));
    CHECK(verdict(unsigned_token, keys) == no_alg);
  }
  const std::string good = secret_token(kKey, kHs256, kAnn);
  CHECK(verdict(good.substr(0, good.rfind('.') + 1), keys) == "the token's signature is wrong");
  CHECK(verdict(good, {}) == "the token's kid is that of no key");
  CHECK(verdict(secret_token("another key", kHs256, kAnn), keys) ==
        "the token's signature is wrong");
}

TEST_CASE("headers that mean more than is known here are refused") {
  const JwtKeys keys = keys_from(std::string(kKey));
  const auto with_header = [&](std::string_view header) {
    return verdict(secret_token(kKey, header, kAnn), keys);
  };
  CHECK(with_header(R"({"alg":"HS256","typ":"JWT","jku":"http://x","x":1})") == kGood);
  CHECK(with_header(R"({"alg":"HS256","crit":["exp"]})").find("crit") != std::string::npos);
  CHECK(with_header(R"({"alg":"HS256","crit":[]})").find("crit") != std::string::npos);
  CHECK(with_header(R"({"alg":"HS256","kid":1})") == "the token's kid is not a text");
  CHECK(with_header(R"({"alg":"HS256","alg":"HS256"})").ends_with("a name twice"));
  CHECK(with_header(R"(["alg","HS256"])").ends_with("not a JSON object"));
  CHECK(with_header("alg").ends_with("not JSON"));
}

TEST_CASE("a token that is none is refused") {
  const JwtKeys keys = keys_from(std::string(kKey));
  const std::string good = secret_token(kKey, kHs256, kAnn);
  CHECK(verdict("", keys) == "the token has not three parts");
  CHECK(verdict("a.b", keys) == "the token has not three parts");
  CHECK(verdict(good + ".x", keys) == "the token has not three parts");
  CHECK(verdict("?" + good, keys) == "the token's header is not base64url");
  CHECK(verdict(good + "=", keys) == "the token's signature is not base64url");
  const std::string large =
      R"({"sub":"ann","exp":1700000100,"x":")" + std::string(6'200, 'x') + "\"}";
  CHECK(verdict_on(large.substr(0, 40) + std::string(5'900, 'x') + "\"}") == kGood);
  CHECK(verdict_on(large) == "the token is larger than 8192 bytes");
}

TEST_CASE("a token is good between nbf and exp, with the leeway on both sides") {
  JwtPolicy strict;
  strict.leeway_s = 0;
  const std::string expired = "the token has expired";
  CHECK(verdict_on(R"({"sub":"ann","exp":1700000001})", strict) == "ann 1700000001000");
  CHECK(verdict_on(R"({"sub":"ann","exp":1700000000})", strict) == expired);
  CHECK(verdict_on(R"({"sub":"ann","exp":1700000000.5})", strict) == "ann 1700000000500");
  CHECK(verdict_on(R"({"sub":"ann","exp":1699999941})") == "ann 1700000001000");
  CHECK(verdict_on(R"({"sub":"ann","exp":1699999940})") == expired);
  CHECK(verdict_on(R"({"sub":"ann","exp":-1})") == expired);
  CHECK(verdict_on(R"({"sub":"ann","exp":-1e300})") == expired);
  CHECK(verdict_on(R"({"sub":"ann","exp":-9223372036854775808})") == expired);
  const std::string endless = "ann " + std::to_string(Instant::never().ms);
  CHECK(verdict_on(R"({"sub":"ann","exp":1e300})") == endless);
  CHECK(verdict_on(R"({"sub":"ann","exp":18446744073709551615})") == endless);
  CHECK(verdict_on(R"({"sub":"ann"})") == "the token has no exp and would be good for ever");
  CHECK(verdict_on(R"({"sub":"ann","exp":"1700000100"})") == "the token's exp is not a number");
  CHECK(verdict_on(R"({"sub":"ann","exp":null})") == "the token's exp is not a number");

  const auto from = [](std::string_view nbf) {
    return R"({"sub":"ann","exp":1700000100,"nbf":)" + std::string(nbf) + "}";
  };
  CHECK(verdict_on(from("1700000000"), strict) == "ann 1700000100000");
  CHECK(verdict_on(from("1700000001"), strict) == "the token is not valid yet");
  CHECK(verdict_on(from("1700000060")) == kGood);
  CHECK(verdict_on(from("1700000061")) == "the token is not valid yet");
  CHECK(verdict_on(from("1e300")) == "the token is not valid yet");
  CHECK(verdict_on(from("true")) == "the token's nbf is not a number");
}

TEST_CASE("issuer and audience have to be those of the settings") {
  const auto with_claim = [](std::string_view more) {
    return R"({"sub":"ann","exp":1700000100)" + std::string(more) + "}";
  };
  JwtPolicy policy;
  policy.issuer = "https://id";
  const std::string wrong_issuer = "the token's iss is not auth.jwt_issuer";
  CHECK(verdict_on(with_claim(R"(,"iss":"https://id")"), policy) == kGood);
  CHECK(verdict_on(with_claim(R"(,"iss":"https://id/")"), policy) == wrong_issuer);
  CHECK(verdict_on(with_claim(R"(,"iss":["https://id"])"), policy) == wrong_issuer);
  CHECK(verdict_on(with_claim(""), policy) == wrong_issuer);
  policy = {};
  policy.audience = "broker";
  const std::string wrong_audience = "the token's aud is not auth.jwt_audience";
  CHECK(verdict_on(with_claim(R"(,"aud":"broker")"), policy) == kGood);
  CHECK(verdict_on(with_claim(R"(,"aud":["a","broker"])"), policy) == kGood);
  CHECK(verdict_on(with_claim(R"(,"aud":["a",["broker"]])"), policy) == wrong_audience);
  CHECK(verdict_on(with_claim(R"(,"aud":{"broker":"broker"})"), policy) == wrong_audience);
  CHECK(verdict_on(with_claim(R"(,"aud":"brokers")"), policy) == wrong_audience);
  CHECK(verdict_on(with_claim(R"(,"aud":[])"), policy) == wrong_audience);
  CHECK(verdict_on(with_claim(""), policy) == wrong_audience);
  CHECK(verdict_on(with_claim(R"(,"aud":"broker")")) ==
        "the token has an aud, and auth.jwt_audience is not set");
}

TEST_CASE("the user is a text in the claim that the settings name") {
  JwtPolicy policy;
  policy.user_claim = "device";
  const auto with_device = [&](std::string_view value) {
    return verdict_on(R"({"sub":"ann","exp":1700000100,"device":)" + std::string(value) + "}",
                      policy);
  };
  CHECK(with_device(R"("bob")") == "bob 1700000160000");
  const std::string wrong = "the token's claim auth.jwt_user_claim is missing or no user name";
  for (const char* value : {R"("")", "7", "null", R"(["bob"])", R"("b\u0000b")"}) {
    CAPTURE(value);
    CHECK(with_device(value) == wrong);
  }
  CHECK(verdict_on(kAnn, policy) == wrong);
  CHECK(verdict_on(R"({"sub":"ann","sub":"bob","exp":1700000100})").ends_with("a name twice"));
  CHECK(verdict_on("[]").ends_with("not a JSON object"));
  CHECK(verdict_on("ann").ends_with("not JSON"));
}

TEST_CASE("a password is taken for a token if it has the form of one") {
  CHECK(looks_like_jwt(secret_token(kKey, kHs256, kAnn)));
  CHECK(looks_like_jwt("eyJhbGciOiJub25lIn0.."));
  for (const char* password :
       {"", "..", "a.b.c", "correct.horse.staple", "eyJh.e30", "eyJ.e30.e30", "eyJh.e30.e30.e30",
        "eyJh.e30.e3=", "eyJh.e30.e3 0", "ayJh.e30.e30"}) {
    CAPTURE(password);
    CHECK_FALSE(looks_like_jwt(password));
  }
}

TEST_CASE("the roles of a token are those of auth.jwt_roles_claim, and a bad list is a bad token") {
  JwtPolicy policy;
  policy.roles_claim = "roles";
  const JwtKeys keys = keys_from(std::string(kKey));
  const auto roles_of = [&](std::string_view claim) {
    const std::string claims = R"({"sub":"ann","exp":1700000100)" + std::string(claim) + "}";
    const auto known = verify_jwt(secret_token(kKey, kHs256, claims), keys, policy, kNow);
    if (!known) return std::vector<std::string>{known.error().text};
    return known->roles;
  };
  using Roles = std::vector<std::string>;
  CHECK(roles_of(R"(,"roles":["a","b"])") == Roles{"a", "b"});
  CHECK(roles_of(R"(,"roles":"a")") == Roles{"a"});
  CHECK(roles_of(R"(,"other":["a"])").empty());
  CHECK(roles_of(R"(,"roles":[1])")
            .front()
            .starts_with("the token's claim auth.jwt_roles_claim is no list of role names"));
  policy.roles_claim.clear();
  CHECK(roles_of(R"(,"roles":[1])").empty());
}
