#include "replication/client_tuples.hpp"

namespace tandemq {

void ClientTuples::opened(std::uint64_t client, const FourTuple& tuple) {
  if (here_.size() >= kTuplesMax) return;
  here_[client] = tuple;
  if (told_) untold_.insert(client);
}

void ClientTuples::closed(std::uint64_t client) {
  if (here_.erase(client) == 1 && told_) untold_.insert(client);
}

void ClientTuples::begin() {
  end();
  told_ = begins_ = true;
  for (const auto& [client, tuple] : here_) untold_.insert(client);
}

void ClientTuples::end() {
  told_ = begins_ = false;
  untold_.clear();
}

std::optional<Ephemeral> ClientTuples::take_piece() {
  if (untold_.empty() && !begins_) return std::nullopt;
  Ephemeral piece;
  piece.begins = begins_;
  begins_ = false;
  for (std::size_t i = 0; i < kPieceMax && !untold_.empty(); ++i) {
    const std::uint64_t client = *untold_.begin();
    untold_.erase(untold_.begin());
    if (const auto found = here_.find(client); found != here_.end()) {
      piece.opened.emplace_back(client, found->second);
    } else {
      piece.closed.push_back(client);
    }
  }
  return piece;
}

void ClientMirror::take(const Ephemeral& piece) {
  if (piece.begins) here_.clear();
  for (const std::uint64_t client : piece.closed) here_.erase(client);
  for (const auto& [client, tuple] : piece.opened)
    if (here_.size() < kTuplesMax) here_[client] = tuple;
}

std::vector<FourTuple> ClientMirror::all() const {
  std::vector<FourTuple> all;
  all.reserve(here_.size());
  for (const auto& [client, tuple] : here_) all.push_back(tuple);
  return all;
}

}  // namespace tandemq
