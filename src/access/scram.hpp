// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) for MQTT 5 AUTH: bytes of the client in,
// reply out. Holds a copy of the one entry it needs, so the password file may be replaced between
// two steps. Cheap (a few HMACs): the client does the slow work. Owned by a connection; its thread.
//
// No channel binding is offered: the client's flags "n" and "y" are accepted, "p=" is refused. An
// authorization identity must be absent or the user name. Names and passwords are compared as the
// bytes they are, without SASLprep, which changes nothing for ASCII.
#pragma once

#include "access/password_file.hpp"

#include <string>
#include <string_view>

namespace tandemq {

constexpr std::string_view kScramMethod = "SCRAM-SHA-256";

class ScramServer {
 public:
  struct Reply {
    enum class Kind {
      challenge,  // Send data in AUTH 0x18, expect one more message.
      success,    // Send data in CONNACK or AUTH 0x00; `user` has proved who he is.
      failure,    // Send data ("e=...") or nothing, and refuse with 0x87.
    };
    Kind kind = Kind::failure;
    std::string data;
    std::string user;  // Only with success.
  };

  // The nonce: printable ASCII without ',', at least 18 random characters, new for each exchange.
  explicit ScramServer(std::string nonce);

  // Takes the client's next message. The password file is looked at in the first step only. After
  // success or failure the exchange is over and every further step is a failure.
  Reply step(const PasswordFile& passwords, std::string_view client_data);

 private:
  enum class Phase {
    awaits_first,  // Nothing has come yet.
    awaits_final,  // The challenge is sent, the proof is awaited.
    over,          // Succeeded or failed.
  };

  Reply first(const PasswordFile& passwords, std::string_view message);
  Reply final(std::string_view message);

  Phase phase_ = Phase::awaits_first;
  std::string nonce_;         // Ours; after the first step the client's and ours.
  std::string gs2_header_;    // As the client sent it; it must repeat it.
  std::string auth_message_;  // client-first-message-bare "," server-first-message.
  PasswordEntry entry_;
};

}  // namespace tandemq
