#include "node/access_loader.hpp"

#include "config/files.hpp"

#include <string>
#include <utility>

namespace tandemq {
namespace {

tl::unexpected<Error> in_file(const std::string& key, const std::string& path, Error error) {
  return failure(key + " = " + path + ": " + std::move(error.text));
}

}  // namespace

Result<std::shared_ptr<const Access>> load_access(const AuthConfig& config) {
  Policy policy;
  auto anonymous = parse_anonymous(config.anonymous);
  if (!anonymous) return tl::unexpected(std::move(anonymous.error()));
  policy.anonymous = *anonymous;
  if (!config.password_file.empty()) {
    auto passwords = read_text_file(config.password_file).and_then([](const std::string& text) {
      return PasswordFile::parse(text);
    });
    if (!passwords) {
      return in_file("auth.password_file", config.password_file, std::move(passwords.error()));
    }
    policy.passwords = std::move(*passwords);
  }
  if (!config.jwt_keys.empty()) {
    auto keys = read_text_file(config.jwt_keys).and_then([](const std::string& text) {
      return parse_jwt_keys(text);
    });
    if (!keys) return in_file("auth.jwt_keys", config.jwt_keys, std::move(keys.error()));
    policy.tokens = std::make_shared<const TokenRules>(TokenRules{
        std::move(*keys), JwtPolicy{config.jwt_issuer, config.jwt_audience, config.jwt_user_claim,
                                    config.jwt_leeway_s, config.jwt_roles_claim}});
  }
  if (!config.acl_file.empty()) {
    auto acl = read_text_file(config.acl_file).and_then([](const std::string& text) {
      return Acl::parse(text);
    });
    if (!acl) return in_file("auth.acl_file", config.acl_file, std::move(acl.error()));
    policy.acl = std::move(*acl);
  }
  policy.asks_http = !config.http_url.empty();
  return std::make_shared<const Access>(std::move(policy));
}

}  // namespace tandemq
