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

}  // namespace

Result<Anonymous> parse_anonymous(std::string_view text) {
  if (text == "loopback") return Anonymous::loopback;
  if (text == "true") return Anonymous::everywhere;
  if (text == "false") return Anonymous::nowhere;
  return failure("auth.anonymous is " + quoted(text) + ", allowed are loopback, true and false.");
}

PasswordCheck::PasswordCheck(PasswordEntry entry, std::string password)
    : entry_(std::move(entry)), password_(std::move(password)) {}

bool PasswordCheck::run() const {
  return verify(entry_, password_);
}

Access::Access(Policy policy) : policy_(std::move(policy)) {}

Login Access::decide_login(const LoginRequestView& request) const {
  if (request.certificate_user) return decide_certified(request);
  const bool has_file = policy_.passwords.has_value();
  if (!request.user_name || !has_file) {
    if (allows_anonymous(request.listener_is_loopback))
      return granted(request.user_name.value_or(""));
    return refused(Login::Kind::not_authorized,
                   request.user_name ? "no password file is configured and anonymous clients are "
                                       "not allowed on this listener"
                                     : "anonymous clients are not allowed on this listener");
  }
  if (!request.password)
    return refused(Login::Kind::bad_credentials, "a user name without a password");

  const std::string_view user = *request.user_name;
  const PasswordFile& file = *policy_.passwords;
  const PasswordEntry* entry = file.find(user);
  Login login;
  login.kind = Login::Kind::must_verify;
  login.check.emplace(entry != nullptr ? *entry : file.decoy(user, file.usual_kind()),
                      std::string(*request.password));
  return login;
}

Login Access::decide_certified(const LoginRequestView& request) {
  const std::string_view user = *request.certificate_user;
  if (user.empty())
    return refused(Login::Kind::not_authorized, "the client's certificate names no user");
  if (request.user_name && *request.user_name != user)
    return refused(Login::Kind::bad_credentials,
                   "the user name is not the one of the client's certificate");
  return granted(user);
}

const PasswordFile* Access::passwords() const {
  return policy_.passwords ? &*policy_.passwords : nullptr;
}

Verdict Access::check(const WhoView& who, Action action, std::string_view topic) const {
  return policy_.acl ? policy_.acl->check(who, action, topic) : Verdict{true, 0};
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

bool Access::allows_anonymous(bool listener_is_loopback) const {
  return policy_.anonymous == Anonymous::everywhere ||
         (policy_.anonymous == Anonymous::loopback && listener_is_loopback);
}

}  // namespace tandemq
