#include "access/password_file.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

// Written by mosquitto_passwd 2.0 for the password "Wonder land!".
const std::string kSha512Line =
    "alice:$6$QkjMJQgm9ZFcdZ4n$AZhcYo/ds0BNVr8i1TMSqrl7VtVQhLqx3GmRx/BcH8rLPJYD02FCK6evXIPyMGzft"
    "JnqCFqyGb5QlHDkpmMLpA==\n";
const std::string kPbkdf2Line =
    "bob:$7$101$LSYey8F9GcOQV/6T$AlTwNGk1S0G+d9ZaXRJ6VNvCDp0CdKUf+Ab/Yb92VuFBhIucgJGJNJDLH+63ag4A"
    "WSEPiPfxgs1LpOhkecpQrQ==\n";
constexpr std::string_view kPassword = "Wonder land!";
constexpr std::string_view kSalt = "sixteen  bytes !";

PasswordFile parsed(const std::string& text) {
  auto file = PasswordFile::parse(text);
  REQUIRE_MESSAGE(file.has_value(), (file ? "" : file.error().text));
  return *std::move(file);
}

std::string error_of(const std::string& text) {
  const auto file = PasswordFile::parse(text);
  REQUIRE_FALSE(file.has_value());
  return file.error().text;
}

std::string scram_line(std::string_view user, std::string_view password) {
  const auto line = make_entry(user, password, kSalt, kScramIterationsMin);
  REQUIRE(line.has_value());
  return *line + "\n";
}

}  // namespace

TEST_CASE("hashes that Mosquitto wrote open with their password and no other") {
  const PasswordFile file = parsed("# users\n\n" + kSha512Line + kPbkdf2Line);
  CHECK(file.count() == 2);
  for (const char* user : {"alice", "bob"}) {
    const PasswordEntry* entry = file.find(user);
    REQUIRE(entry != nullptr);
    CHECK(entry->user == user);
    CHECK(verify(*entry, kPassword));
    CHECK_FALSE(verify(*entry, "Wonder land"));
    CHECK_FALSE(verify(*entry, ""));
  }
  CHECK(file.find("alice")->kind == PasswordKind::sha512);
  CHECK(file.find("bob")->kind == PasswordKind::pbkdf2_sha512);
  CHECK(file.find("bob")->iterations == 101);
  CHECK(file.find("carol") == nullptr);
}

TEST_CASE("an entry that we make is read back and opens with its password") {
  const PasswordFile file = parsed(scram_line("carol=,\xC3\xA9 $x", kPassword));
  const PasswordEntry* entry = file.find("carol=,\xC3\xA9 $x");
  REQUIRE(entry != nullptr);
  CHECK(entry->kind == PasswordKind::scram_sha_256);
  CHECK(entry->salt == kSalt);
  CHECK(verify(*entry, kPassword));
  CHECK_FALSE(verify(*entry, "wonder land!"));
}

TEST_CASE("Argon2id: a hash of the reference implementation, and one of our own") {
  const PasswordFile file = parsed(
      "ref:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4\n" +
      make_argon2id_entry("dora", kPassword, kSalt).value() + "\n");
  CHECK(verify(*file.find("ref"), "password"));
  CHECK_FALSE(verify(*file.find("ref"), "passwort"));
  CHECK(verify(*file.find("dora"), kPassword));
  CHECK_FALSE(verify(*file.find("dora"), ""));
  CHECK(file.usual_kind() == PasswordKind::argon2id);
  const PasswordEntry decoy = file.decoy("nobody", PasswordKind::argon2id);
  CHECK(decoy.cost.memory_kib == 256);
  CHECK_FALSE(verify(decoy, "password"));
  CHECK_FALSE(make_argon2id_entry("a", "x", "seven b").has_value());
}

TEST_CASE("Argon2id: what is wrong with a line is said") {
  const auto with = [](const std::string& cost) {
    return "a:$argon2id$v=19$" + cost + "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  };
  CHECK(error_of(with("m=7,t=2,p=1")).find("the cost of Argon2id is") != std::string::npos);
  CHECK(error_of("a:$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65").find("v=19") !=
        std::string::npos);
  CHECK(error_of("a:$argon2id$v=19$m=256,t=2,p=1$c29t$nf65EOgLrQMR/uIPnA4rEg")
            .find("the salt has 3") != std::string::npos);
  CHECK(error_of("a:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65").find("the hash has 3") !=
        std::string::npos);
}

TEST_CASE("an entry is not made from what a line cannot hold") {
  for (const std::string user : {"", "a:b", "#a", " a", "a ", "a\nb", "a\tb", "\xFF"}) {
    INFO(user);
    CHECK_FALSE(make_entry(user, "x", kSalt, kScramIterationsMin).has_value());
  }
  CHECK_FALSE(make_entry("a", "x", "", kScramIterationsMin).has_value());
  CHECK_FALSE(make_entry("a", "x", std::string(65, 's'), kScramIterationsMin).has_value());
  CHECK_FALSE(make_entry("a", "x", kSalt, kScramIterationsMin - 1).has_value());
  CHECK_FALSE(make_entry("a", "x", kSalt, kPasswordIterationsMax + 1).has_value());
}

TEST_CASE("a bad line is named with its number and reason, and its hash is not told") {
  struct Case {
    std::string line;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {"secret", "no ':'"},
      {":$6$c2FsdA==$aGFzaA==", "user name"},
      {"\xFF:$6$c2FsdA==$aGFzaA==", "user name"},
      {"eve:secret", "no hash"},
      {"eve:", "no hash"},
      {"eve:$5$c2FsdA==$secret", "no hash"},
      {"eve:$6$c2FsdA==", "parts"},
      {"eve:$6$c2FsdA==$secret$secret", "parts"},
      {"eve:$6$secret!$secret", "the salt is not base64"},
      {"eve:$6$$aGFzaA==", "the salt has 0 bytes"},
      {"eve:$6$c2FsdA==$aGFzaA==", "the hash has 4 bytes"},
      {"eve:$7$0$c2FsdA==$aGFzaA==", "the iterations are '0'"},
      {"eve:$7$-1$c2FsdA==$aGFzaA==", "the iterations are '-1'"},
      {"eve:$7$10000001$c2FsdA==$aGFzaA==", "allowed are 1 to 10000000"},
      {"eve:$7$99999999999$c2FsdA==$aGFzaA==", "the iterations are '99999999999'"},
      {"eve:$scram-sha-256$4095$c2FsdA==$aGFzaA==$aGFzaA==", "allowed are 4096 to"},
      {"eve:$scram-sha-256$4096$c2FsdA==$aGFzaA==", "parts"},
  };
  for (const Case& each : cases) {
    INFO(each.line);
    const std::string error = error_of("# first\n" + each.line + "\n");
    INFO(error);
    CHECK(error.find("line 2") != std::string::npos);
    CHECK(error.find(each.reason) != std::string::npos);
    CHECK(error.find("secret") == std::string::npos);
  }
}

TEST_CASE("a user who is there twice is an error") {
  const std::string error = error_of(kSha512Line + kPbkdf2Line + kSha512Line);
  CHECK(error.find("line 3: user 'alice' is there already") != std::string::npos);
}

TEST_CASE("a decoy looks like an entry, is always the same, and opens with nothing") {
  const PasswordFile file = parsed(kPbkdf2Line + scram_line("carol", kPassword));
  CHECK(file.usual_kind() == PasswordKind::pbkdf2_sha512);

  const PasswordEntry decoy = file.decoy("mallory", PasswordKind::scram_sha_256);
  CHECK(decoy.user == "mallory");
  CHECK(decoy.iterations == file.find("carol")->iterations);
  CHECK(decoy.salt.size() == file.find("carol")->salt.size());
  CHECK(decoy.hash.size() == file.find("carol")->hash.size());
  CHECK(decoy.salt == file.decoy("mallory", PasswordKind::scram_sha_256).salt);
  CHECK(decoy.salt != file.decoy("mallorz", PasswordKind::scram_sha_256).salt);
  CHECK_FALSE(verify(decoy, kPassword));

  const PasswordEntry other = file.decoy("mallory", PasswordKind::pbkdf2_sha512);
  CHECK(other.iterations == 101);
  CHECK(other.salt.size() == file.find("bob")->salt.size());
  CHECK_FALSE(verify(other, kPassword));
}

TEST_CASE("another password file makes other decoys") {
  const PasswordFile one = parsed(scram_line("carol", kPassword));
  const PasswordFile two = parsed(scram_line("carol", "another"));
  CHECK(one.decoy("mallory", PasswordKind::scram_sha_256).salt !=
        two.decoy("mallory", PasswordKind::scram_sha_256).salt);
}

TEST_CASE("an empty file has no users and still makes decoys") {
  const PasswordFile file = parsed("");
  CHECK(file.count() == 0);
  CHECK_FALSE(verify(file.decoy("mallory", file.usual_kind()), ""));
}
