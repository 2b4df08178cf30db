// The operator orders that the other node is ended by failover.fence_command.
#include "node/node.hpp"

#include <sstream>
#include <utility>

namespace tandemq {
namespace {

// A line each, for a table has no room for their ends.
Json lines_of(const std::string& text) {
  Json lines = Json::array();
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

// It is here and counts: whoever ends it takes the pair's spare, or its primary.
bool Node::peer_is_in_sync() const {
  if (!runner_.leads()) return following_->has_link() && following_->standby().in_sync();
  return feeding_->has_link() && feed_->status(clock_.now()).commit == CommitPoint::Phase::paired;
}

void Node::fence(bool force, Answered answered) {
  if (!agent_) return answered(failure("This node has no peer: replication.peer is not set."));
  if (config_.failover.fence_command.empty())
    return answered(failure("failover.fence_command is not set."));
  if (peer_is_in_sync() && !force)
    return answered(failure("The node " + peer_node_ +
                            " is connected and in sync: 'tandemqctl switchover' moves the "
                            "leadership without ending it, 'fence --force' ends it."));
  const auto begun = agent_->fence([this](const CommandEnd& end) { end_fence(end); });
  if (!begun) return answered(tl::unexpected(begun.error()));
  fenced_ = std::move(answered);
}

void Node::end_fence(const CommandEnd& end) {
  const std::string role(name_of(agent_->machine().role()));
  note_role(role, std::string(failover::kFenced), role, "the operator ordered it: " + end.what);
  std::exchange(fenced_, nullptr)(
      Json{{"succeeded", end.succeeded}, {"end", end.what}, {"output", lines_of(end.output)}});
}

}  // namespace tandemq
