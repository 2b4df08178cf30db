// Archive: a copy of the whole log in a folder, in segments (recovery/segment.hpp), for a restore
// up to a point in time. It copies from the store whatever it lacks, so it never stands in the way
// of a commit: a folder that cannot be written is told and tried again, and meanwhile the log keeps
// what is missing (synced_lsn()). It deletes nothing; old segments are the operator's.
//
// After a restore, or a loss of power that took the end of the log, the log goes on otherwise than
// what was archived. A new segment begins where the two part; segments that lie behind that are
// moved to a folder superseded-MS beside them.
// Owned by node/archiver, its thread; synced_lsn() is for any thread.
#pragma once

#include "recovery/files.hpp"
#include "recovery/segment.hpp"
#include "store/store.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

class Archive {
 public:
  static constexpr std::uint64_t kSegmentBytes = 64ULL << 20;
  static constexpr std::uint64_t kStepBytes = 4ULL << 20;

  struct Ports {
    std::function<void(const std::string&)> news;     // A sentence for the log.
    std::function<void(const std::string&)> trouble;  // Once, until it is over.
  };

  // `end` is where the store's log ends now.
  Archive(std::string folder, const Store& store, const Position& end, Ports ports,
          std::uint64_t segment_bytes = kSegmentBytes);

  // Copies the next records from the store's log, about kStepBytes, and forces them to the disk.
  // True: there is more to copy at once. After trouble it is false, and a later call tries again.
  bool advance();

  // The log may forget what is not behind it; 0 until the archive has found its own end.
  [[nodiscard]] Lsn synced_lsn() const { return synced_.load(); }

 private:
  Result<void> locate();
  Result<std::optional<Position>> find_end(std::vector<Segment>& segments, SegmentEnd& end);
  Result<void> go_on_behind(const Position& last, const Segment& newest, const SegmentEnd& end);
  Result<void> part_ways(const std::vector<Segment>& segments);
  Result<Lsn> last_common(const std::vector<Segment>& segments) const;
  [[nodiscard]] std::optional<std::uint64_t> chain_at(Lsn lsn) const;
  void begin_at(Lsn lsn);
  Result<void> set_aside(const std::vector<Segment>& segments);

  Result<bool> copy_step();
  Result<void> flush();
  Result<void> open_segment();

  const std::string folder_;
  const Store& store_;
  const Position start_;  // Where the log ended when this was built.
  Ports ports_;
  const std::uint64_t segment_bytes_;

  bool located_ = false;
  bool troubled_ = false;
  Lsn next_ = 0;        // The next record to copy.
  std::string frames_;  // Copied and not written.
  Lsn frames_first_ = 0;
  GrowingFile file_;  // Closed: the next record begins a segment.
  std::atomic<Lsn> synced_{0};
};

}  // namespace tandemq
