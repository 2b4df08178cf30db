// Segment: a file of the archive, a part of the log. Its name tells its first record:
// log-00000000000000000017.tqlog
//
//   5 bytes "TQLOG" | u8 format | u64 first lsn | frame | frame | ...
//   frame: u32 size | the bytes of a record (journal/record.hpp), which carry their checksum
//
// A segment holds from its first record up to the one before the first of the next segment: what
// stands in it from there on is a tail that was torn, or one that another history has replaced.
// Plain functions; any thread.
#pragma once

#include "base/result.hpp"
#include "journal/record.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tandemq {

inline constexpr std::uint8_t kSegmentFormat = 1;
inline constexpr std::uint64_t kSegmentHeaderBytes = 14;

struct Segment {
  std::string path;
  Lsn first = 0;
};

std::string segment_path(const std::string& folder, Lsn first);
// By their first record. Other files in the folder are nobody's business here.
Result<std::vector<Segment>> list_segments(const std::string& folder);

std::string segment_header(Lsn first);
// The first lsn. The error: the file at `path`, which begins with these bytes, is no segment or of
// another format.
Result<Lsn> read_segment_header(const std::string& path, ByteView header);
void put_frame(std::string& out, ByteView record);

struct SegmentEnd {
  std::uint64_t whole_bytes = 0;  // Up to the end of the last whole record; 0: no whole header.
  bool clean = true;              // Nothing stands behind it.
};
// Calls `visit` with each whole record, in order, until it returns false, and says where the last
// one ended that was visited. The error: it cannot be read, or is of another format.
Result<SegmentEnd> read_segment(const Segment& segment,
                                const std::function<bool(const OpenedRecord&, ByteView)>& visit);

// Calls `visit` with every archived record behind `after`, in order, until it returns false. The
// error: a record is missing, damaged, or does not follow the one before it; what can be read
// before that has been visited then. That the newest segment ends in the middle of a record is no
// error.
Result<void> read_archive(const std::string& folder, const Position& after,
                          const std::function<bool(const OpenedRecord&, ByteView)>& visit);

}  // namespace tandemq
