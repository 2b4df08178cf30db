// node_witness: the witness that the configuration names, and what it says, for `status`.
// Core thread.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "failover/witness.hpp"
#include "failover/witness_dialogue.hpp"

#include <memory>

#include <asio/io_context.hpp>

namespace tandemq {

// Null: none is named. The error says which key is wrong.
Result<std::unique_ptr<Witness>> make_witness(asio::io_context& io, const Config& config);

Json witness_json(const failover::WitnessDialogue& dialogue, Instant now);

}  // namespace tandemq
