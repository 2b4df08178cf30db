// Who may log in and who may do what: all that the broker asks about rights. An immutable snapshot;
// on reload a new one takes its place. Reads no file itself and never hashes a password in
// decide_login: that is a PasswordCheck, which a worker thread runs.
#pragma once

#include "access/acl.hpp"
#include "access/password_file.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

// Where clients without a user name may connect, see AuthConfig::anonymous.
enum class Anonymous : std::uint8_t { loopback, everywhere, nowhere };

// From "loopback", "true" or "false".
Result<Anonymous> parse_anonymous(std::string_view text);

struct Policy {
  Anonymous anonymous = Anonymous::loopback;
  std::optional<PasswordFile> passwords;  // Unset: no file is configured.
  std::optional<Acl> acl;                 // Unset: everything is allowed.
};

// Lives no longer than the texts.
struct LoginRequestView {
  std::string_view client_id;
  std::optional<std::string_view> user_name;
  std::optional<std::string_view> password;
  bool listener_is_loopback = false;
  std::optional<std::string_view> certificate_user{};  // See Origin in broker/event.hpp.
};

// One password to be checked, with all that is needed for it.
class PasswordCheck {
 public:
  PasswordCheck(PasswordEntry entry, std::string password);

  // True if the password is right. Slow: never on a core or net thread. For users who do not exist
  // it takes its time too and says false.
  bool run() const;
  // Who is logged in if it is right.
  const std::string& user() const { return entry_.user; }

 private:
  PasswordEntry entry_;
  std::string password_;
};

struct Login {
  enum class Kind : std::uint8_t {
    granted,          // As `user`.
    bad_credentials,  // CONNACK 0x86, for MQTT 3 code 4.
    not_authorized,   // CONNACK 0x87, for MQTT 3 code 5.
    must_verify,      // Run `check` elsewhere; false is bad_credentials.
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
  // A client without a user name is let in where anonymous clients are. One with a user name needs
  // the right password if there is a password file, and without one is let in under its name where
  // anonymous clients are.
  Login decide_login(const LoginRequestView& request) const;

  // For ScramServer; null if no file is configured, and then AUTH is not offered.
  const PasswordFile* passwords() const;

  // False: everybody may do everything, and nobody needs to ask.
  [[nodiscard]] bool has_rules() const { return policy_.acl.has_value(); }
  Verdict check(const WhoView& who, Action action, std::string_view topic) const;
  bool may_publish(const WhoView& who, std::string_view topic) const;
  bool may_subscribe(const WhoView& who, std::string_view filter) const;
  bool may_receive(const WhoView& who, std::string_view topic) const;

 private:
  static Login decide_certified(const LoginRequestView& request);
  bool allows_anonymous(bool listener_is_loopback) const;

  Policy policy_;
};

}  // namespace tandemq
