#include "access/password_edit.hpp"

#include "access/password_file.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr std::string_view kSalt = "sixteen  bytes !";

std::string line_for(std::string_view user, std::string_view password) {
  return make_entry(user, password, kSalt, kScramIterationsMin).value();
}

}  // namespace

TEST_CASE("a user is added behind, replaced in place, and everything else stays") {
  const std::string first = "# ours\n" + line_for("anna", "a") + "\n\n" + line_for("bob", "b");
  const auto added = with_user(first, "carol", line_for("carol", "c"));
  REQUIRE(added.has_value());
  CHECK_FALSE(added->replaced);
  CHECK(added->file == first + "\n" + line_for("carol", "c") + "\n");
  const auto changed = with_user(added->file, "anna", line_for("anna", "new"));
  REQUIRE(changed.has_value());
  CHECK(changed->replaced);
  CHECK(changed->file.starts_with("# ours\n" + line_for("anna", "new") + "\n\n"));
  const auto file = PasswordFile::parse(changed->file);
  REQUIRE(file.has_value());
  CHECK(file->count() == 3);
  CHECK(verify(*file->find("anna"), "new"));
  CHECK(verify(*file->find("bob"), "b"));
}

TEST_CASE("a user is taken out, and one that is not there is said not to be") {
  const std::string text = "#anna:x\n" + line_for("anna", "a") + "\n" + line_for("an", "b") + "\n";
  const auto less = without_user(text, "anna");
  REQUIRE(less.has_value());
  CHECK(less->value() == "#anna:x\n" + line_for("an", "b") + "\n");
  const auto none = without_user(text, "ann");
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
}

TEST_CASE("users are listed in the order of the file, with the kind of their hash") {
  const auto argon = make_argon2id_entry("new one", "secret", kSalt);
  REQUIRE(argon.has_value());
  const auto users = password_users("# x\n" + *argon + "\n" + line_for("bob", "b") + "\n");
  REQUIRE(users.has_value());
  REQUIRE(users->size() == 2);
  CHECK((*users)[0].name == "new one");
  CHECK((*users)[0].kind == "argon2id");
  CHECK((*users)[1].kind == "scram-sha-256");
  CHECK(password_users("")->empty());
}

TEST_CASE("a file that is no good is not touched") {
  const std::string bad = "anna:secret\n";
  for (const auto& error : {with_user(bad, "bob", line_for("bob", "b")).error(),
                            without_user(bad, "anna").error(), password_users(bad).error()})
    CHECK(error.text.starts_with("password file, line 1: user 'anna'"));
}
