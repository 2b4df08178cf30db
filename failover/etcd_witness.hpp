// EtcdWitness: the witness as one key of etcd, "/tandemq/CLUSTER", over etcd's v3 JSON gateway. The
// endpoints are tried in turn, beginning with the one that answered last, until one answers or the
// request's time is over; it counts from the call, whatever waits before it. A request that has not
// left by then never does. With a user it fetches a token, and another one when that is refused.
// The io_context is the agent's, and outlives it; all of it runs there. Names are resolved by the
// system, which may take its time: addresses are better.
#pragma once

#include "base/result.hpp"
#include "failover/witness.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

namespace tandemq {

struct EtcdWitnessConfig {
  std::vector<std::string> urls;  // "http://HOST:PORT" or "https://HOST:PORT", at least one.
  std::string cluster;
  std::string user;      // Empty: etcd asks for none.
  std::string password;  // The text itself.
  std::string ca;        // PEM; empty: the authorities that this machine trusts.
  std::string cert;      // PEM, both or none.
  std::string key;
  std::uint32_t timeout_ms = 800;           // Of a request, all in all.
  std::uint32_t endpoint_timeout_ms = 250;  // Of one endpoint, while there is another to try.
};

// The error names what is wrong with the configuration; etcd itself is not asked yet.
Result<std::unique_ptr<Witness>> make_etcd_witness(asio::io_context& io,
                                                   const EtcdWitnessConfig& config);

}  // namespace tandemq
