// metrics: what a node knows of itself as the text that Prometheus reads. docs/METRICS.md says what
// each of them means. Pure: plain values in, text out; any thread.
#pragma once

#include "admin/json.hpp"
#include "broker/inspect.hpp"
#include "node/measures.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

struct PeerFigures {
  bool connected = false;
  bool in_sync = false;
  std::uint64_t lag_records = 0;
  std::optional<std::uint64_t> lag_bytes{};        // The primary knows,
  std::optional<std::uint64_t> lag_ms{};           // and this.
  std::optional<std::uint64_t> heard_ms_before{};  // Of a standby that has heard of its primary.
  std::optional<std::uint64_t> second_path_ms_before{};  // Something came on it.
  std::optional<bool> witness_answers{};                 // None: there is no witness.
  std::optional<std::uint64_t> witness_ms_before{};      // None: it has never answered.
  std::optional<bool> gateway_answers{};                 // None: no policy asks for gateways.
};

struct CertificateFigures {
  std::string listener;
  std::int64_t expires_in_s = 0;  // Less than 0: it has expired.
};

struct TlsFigures {
  std::uint64_t handshakes_full = 0;
  std::uint64_t handshakes_resumed = 0;
  std::uint64_t handshakes_failed = 0;
  std::vector<CertificateFigures> certificates{};
};

struct WebSocketFigures {
  std::uint64_t upgraded = 0;
  std::uint64_t refused = 0;
};

struct ProxyFigures {
  std::uint64_t strangers_refused = 0;
  std::uint64_t headers_refused = 0;
};

// What only the core thread can tell.
struct CoreFigures {
  bool leads = false;
  std::uint64_t term = 0;
  std::uint64_t lsn = 0;
  std::uint64_t role_changes = 0;        // Of this process,
  std::uint64_t failovers = 0;           // and those by which it came to lead.
  std::optional<PeerFigures> peer{};     // None: the node is alone by its settings.
  std::optional<StatusReport> broker{};  // Of a node that leads.
  std::optional<TlsFigures> tls{};       // None: no listener has TLS.
  // None: no listener is one of WebSocket.
  std::optional<WebSocketFigures> websocket{};
  std::optional<ProxyFigures> proxy{};  // None: no listener is for proxies.
};

struct NodeFigures {
  std::string version;
  std::string node_id;
  std::string cluster_id;
  std::string mode;  // replication.mode
  std::uint64_t resident_bytes = 0;
  std::optional<std::uint64_t> disk_free_bytes{};  // None: the store is in memory.
  std::optional<CoreFigures> core{};               // None: the core thread does not answer.
  std::optional<std::uint64_t> audit_lines{};      // None: there is no audit trail.
  std::uint64_t audit_lost = 0;
};

// From what Node::replication_status() says.
CoreFigures core_figures(const Json& replication_status);

std::string metrics_text(const NodeFigures& node, const Measures& measures);

}  // namespace tandemq
