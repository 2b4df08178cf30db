// Vip: what this node says about the virtual IP, and whether the address is here. keepalived moves
// it; the role file tells keepalived of this machine whether it may hold it ("1") or not ("0"), the
// claim file by how much it outbids a primary that is stale ("50", else "0"). Both are replaced by
// rename, so that keepalived reads the old one or the new one. Neither is forced to a disk: they
// belong into the runtime directory, which is memory and empty after a boot, and that means "0".
// Vip decides nothing and adds or removes no address. Files and the kernel's list of addresses;
// any one thread.
#pragma once

#include "base/result.hpp"

#include <string>

namespace tandemq {

struct VipConfig {
  std::string role_file;   // Empty: there is no keepalived to tell.
  std::string claim_file;  // Empty: a stale primary is not outbid.
  std::string address;     // IPv4 or IPv6, with or without /prefix. Empty: it is not looked for.
};

class Vip {
 public:
  // Checks the settings and says 0 in both files: who starts may not hold the address yet. An error
  // names the key and says what to do.
  static Result<Vip> open(const VipConfig& config);

  // Written at each call, also when nothing changes, so that a file that somebody has removed comes
  // back with the next one.
  Result<void> set_role(bool may_hold);
  Result<void> set_claim(bool claims);

  // On an interface of this machine, up or down. False without vip.address.
  [[nodiscard]] Result<bool> address_is_here() const;
  // Without its prefix, as vip.command gets it.
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  Vip() = default;

  std::string role_file_;
  std::string claim_file_;
  std::string address_;
  std::string address_bytes_;  // 4 or 16, as the kernel has them.
};

}  // namespace tandemq
