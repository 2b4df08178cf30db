// Audit: who came, went, was refused or was denied something, told as it happens to whoever keeps
// the record. While nobody does, an event costs one comparison.
// Owned by the broker's World; core thread.
#pragma once

#include "base/time.hpp"
#include "mqtt/packet.hpp"
#include "mqtt/reason.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

struct AuditEvent {
  enum class What : std::uint8_t {
    connected,         // CONNACK with success.
    disconnected,      // A client that was connected is gone.
    login_refused,     // CONNECT was answered with an error.
    login_paused,      // Logins from an address have to wait, see LoginBrake.
    publish_denied,    // The ACL denied it; a will too.
    subscribe_denied,  // The same; topic is the filter.
    receive_denied,    // The same, at most one in kDeniedReceiveS for a client.
    roles_unknown,     // A login brought roles that the ACL does not have; they give nothing.
  };
  static constexpr std::int64_t kDeniedReceiveS = 60;

  What what{};
  Instant at;
  std::string client_id{};
  std::string user_name{};
  std::string address{};
  std::string listener{};
  std::string topic{};
  std::string why{};                         // A clause.
  std::optional<mqtt::Version> version{};    // Of connected and login_refused.
  std::optional<mqtt::ReasonCode> reason{};  // None if the protocol had none.
  std::uint32_t rule = 0;                    // The line of the ACL file that decided; 0: none did.
  std::uint64_t count = 0;                   // Of receive_denied: like it since the last one told.
  std::vector<std::string> roles{};          // Of connected: those that came with the login.
};

std::string_view name(AuditEvent::What what);  // "login_refused"
bool is_warning(AuditEvent::What what);        // Worth a line in the log of the node too.

class Audit {
 public:
  using Listener = std::function<void(AuditEvent&&)>;

  // `everything` false: only what is worth a warning anyhow, login_paused and roles_unknown.
  void listen(Listener listener, bool everything);
  [[nodiscard]] bool active() const { return everything_; }
  void report(AuditEvent&& event) const;

  // Whether a denied delivery to this client is told; if so `count` is of those that were not.
  [[nodiscard]] bool tells_receive(const std::string& client_id, Instant now, std::uint64_t& count);

 private:
  struct Quiet {
    Instant until;
    std::uint64_t count = 0;
  };
  static constexpr std::size_t kQuietMax = 10'000;  // Clients; beyond it they are begun anew.

  Listener listener_;
  bool everything_ = false;
  std::map<std::string, Quiet> quiet_;
};

}  // namespace tandemq
