// Data: what a node finds in its data.dir: the store, the State that was recovered from it, and
// what the node knows of itself, as Node takes them over. Owner: main until then.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "replication/node_state.hpp"
#include "session/state.hpp"
#include "store/rocks_store.hpp"
#include "store/store.hpp"

#include <functional>
#include <memory>
#include <string>

#include <spdlog/logger.h>

namespace tandemq {

struct Data {
  std::unique_ptr<Store> store;
  RocksStore* on_disk = nullptr;  // The same store; null: it is in memory.
  std::unique_ptr<State> state;   // Refers to nothing of the store.
  Position position;              // Where the log ends.
  Lsn tables_at = 0;
  NodeState node;
};

// Opens data.dir and recovers. Damage is an error, which says what to do, unless `repair` or
// store.on_damage wants it set aside. An image that was taken is put in the place of the store
// first. `progress` is told what goes on when it takes long.
Result<Data> open_data(const Config& config, bool repair, spdlog::logger& log,
                       const std::function<void(const std::string&)>& progress);

}  // namespace tandemq
