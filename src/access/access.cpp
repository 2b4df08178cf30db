#include "access/access.hpp"

#include "access/lines.hpp"

#include <utility>

namespace tandemq {
namespace {

Login granted(std::string_view user) {
  return {Login::Kind::granted, std::string(user), {}, std::nullopt};
}

Login refused(Login::Kind kind, std::string reason) {
  return {kind, {}, std::move(reason), std::nullopt};
}

Login must_verify(PasswordCheck check) {
  return {Login::Kind::must_verify, {}, {}, std::move(check)};
}

}  // namespace

Result<Anonymous> parse_anonymous(std::string_view text) {
  if (text == "loopback") return Anonymous::loopback;
  if (text == "true") return Anonymous::everywhere;
  if (text == "false") return Anonymous::nowhere;
  return failure("auth.anonymous is " + quoted(text) + ", allowed are loopback, true and false.");
}

PasswordCheck::PasswordCheck(PasswordEntry entry, std::string password)
    : by_(std::move(entry)), password_(std::move(password)) {}

PasswordCheck::PasswordCheck(std::shared_ptr<const TokenRules> rules, std::string_view user_name,
                             std::string token, Instant now)
    : by_(Token{std::move(rules), std::string(user_name), now}), password_(std::move(token)) {}

PasswordCheck::PasswordCheck(RemoteLogin login) : by_(std::move(login)) {}

CheckResult PasswordCheck::run() const {
  if (remote() != nullptr) {
    CheckResult unknown;
    unknown.unavailable = true;
    unknown.reason = "there is nobody to ask";
    return unknown;
  }
  if (const auto* token = std::get_if<Token>(&by_)) return verify_token(*token);
  const auto& entry = std::get<PasswordEntry>(by_);
  CheckResult result;
  result.granted = verify(entry, password_);
  if (result.granted)
    result.user = entry.user;
  else
    result.reason = "user name or password is wrong";
  return result;
}

CheckResult PasswordCheck::verify_token(const Token& token) const {
  CheckResult result;
  auto claims = verify_jwt(password_, token.rules->keys, token.rules->policy, token.now);
  if (!claims) {
    result.reason = std::move(claims.error().text);
  } else if (!token.user_name.empty() && token.user_name != claims->user) {
    result.reason = "the user name is not that of the token";
  } else {
    result.granted = true;
    result.user = std::move(claims->user);
    result.expires_at = claims->expires_at;
    result.roles = std::move(claims->roles);
  }
  return result;
}

Access::Access(Policy policy) : policy_(std::move(policy)) {}

Login Access::decide_login(const LoginRequestView& request) const {
  if (request.certificate_user) return decide_certified(request);
  if (policy_.tokens && request.password && looks_like_jwt(*request.password))
    return must_verify(PasswordCheck(policy_.tokens, request.user_name.value_or(""),
                                     std::string(*request.password), request.now));
  const bool names_are_proven = policy_.passwords || policy_.tokens || policy_.asks_http;
  if (!request.user_name || !names_are_proven) {
    if (allows_anonymous(request.listener_is_loopback))
      return granted(request.user_name.value_or(""));
    return refused(Login::Kind::not_authorized,
                   request.user_name ? "no password file is configured and anonymous clients are "
                                       "not allowed on this listener"
                                     : "anonymous clients are not allowed on this listener");
  }
  if (!request.password)
    return refused(Login::Kind::bad_credentials, "a user name without a password");
  const bool in_file = policy_.passwords && policy_.passwords->find(*request.user_name) != nullptr;
  if (policy_.asks_http && !in_file)
    return must_verify(
        PasswordCheck(RemoteLogin{std::string(*request.user_name), std::string(*request.password),
                                  std::string(request.client_id), std::string(request.address),
                                  std::string(request.listener)}));
  if (!policy_.passwords)
    return refused(Login::Kind::bad_credentials,
                   "the password is no token, and no password file is configured");

  const std::string_view user = *request.user_name;
  const PasswordFile& file = *policy_.passwords;
  const PasswordEntry* entry = file.find(user);
  return must_verify(PasswordCheck(entry != nullptr ? *entry : file.decoy(user, file.usual_kind()),
                                   std::string(*request.password)));
}

Login Access::decide_certified(const LoginRequestView& request) {
  const std::string_view user = *request.certificate_user;
  if (user.empty())
    return refused(Login::Kind::not_authorized, "the client's certificate names no user");
  if (request.user_name && *request.user_name != user)
    return refused(Login::Kind::bad_credentials,
                   "the user name is not the one of the client's certificate or shared key");
  return granted(user);
}

const PasswordFile* Access::passwords() const {
  return policy_.passwords ? &*policy_.passwords : nullptr;
}

Verdict Access::check(const WhoView& who, Action action, std::string_view topic) const {
  if (!policy_.acl || who.operates) return {true, 0};
  return policy_.acl->check(who, action, topic);
}

bool Access::may_publish(const WhoView& who, std::string_view topic) const {
  return check(who, Action::publish, topic).allowed;
}

bool Access::may_subscribe(const WhoView& who, std::string_view filter) const {
  return check(who, Action::subscribe, filter).allowed;
}

bool Access::may_receive(const WhoView& who, std::string_view topic) const {
  return check(who, Action::receive, topic).allowed;
}

bool Access::roles_come_with_login() const {
  return policy_.asks_http || (policy_.tokens && !policy_.tokens->policy.roles_claim.empty());
}

std::vector<std::string> Access::unknown_roles(const std::vector<std::string>& roles) const {
  std::vector<std::string> unknown;
  for (const std::string& role : roles)
    if (!policy_.acl || !policy_.acl->has_role(role)) unknown.push_back(role);
  return unknown;
}

bool Access::may_while_away(const WhoView& who, Action action, std::string_view topic) const {
  const Verdict verdict = check(who, action, topic);
  return verdict.allowed || (verdict.line == 0 && roles_come_with_login());
}

bool Access::allows_anonymous(bool listener_is_loopback) const {
  return policy_.anonymous == Anonymous::everywhere ||
         (policy_.anonymous == Anonymous::loopback && listener_is_loopback);
}

}  // namespace tandemq
