#include "access/scram.hpp"

#include "access/digest.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

using Reply = ScramServer::Reply;

// Far above what a name of reasonable length needs; bounds what a stranger makes us keep.
constexpr std::size_t kMessageSizeMax = 4'096;

// The values of server-error in RFC 5802 section 7 that we send. A user who does not exist gets
// the same as one with a wrong password.
Reply failed(std::string_view error) {
  return {Reply::Kind::failure, std::string("e=").append(error), {}};
}

bool is_nonce(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return byte > 0x20 && byte < 0x7F && byte != ',';
  });
}

// Cuts off and returns what stands before the next ','; the ',' goes too.
std::string_view take_field(std::string_view& rest) {
  const std::size_t size = std::min(rest.find(','), rest.size());
  const std::string_view field = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return field;
}

// The value of an attribute like "r=VALUE"; nothing if it is another one.
std::optional<std::string_view> value_of(std::string_view field, char attribute) {
  if (field.size() < 2 || field[0] != attribute || field[1] != '=') return std::nullopt;
  return field.substr(2);
}

// A saslname: "=2C" stands for ',' and "=3D" for '='.
std::optional<std::string> decode_name(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    const bool is_escape = text.front() == '=';
    if (!is_escape)
      name.push_back(text.front());
    else if (text.substr(0, 3) == "=2C" || text.substr(0, 3) == "=3D")
      name.push_back(text[1] == '2' ? ',' : '=');
    else
      return std::nullopt;
    text.remove_prefix(is_escape ? 3 : 1);
  }
  if (name.empty() || !is_mqtt_utf8(name)) return std::nullopt;
  return name;
}

std::string exclusive_or(std::string_view left, std::string_view right) {
  ENSURE(left.size() == right.size(), "proof and signature have one size");
  std::string out(left);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<char>(static_cast<unsigned char>(out[i]) ^
                               static_cast<unsigned char>(right[i]));
  return out;
}

}  // namespace

ScramServer::ScramServer(std::string nonce) : nonce_(std::move(nonce)) {
  ENSURE(is_nonce(nonce_), "a nonce is printable ASCII without ','");
}

Reply ScramServer::step(const PasswordFile& passwords, std::string_view client_data) {
  const Phase phase = std::exchange(phase_, Phase::over);
  if (phase == Phase::over || client_data.size() > kMessageSizeMax) return failed("other-error");
  if (phase == Phase::awaits_final) return final(client_data);
  Reply reply = first(passwords, client_data);
  if (reply.kind == Reply::Kind::challenge) phase_ = Phase::awaits_final;
  return reply;
}

// client-first-message: flag "," [ "a=" authzid ] "," "n=" user ",r=" nonce [ "," extensions ]
Reply ScramServer::first(const PasswordFile& passwords, std::string_view message) {
  std::string_view rest = message;
  const std::string_view flag = take_field(rest);
  if (flag.substr(0, 2) == "p=") return failed("server-does-not-support-channel-binding");
  const std::string_view authorization = take_field(rest);
  if (flag != "n" && flag != "y") return failed("other-error");

  const std::string_view bare = rest;
  const std::string_view name_field = take_field(rest);
  if (value_of(name_field, 'm')) return failed("extensions-not-supported");
  const auto name_text = value_of(name_field, 'n');
  const auto name = name_text ? decode_name(*name_text) : std::nullopt;
  if (!name) return failed("invalid-username-encoding");
  const auto client_nonce = value_of(take_field(rest), 'r');
  if (!client_nonce || !is_nonce(*client_nonce)) return failed("other-error");
  if (!authorization.empty()) {
    const auto identity_text = value_of(authorization, 'a');
    const auto identity = identity_text ? decode_name(*identity_text) : std::nullopt;
    if (identity != name) return failed("other-error");
  }

  const PasswordEntry* entry = passwords.find(*name);
  const bool is_known = entry != nullptr && entry->kind == PasswordKind::scram_sha_256;
  entry_ = is_known ? *entry : passwords.decoy(*name, PasswordKind::scram_sha_256);
  nonce_.insert(0, *client_nonce);
  gs2_header_ = message.substr(0, message.size() - bare.size());
  std::string challenge = "r=" + nonce_ + ",s=" + encode_base64(entry_.salt) +
                          ",i=" + std::to_string(entry_.iterations);
  auth_message_ = std::string(bare) + "," + challenge;
  return {Reply::Kind::challenge, std::move(challenge), {}};
}

// client-final-message: "c=" base64(gs2 header) ",r=" nonce [ "," extensions ] ",p=" proof
Reply ScramServer::final(std::string_view message) {
  const std::size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return failed("other-error");
  const std::string_view without_proof = message.substr(0, proof_at);
  const auto proof = decode_base64(message.substr(proof_at + 3));
  if (!proof || proof->size() != kSha256Size) return failed("invalid-encoding");

  std::string_view rest = without_proof;
  const auto binding = value_of(take_field(rest), 'c');
  if (!binding || decode_base64(*binding) != gs2_header_)
    return failed("channel-bindings-dont-match");
  if (value_of(take_field(rest), 'r') != nonce_) return failed("other-error");

  auth_message_.append(",").append(without_proof);
  const std::string client_signature = hmac_sha256(entry_.hash, auth_message_);
  const std::string client_key = exclusive_or(*proof, client_signature);
  if (!equal_in_constant_time(sha256(client_key), entry_.hash)) return failed("invalid-proof");
  const std::string server_signature = hmac_sha256(entry_.server_key, auth_message_);
  return {Reply::Kind::success, "v=" + encode_base64(server_signature), entry_.user};
}

}  // namespace tandemq
