#include "access/scram.hpp"

#include "access/digest.hpp"
#include "base/base64.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Kind = ScramServer::Reply::Kind;

namespace {

constexpr std::string_view kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

PasswordFile file_with(std::string_view user, std::string_view password) {
  const auto salt = decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const auto line = make_entry(user, password, *salt, kScramIterationsMin);
  REQUIRE(line.has_value());
  auto file = PasswordFile::parse(*line);
  REQUIRE(file.has_value());
  return *std::move(file);
}

ScramServer make_server() {
  return ScramServer(std::string(kServerNonce));
}

// What a client with this password answers to the challenge; `final_start` is its message up to
// the proof.
std::string answer(std::string_view password, const std::string& first_bare,
                   const std::string& challenge, const std::string& final_start) {
  const std::size_t salt_at = challenge.find(",s=") + 3;
  const std::size_t iterations_at = challenge.find(",i=");
  const auto salt = decode_base64(challenge.substr(salt_at, iterations_at - salt_at));
  const auto iterations = std::stoul(challenge.substr(iterations_at + 3));
  const std::string salted = pbkdf2_sha256(password, *salt, static_cast<std::uint32_t>(iterations));
  std::string proof = hmac_sha256(salted, "Client Key");
  const std::string message = first_bare + "," + challenge + "," + final_start;
  const std::string signature = hmac_sha256(sha256(proof), message);
  for (std::size_t i = 0; i < proof.size(); ++i)
    proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  return final_start + ",p=" + encode_base64(proof);
}

std::string nonce_of(const std::string& challenge) {
  return challenge.substr(0, challenge.find(','));
}

// A whole exchange as a well-behaved client leads it.
ScramServer::Reply exchange(const PasswordFile& file, std::string_view password,
                            const std::string& header, const std::string& name) {
  ScramServer server = make_server();
  const std::string bare = "n=" + name + ",r=" + std::string(kClientNonce);
  const auto challenge = server.step(file, header + bare);
  REQUIRE(challenge.kind == Kind::challenge);
  const std::string start = "c=" + encode_base64(header) + "," + nonce_of(challenge.data);
  return server.step(file, answer(password, bare, challenge.data, start));
}

}  // namespace

TEST_CASE("the exchange of RFC 7677 goes as it is printed there") {
  const PasswordFile file = file_with("user", "pencil");
  ScramServer server = make_server();
  const auto challenge = server.step(file, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK(challenge.kind == Kind::challenge);
  CHECK(challenge.data ==
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  const auto reply = server.step(file,
                                 "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                 "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK(reply.kind == Kind::success);
  CHECK(reply.data == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  CHECK(reply.user == "user");
}

TEST_CASE("a client that could bind a channel and one that names itself twice are let in") {
  const PasswordFile file = file_with("user", "pencil");
  CHECK(exchange(file, "pencil", "y,,", "user").kind == Kind::success);
  CHECK(exchange(file, "pencil", "n,a=user,", "user").kind == Kind::success);
}

TEST_CASE("a name with ',' and '=' is escaped on the wire") {
  const PasswordFile file = file_with("a,b=c", "pencil");
  const auto reply = exchange(file, "pencil", "n,,", "a=2Cb=3Dc");
  CHECK(reply.kind == Kind::success);
  CHECK(reply.user == "a,b=c");
}

TEST_CASE("a wrong password and a user who does not exist fail alike") {
  const PasswordFile file = file_with("user", "pencil");
  const auto wrong = exchange(file, "pencils", "n,,", "user");
  const auto unknown = exchange(file, "pencil", "n,,", "nobody");
  CHECK(wrong.kind == Kind::failure);
  CHECK(unknown.kind == Kind::failure);
  CHECK(wrong.data == "e=invalid-proof");
  CHECK(wrong.data == unknown.data);
  CHECK(wrong.user.empty());
}

TEST_CASE("the challenge for a user who does not exist looks real and does not change") {
  const PasswordFile file = file_with("user", "pencil");
  const auto challenge = [&file](std::string_view name) {
    return make_server().step(file, "n,,n=" + std::string(name) + ",r=abc").data;
  };
  CHECK(challenge("nobody") == challenge("nobody"));
  CHECK(challenge("nobody") != challenge("nobodi"));
  CHECK(challenge("nobody").size() == challenge("user").size());
}

TEST_CASE("a user whose hash is not for SCRAM cannot log in by it") {
  const auto file = PasswordFile::parse(
      "bob:$7$101$LSYey8F9GcOQV/6T$AlTwNGk1S0G+d9ZaXRJ6VNvCDp0CdKUf+Ab/Yb92VuFBhIucgJGJNJDLH+63ag4A"
      "WSEPiPfxgs1LpOhkecpQrQ==");
  REQUIRE(file.has_value());
  CHECK(exchange(*file, "Wonder land!", "n,,", "bob").kind == Kind::failure);
}

TEST_CASE("an ill-formed first message ends the exchange") {
  const PasswordFile file = file_with("user", "pencil");
  struct Case {
    std::string message;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"", "e=other-error"},
      {"n", "e=invalid-username-encoding"},
      {"x,,n=user,r=abc", "e=other-error"},
      {"p=tls-unique,,n=user,r=abc", "e=server-does-not-support-channel-binding"},
      {"n,a=root,n=user,r=abc", "e=other-error"},
      {"n,b,n=user,r=abc", "e=other-error"},
      {"n,,m=x,n=user,r=abc", "e=extensions-not-supported"},
      {"n,,n=,r=abc", "e=invalid-username-encoding"},
      {"n,,n=a=2cb,r=abc", "e=invalid-username-encoding"},
      {"n,,n=\xFF,r=abc", "e=invalid-username-encoding"},
      {"n,,u=user,r=abc", "e=invalid-username-encoding"},
      {"n,,n=user", "e=other-error"},
      {"n,,n=user,r=", "e=other-error"},
      {"n,,n=user,r=a b", "e=other-error"},
      {"n,,n=" + std::string(4'096, 'u') + ",r=abc", "e=other-error"},
  };
  for (const Case& each : cases) {
    INFO(each.message);
    ScramServer server = make_server();
    const auto reply = server.step(file, each.message);
    CHECK(reply.kind == Kind::failure);
    CHECK(reply.data == each.error);
    CHECK(server.step(file, "n,,n=user,r=abc").kind == Kind::failure);
  }
}

TEST_CASE("an ill-formed final message ends the exchange") {
  const PasswordFile file = file_with("user", "pencil");
  const std::string bare = "n=user,r=abc";
  const std::string nonce = "r=abc" + std::string(kServerNonce);
  const auto reply_to = [&](const std::string& start, const std::string& end) {
    ScramServer server = make_server();
    const auto challenge = server.step(file, "n,," + bare);
    return server.step(file, answer("pencil", bare, challenge.data, start) + end).data;
  };
  CHECK(reply_to("c=biws," + nonce, "").substr(0, 2) == "v=");
  CHECK(reply_to("c=biws," + nonce + ",x=extension", "").substr(0, 2) == "v=");
  CHECK(reply_to("c=eSws," + nonce, "") == "e=channel-bindings-dont-match");
  CHECK(reply_to("c=!," + nonce, "") == "e=channel-bindings-dont-match");
  CHECK(reply_to(nonce + ",c=biws", "") == "e=channel-bindings-dont-match");
  CHECK(reply_to("c=biws,r=abc", "") == "e=other-error");
  CHECK(reply_to("c=biws," + nonce + "x", "") == "e=other-error");
  CHECK(reply_to("c=biws," + nonce, ",x=behind") == "e=invalid-encoding");

  ScramServer server = make_server();
  CHECK(server.step(file, "n,," + bare).kind == Kind::challenge);
  CHECK(server.step(file, "c=biws," + nonce).data == "e=other-error");
}

TEST_CASE("an exchange outlives the password file it began with") {
  ScramServer server = make_server();
  const auto challenge = server.step(file_with("user", "pencil"), "n,,n=user,r=abc");
  const std::string start = "c=biws," + nonce_of(challenge.data);
  const std::string proof = answer("pencil", "n=user,r=abc", challenge.data, start);
  CHECK(server.step(PasswordFile(), proof).kind == Kind::success);
}

TEST_CASE("a proof is good once") {
  const PasswordFile file = file_with("user", "pencil");
  ScramServer server = make_server();
  const auto challenge = server.step(file, "n,,n=user,r=abc");
  const std::string start = "c=biws," + nonce_of(challenge.data);
  const std::string proof = answer("pencil", "n=user,r=abc", challenge.data, start);
  CHECK(server.step(file, proof).kind == Kind::success);
  CHECK(server.step(file, proof).kind == Kind::failure);
}
