// Who may log in and who may do what: all that the broker asks about rights. An immutable snapshot;
// on reload a new one takes its place. Reads no file itself and never hashes a password or verifies
// a signature in decide_login: that is a PasswordCheck, which a worker thread runs.
#pragma once

#include "access/acl.hpp"
#include "access/jwt.hpp"
#include "access/password_file.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tandemq {

// Where clients without a user name may connect, see AuthConfig::anonymous.
enum class Anonymous : std::uint8_t { loopback, everywhere, nowhere };

// From "loopback", "true" or "false".
Result<Anonymous> parse_anonymous(std::string_view text);

// What tokens must be like to be passwords.
struct TokenRules {
  JwtKeys keys;
  JwtPolicy policy;
};

struct Policy {
  Anonymous anonymous = Anonymous::loopback;
  std::optional<PasswordFile> passwords;               // Unset: no file is configured.
  std::optional<Acl> acl;                              // Unset: everything is allowed.
  std::shared_ptr<const TokenRules> tokens = nullptr;  // Null: a token is a password like others.
  bool asks_http = false;                              // Who is in no file is asked about there.
};

// Lives no longer than the texts.
struct LoginRequestView {
  std::string_view client_id;
  std::optional<std::string_view> user_name;
  std::optional<std::string_view> password;
  bool listener_is_loopback = false;
  Instant now = {};
  std::optional<std::string_view> certificate_user{};  // See Origin in broker/event.hpp.
  std::string_view address{};
  std::string_view listener{};
};

// A login that somebody else decides, over HTTP.
struct RemoteLogin {
  std::string user_name;
  std::string password;
  std::string client_id;
  std::string address;
  std::string listener;
};

// What a PasswordCheck came to.
struct CheckResult {
  bool granted = false;
  std::string user;                       // With granted; never empty for a token.
  std::string reason;                     // Without: why, for log and Reason String.
  Instant expires_at = Instant::never();  // With granted: when the login ends.
  bool unavailable = false;               // Without: nobody could say whether it is right.
  std::vector<std::string> roles{};       // With granted: of the ACL, for this login.
};

// One password to be checked, with all that is needed for it.
class PasswordCheck {
 public:
  PasswordCheck(PasswordEntry entry, std::string password);
  // The password is a token. Without a user name any user of it will do.
  PasswordCheck(std::shared_ptr<const TokenRules> rules, std::string_view user_name,
                std::string token, Instant now);
  explicit PasswordCheck(RemoteLogin login);

  // Set: run() is not for it, ask there.
  [[nodiscard]] const RemoteLogin* remote() const { return std::get_if<RemoteLogin>(&by_); }

  // Slow: never on a core or net thread. For users who do not exist it takes its time too and
  // grants nothing.
  CheckResult run() const;

 private:
  struct Token {
    std::shared_ptr<const TokenRules> rules;
    std::string user_name;  // Of the CONNECT; empty: none.
    Instant now;
  };
  CheckResult verify_token(const Token& token) const;

  std::variant<PasswordEntry, Token, RemoteLogin> by_;
  std::string password_;
};

struct Login {
  enum class Kind : std::uint8_t {
    granted,          // As `user`.
    bad_credentials,  // CONNACK 0x86, for MQTT 3 code 4.
    not_authorized,   // CONNACK 0x87, for MQTT 3 code 5.
    must_verify,      // Run `check` elsewhere; what it does not grant is bad_credentials.
  };
  Kind kind = Kind::not_authorized;
  std::string user;                    // With granted; empty: anonymous.
  std::string reason;                  // With a refusal: why, for log and Reason String.
  std::optional<PasswordCheck> check;  // With must_verify.
};

class Access {
 public:
  explicit Access(Policy policy);

  // Who shows a certificate that says who it is needs no password, and is nobody else.
  // A password that looks like a token has to be a good one if there are keys for them. Else a
  // client without a user name is let in where anonymous clients are. One with a user name needs
  // the right password if there is a password file or are keys, and without either is let in under
  // its name where anonymous clients are.
  Login decide_login(const LoginRequestView& request) const;

  // Whether a login may bring roles with it. They belong to the connection: while the client is
  // away, nobody knows them.
  [[nodiscard]] bool roles_come_with_login() const;
  // Those that the ACL does not have.
  std::vector<std::string> unknown_roles(const std::vector<std::string>& roles) const;

  // For ScramServer; null if no file is configured, and then AUTH is not offered.
  const PasswordFile* passwords() const;

  // False: everybody may do everything, and nobody needs to ask.
  [[nodiscard]] bool has_rules() const { return policy_.acl.has_value(); }
  // Who operates the broker may do everything.
  Verdict check(const WhoView& who, Action action, std::string_view topic) const;
  bool may_publish(const WhoView& who, std::string_view topic) const;
  bool may_subscribe(const WhoView& who, std::string_view filter) const;
  bool may_receive(const WhoView& who, std::string_view topic) const;
  // For somebody who is away. Where logins bring roles only a deny rule says no: what it lets pass
  // is asked about again when it is delivered.
  bool may_while_away(const WhoView& who, Action action, std::string_view topic) const;
  // Null: everybody may do everything.
  [[nodiscard]] const Acl* acl() const { return policy_.acl ? &*policy_.acl : nullptr; }

 private:
  static Login decide_certified(const LoginRequestView& request);
  bool allows_anonymous(bool listener_is_loopback) const;

  Policy policy_;
};

}  // namespace tandemq
