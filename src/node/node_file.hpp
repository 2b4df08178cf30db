// NodeFile: node.state as this process last wrote it. A change is durable when it returns, or did
// not happen.
// Owned by node; core thread.
#pragma once

#include "replication/node_state.hpp"

#include <functional>
#include <string>
#include <utility>

namespace tandemq {

class NodeFile {
 public:
  NodeFile(std::string folder, NodeState state)
      : folder_(std::move(folder)), state_(std::move(state)) {}

  [[nodiscard]] const NodeState& state() const { return state_; }
  Result<void> change(const std::function<void(NodeState&)>& how) {
    NodeState next = state_;
    how(next);
    if (next == state_) return {};
    if (auto written = write_node_state(folder_, next); !written) return written;
    state_ = std::move(next);
    return {};
  }

 private:
  const std::string folder_;
  NodeState state_;
};

}  // namespace tandemq
