// Certificates: what the listeners with TLS show, and the keys of the tickets they give. Read at
// the start and again on reload, all of them or none. They outlive a node's lives.
// Owned by main; core thread.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "net/tls_context.hpp"
#include "node/metrics.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tandemq {

class Certificates {
 public:
  // The error names the listener, and nothing has changed. The keys of the tickets stay what they
  // were at first.
  Result<void> load(const Config& config);

  // One a listener of the configuration, null for plain TCP.
  [[nodiscard]] const std::vector<std::shared_ptr<const TlsContext>>& contexts() const {
    return contexts_;
  }
  [[nodiscard]] bool any() const { return keys_ != nullptr; }
  [[nodiscard]] std::vector<std::string> warnings() const;
  [[nodiscard]] std::vector<Json> rows() const;
  [[nodiscard]] std::vector<CertificateFigures> figures(Instant now) const;

 private:
  std::vector<std::string> addresses_;  // "mqtts://0.0.0.0:8883"; one a listener.
  std::vector<std::shared_ptr<const TlsContext>> contexts_;
  std::shared_ptr<const TicketKeys> keys_;
};

}  // namespace tandemq
