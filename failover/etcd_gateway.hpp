// etcd_gateway: the three requests that the witness sends to etcd's v3 JSON gateway, and what their
// answers mean. Keys and values are base64 there, numbers of 64 bits are text, and what is zero or
// empty is left out. Nothing of an answer is believed that does not stand in it: one without etcd's
// own header is no answer of etcd's.
// Plain functions; any thread.
#pragma once

#include "failover/http_answer.hpp"
#include "failover/witness.hpp"

#include <cstdint>
#include <string>

namespace tandemq {

struct EtcdRequest {
  std::string path;
  std::string body;
};

// "/tandemq/CLUSTER".
std::string witness_key(const std::string& cluster);

EtcdRequest read_request(const std::string& key);
// Writes if the key stands at `expected_revision`, and reads it otherwise, in one transaction.
EtcdRequest swap_request(const std::string& key, std::uint64_t expected_revision,
                         const WitnessRecord& record);
EtcdRequest authenticate_request(const std::string& user, const std::string& password);
// The whole of it as HTTP; without a token there is no header for it.
std::string http_text(const EtcdRequest& request, const std::string& host,
                      const std::string& token);

// The server has not done what we asked, or is no etcd: another one may.
struct EtcdRefusal {
  std::string why;
  bool needs_token = false;  // Another token may do.
};

// Unknown is an answer too: what stands there is no record.
tl::expected<WitnessOutcome, EtcdRefusal> parse_read(const HttpAnswer& answer,
                                                     const std::string& key);
tl::expected<WitnessOutcome, EtcdRefusal> parse_swap(const HttpAnswer& answer,
                                                     const std::string& key,
                                                     const WitnessRecord& record);
tl::expected<std::string, EtcdRefusal> parse_token(const HttpAnswer& answer);

}  // namespace tandemq
