#include "access/access.hpp"

#include "tests/access/signer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Kind = Login::Kind;

namespace {

constexpr std::string_view kBob =
    "bob:$7$101$LSYey8F9GcOQV/6T$AlTwNGk1S0G+d9ZaXRJ6VNvCDp0CdKUf+Ab/Yb92VuFBhIucgJGJNJDLH+63ag4A"
    "WSEPiPfxgs1LpOhkecpQrQ==";

constexpr Instant kNow{1'700'000'000'000};

Policy policy_with(Anonymous anonymous, bool has_password_file) {
  Policy policy;
  policy.anonymous = anonymous;
  if (!has_password_file) return policy;
  auto file = PasswordFile::parse(kBob);
  REQUIRE(file.has_value());
  policy.passwords = *std::move(file);
  return policy;
}

Login login(const Access& access, std::optional<std::string_view> user,
            std::optional<std::string_view> password, bool loopback = false) {
  return access.decide_login({"client", user, password, loopback, kNow});
}

constexpr std::string_view kSigningSecret = "a secret of more than thirty-two bytes";

Policy policy_with_tokens(Policy policy) {
  auto keys = parse_jwt_keys(kSigningSecret);
  REQUIRE(keys.has_value());
  policy.tokens = std::make_shared<const TokenRules>(TokenRules{*std::move(keys), {}});
  return policy;
}

std::string token_with(std::string_view claims) {
  return secret_token(kSigningSecret, R"({"alg":"HS256"})", claims);
}

}  // namespace

TEST_CASE("who may log in without a check follows from file, user name and listener") {
  struct Row {
    Anonymous anonymous;
    bool loopback;
    bool has_file;
    Kind without_name;
    Kind with_name;
  };
  using enum Anonymous;
  const std::vector<Row> rows = {
      {loopback, true, false, Kind::granted, Kind::granted},
      {loopback, true, true, Kind::granted, Kind::must_verify},
      {loopback, false, false, Kind::not_authorized, Kind::not_authorized},
      {loopback, false, true, Kind::not_authorized, Kind::must_verify},
      {everywhere, true, false, Kind::granted, Kind::granted},
      {everywhere, true, true, Kind::granted, Kind::must_verify},
      {everywhere, false, false, Kind::granted, Kind::granted},
      {everywhere, false, true, Kind::granted, Kind::must_verify},
      {nowhere, true, false, Kind::not_authorized, Kind::not_authorized},
      {nowhere, true, true, Kind::not_authorized, Kind::must_verify},
      {nowhere, false, false, Kind::not_authorized, Kind::not_authorized},
      {nowhere, false, true, Kind::not_authorized, Kind::must_verify},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.anonymous));
    CAPTURE(row.loopback);
    CAPTURE(row.has_file);
    const Access access(policy_with(row.anonymous, row.has_file));
    const Login without_name = login(access, std::nullopt, std::nullopt, row.loopback);
    const Login with_name = login(access, "bob", "x", row.loopback);
    CHECK(without_name.kind == row.without_name);
    CHECK(with_name.kind == row.with_name);
    CHECK(without_name.user.empty());
    CHECK(with_name.user == (row.with_name == Kind::granted ? "bob" : ""));
    CHECK(without_name.reason.empty() == (row.without_name == Kind::granted));
    CHECK(with_name.check.has_value() == (row.with_name == Kind::must_verify));
  }
}

TEST_CASE("a password check says yes to the right password only") {
  const Access access(policy_with(Anonymous::nowhere, true));
  const Login right = login(access, "bob", "Wonder land!");
  REQUIRE(right.check.has_value());
  CHECK(right.check->run().granted);
  CHECK(right.check->run().user == "bob");
  CHECK(right.check->run().expires_at.is_never());
  const CheckResult wrong = login(access, "bob", "wonder land!").check->run();
  CHECK_FALSE(wrong.granted);
  CHECK(wrong.reason == "user name or password is wrong");
  CHECK_FALSE(login(access, "bob", "").check->run().granted);
}

TEST_CASE("a user who is not in the file is checked like one who is, and fails") {
  const Access access(policy_with(Anonymous::everywhere, true));
  const Login unknown = login(access, "eve", "Wonder land!");
  REQUIRE(unknown.kind == Kind::must_verify);
  CHECK_FALSE(unknown.check->run().granted);
  CHECK_FALSE(login(access, "", "Wonder land!").check->run().granted);
}

TEST_CASE("a user name without a password is refused where there is a password file") {
  const Access access(policy_with(Anonymous::everywhere, true));
  const Login refused = login(access, "bob", std::nullopt, true);
  CHECK(refused.kind == Kind::bad_credentials);
  CHECK_FALSE(refused.reason.empty());
}

TEST_CASE("a password without a user name is an anonymous client") {
  CHECK(login(Access(policy_with(Anonymous::everywhere, true)), std::nullopt, "x").kind ==
        Kind::granted);
  CHECK(login(Access(policy_with(Anonymous::nowhere, true)), std::nullopt, "x").kind ==
        Kind::not_authorized);
}

TEST_CASE("a certificate that names a user is enough, whatever else would be asked for") {
  for (const bool has_file : {true, false}) {
    const Access access(policy_with(Anonymous::nowhere, has_file));
    for (const auto& user :
         {std::optional<std::string_view>("bob"), std::optional<std::string_view>(std::nullopt)}) {
      const Login login = access.decide_login({"client", user, std::nullopt, false, kNow, "bob"});
      CHECK(login.kind == Kind::granted);
      CHECK(login.user == "bob");
    }
  }
}

TEST_CASE("who shows a certificate is nobody else, and nobody if it names nobody") {
  const Access access(policy_with(Anonymous::everywhere, true));
  // The right password of another user does not help.
  const Login other = access.decide_login({"client", "bob", "Wonder land!", true, kNow, "alice"});
  CHECK(other.kind == Kind::bad_credentials);
  CHECK(other.reason == "the user name is not the one of the client's certificate or shared key");
  const Login nobody = access.decide_login({"client", "bob", "Wonder land!", true, kNow, ""});
  CHECK(nobody.kind == Kind::not_authorized);
  CHECK(nobody.reason == "the client's certificate names no user");
}

TEST_CASE("the password file is there for SCRAM only if one is configured") {
  CHECK(Access(policy_with(Anonymous::nowhere, false)).passwords() == nullptr);
  const Access access(policy_with(Anonymous::nowhere, true));
  REQUIRE(access.passwords() != nullptr);
  CHECK(access.passwords()->find("bob") != nullptr);
}

TEST_CASE("a token is the word of its signer on who somebody is, and until when") {
  const Access access(policy_with_tokens({}));
  const auto verified = [&](std::optional<std::string_view> user, std::string_view claims) {
    const Login asked = login(access, user, token_with(claims), true);
    REQUIRE(asked.kind == Kind::must_verify);
    return asked.check->run();
  };
  for (const auto user : {std::optional<std::string_view>(), std::optional<std::string_view>(""),
                          std::optional<std::string_view>("ann")}) {
    const CheckResult good = verified(user, R"({"sub":"ann","exp":1700000100})");
    CHECK(good.granted);
    CHECK(good.user == "ann");
    CHECK(good.expires_at == Instant{1'700'000'160'000});
  }
  const CheckResult other = verified("bob", R"({"sub":"ann","exp":1700000100})");
  CHECK_FALSE(other.granted);
  CHECK(other.reason == "the user name is not that of the token");
  const CheckResult expired = verified("ann", R"({"sub":"ann","exp":1600000100})");
  CHECK_FALSE(expired.granted);
  CHECK(expired.user.empty());
  CHECK(expired.reason == "the token has expired");
}

TEST_CASE("where tokens are taken a name alone is no proof, and a bad token is not anonymous") {
  const Access tokens(policy_with_tokens({}));
  CHECK(login(tokens, "ann", "a password", true).kind == Kind::bad_credentials);
  CHECK(login(tokens, "ann", std::nullopt, true).kind == Kind::bad_credentials);
  CHECK(login(tokens, std::nullopt, std::nullopt, true).kind == Kind::granted);
  CHECK(login(tokens, std::nullopt, "a password", true).kind == Kind::granted);
  CHECK(login(tokens, std::nullopt, "eyJh.e30.e30", true).kind == Kind::must_verify);

  const Access both(policy_with_tokens(policy_with(Anonymous::nowhere, true)));
  CHECK(login(both, "bob", "Wonder land!").check->run().user == "bob");
  CHECK(login(both, {}, token_with(R"({"sub":"ann","exp":1700000100})")).check->run().granted);

  // Without keys a token is a password like others.
  const Access passwords(policy_with(Anonymous::nowhere, true));
  CHECK(login(passwords, std::nullopt, "eyJh.e30.e30").kind == Kind::not_authorized);
}

TEST_CASE("without an ACL everything is allowed, with one what it says") {
  const WhoView bob{"client", "bob"};
  const Access open(policy_with(Anonymous::nowhere, false));
  CHECK(open.may_publish(bob, "a"));
  CHECK(open.may_subscribe(bob, "#"));
  CHECK(open.may_receive(bob, "a"));

  Policy policy;
  policy.acl = *Acl::parse("user bob\ntopic read in/#\ntopic write out/#\n");
  const Access access(policy);
  CHECK(access.may_publish(bob, "out/a"));
  CHECK_FALSE(access.may_publish(bob, "in/a"));
  CHECK(access.may_receive(bob, "in/a"));
  CHECK_FALSE(access.may_receive(bob, "out/a"));
  CHECK(access.may_subscribe(bob, "#"));
  CHECK_FALSE(access.may_subscribe(bob, "out/#"));
  CHECK(access.check(bob, Action::publish, "out/a").line == 3);
  CHECK(access.may_receive({.client_id = "client", .user = {}, .operates = true}, "secret"));
}

TEST_CASE("auth.anonymous is loopback, true or false") {
  CHECK(parse_anonymous("loopback") == Anonymous::loopback);
  CHECK(parse_anonymous("true") == Anonymous::everywhere);
  CHECK(parse_anonymous("false") == Anonymous::nowhere);
  const auto wrong = parse_anonymous("yes");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().text.find("'yes'") != std::string::npos);
}
