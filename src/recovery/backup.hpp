// Backup: a copy of a store in a folder of its own, taken while the broker serves, and proven by
// recovering from it before it is called one.
//
//   DIR/store/        the copy; shares files with the original where the file system allows it
//   DIR/backup.json   written last: without it the folder holds no backup
//     format, created_at (ms), node, version, position {term, term_node, lsn, chain}, sessions,
//     messages, digest
//
// The thread that calls it, which waits; the store's owner goes on writing.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/record.hpp"
#include "store/rocks_store.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace tandemq {

inline constexpr std::uint32_t kBackupFormat = 1;

struct Backup {
  Instant created_at;
  std::string node;     // Its id.
  std::string version;  // Of the program.
  Position position;
  std::uint64_t sessions = 0;
  std::uint64_t messages = 0;
  std::uint64_t digest = 0;  // Of the State.
};

// `folder` must not exist or be empty. The error leaves nothing in it.
Result<Backup> create_backup(const RocksStore& store, const std::string& folder,
                             const std::string& node, Instant now,
                             const std::function<void(const std::string&)>& progress);

// What backup.json says.
Result<Backup> read_backup(const std::string& folder);

}  // namespace tandemq
