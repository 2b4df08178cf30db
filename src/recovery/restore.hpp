// Restore: a backup becomes the store of a data.dir, and with an archive of the log goes on from
// there to a point in time. All is prepared and verified in data.dir/restore.tmp; only then it
// takes the place of what was there, which is kept in data.dir/quarantine. Whenever the process
// ends in between, either the old store or the new one is served (node/data finishes the last
// step). The thread that calls it, which waits; no node may run on the data.dir.
#pragma once

#include "recovery/backup.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tandemq {

struct RestoreOrder {
  std::string backup;  // Its folder.
  std::string data_dir;
  std::string archive;           // Empty: the state of the backup.
  std::optional<Instant> until;  // The last record was sealed then or before; nothing: all of them.
  bool replace = false;          // A store that is there may be moved away.
  Instant now;
};

struct Restored {
  Backup backup;
  Position position;                   // Where the log ends.
  Instant last_at = Instant::never();  // When its last record was sealed; never if it has none.
  std::uint64_t archived = 0;          // Records that came from the archive.
  bool archive_ended = false;          // Before `until`.
  std::uint64_t sessions = 0;
  std::uint64_t messages = 0;
  std::uint64_t digest = 0;
  std::string moved_to;  // Where the old store is; empty: there was none.
};

// The error leaves the data.dir as it was.
Result<Restored> restore_backup(const RestoreOrder& order,
                                const std::function<void(const std::string&)>& progress);

}  // namespace tandemq
