#include "access/access.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Kind = Login::Kind;

namespace {

constexpr std::string_view kBob =
    "bob:$7$101$LSYey8F9GcOQV/6T$AlTwNGk1S0G+d9ZaXRJ6VNvCDp0CdKUf+Ab/Yb92VuFBhIucgJGJNJDLH+63ag4A"
    "WSEPiPfxgs1LpOhkecpQrQ==";

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
  return access.decide_login({"client", user, password, loopback});
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
  CHECK(right.check->run());
  CHECK(right.check->user() == "bob");
  CHECK_FALSE(login(access, "bob", "wonder land!").check->run());
  CHECK_FALSE(login(access, "bob", "").check->run());
}

TEST_CASE("a user who is not in the file is checked like one who is, and fails") {
  const Access access(policy_with(Anonymous::everywhere, true));
  const Login unknown = login(access, "eve", "Wonder land!");
  REQUIRE(unknown.kind == Kind::must_verify);
  CHECK_FALSE(unknown.check->run());
  CHECK_FALSE(login(access, "", "Wonder land!").check->run());
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
      const Login login = access.decide_login({"client", user, std::nullopt, false, "bob"});
      CHECK(login.kind == Kind::granted);
      CHECK(login.user == "bob");
    }
  }
}

TEST_CASE("who shows a certificate is nobody else, and nobody if it names nobody") {
  const Access access(policy_with(Anonymous::everywhere, true));
  // The right password of another user does not help.
  const Login other = access.decide_login({"client", "bob", "Wonder land!", true, "alice"});
  CHECK(other.kind == Kind::bad_credentials);
  CHECK(other.reason == "the user name is not the one of the client's certificate");
  const Login nobody = access.decide_login({"client", "bob", "Wonder land!", true, ""});
  CHECK(nobody.kind == Kind::not_authorized);
  CHECK(nobody.reason == "the client's certificate names no user");
}

TEST_CASE("the password file is there for SCRAM only if one is configured") {
  CHECK(Access(policy_with(Anonymous::nowhere, false)).passwords() == nullptr);
  const Access access(policy_with(Anonymous::nowhere, true));
  REQUIRE(access.passwords() != nullptr);
  CHECK(access.passwords()->find("bob") != nullptr);
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
}

TEST_CASE("auth.anonymous is loopback, true or false") {
  CHECK(parse_anonymous("loopback") == Anonymous::loopback);
  CHECK(parse_anonymous("true") == Anonymous::everywhere);
  CHECK(parse_anonymous("false") == Anonymous::nowhere);
  const auto wrong = parse_anonymous("yes");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().text.find("'yes'") != std::string::npos);
}
