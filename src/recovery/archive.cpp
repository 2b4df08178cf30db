#include "recovery/archive.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

}  // namespace

Archive::Archive(std::string folder, const Store& store, const Position& end, Ports ports,
                 std::uint64_t segment_bytes)
    : folder_(std::move(folder)),
      store_(store),
      start_(end),
      ports_(std::move(ports)),
      segment_bytes_(segment_bytes) {}

bool Archive::advance() {
  const Result<void> found = located_ ? Result<void>() : locate();
  const Result<bool> more = found ? copy_step() : tl::unexpected(found.error());
  if (more) {
    if (std::exchange(troubled_, false)) ports_.news("the log is archived again");
    return *more;
  }
  file_.abandon();
  located_ = false;
  if (!std::exchange(troubled_, true))
    ports_.trouble("the log cannot be archived, and keeps what the archive lacks until it can: " +
                   more.error().text);
  return false;
}

// ---------------------------------------------------------------- where the archive ends

Result<void> Archive::locate() {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return failure(folder_ + " cannot be made: " + error.message());
  Result<std::vector<Segment>> segments = list_segments(folder_);
  if (!segments) return tl::unexpected(segments.error());
  SegmentEnd end;
  const auto last = find_end(*segments, end);
  if (!last) return tl::unexpected(last.error());
  Result<void> placed;
  if (!*last) {
    begin_at(store_.first_lsn());
  } else if ((*last)->lsn + 1 < store_.first_lsn()) {
    ports_.news("the archive lacks the records " + std::to_string((*last)->lsn + 1) + " to " +
                std::to_string(store_.first_lsn() - 1) +
                ", which are no longer in the log; it goes on behind them");
    begin_at(store_.first_lsn());
  } else if (chain_at((*last)->lsn) == (*last)->chain) {
    placed = go_on_behind(**last, segments->back(), end);
  } else {
    placed = part_ways(*segments);
  }
  if (placed) located_ = true;
  return placed;
}

// The last whole record; nothing if there is none. A segment without one is set aside.
Result<std::optional<Position>> Archive::find_end(std::vector<Segment>& segments, SegmentEnd& end) {
  std::optional<Position> last;
  while (!segments.empty()) {
    const auto read = read_segment(segments.back(), [&](const OpenedRecord& record, ByteView) {
      last = record.position;
      return true;
    });
    if (!read) return tl::unexpected(read.error());
    end = *read;
    if (last) break;
    if (auto moved = set_aside({segments.back()}); !moved) return tl::unexpected(moved.error());
    segments.pop_back();
  }
  return last;
}

// A torn tail stays where it is: the next segment begins where it does.
Result<void> Archive::go_on_behind(const Position& last, const Segment& newest,
                                   const SegmentEnd& end) {
  begin_at(last.lsn + 1);
  if (!end.clean || end.whole_bytes >= segment_bytes_) return {};
  return file_.open(newest.path, end.whole_bytes);
}

Result<void> Archive::part_ways(const std::vector<Segment>& segments) {
  const Result<Lsn> common = last_common(segments);
  if (!common) return tl::unexpected(common.error());
  begin_at(*common + 1);
  std::vector<Segment> behind;
  for (const Segment& segment : segments)
    if (segment.first >= next_) behind.push_back(segment);
  ports_.news("the log goes on otherwise than what was archived, from record " +
              std::to_string(next_) + " on: a new segment begins there");
  return behind.empty() ? Result<void>() : set_aside(behind);
}

// The last record that both the archive and the store's log have, or know to be the same; the one
// before the store's first if there is none.
Result<Lsn> Archive::last_common(const std::vector<Segment>& segments) const {
  const Lsn before = store_.first_lsn() - 1;
  std::vector<std::uint64_t> chains;  // Of the store's log, from `before` on.
  chains.push_back(chain_at(before).value_or(0));
  const auto read = store_.read(before + 1, [&](Lsn, ByteView bytes) {
    const auto record = open_record(bytes);
    chains.push_back(record ? record->position.chain : 0);
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  Lsn common = before;
  for (const Segment& segment : segments) {
    const auto walked = read_segment(segment, [&](const OpenedRecord& record, ByteView) {
      const Position& at = record.position;
      const bool known = at.lsn >= before && at.lsn - before < chains.size();
      if (known && chains[at.lsn - before] == at.chain) common = std::max(common, at.lsn);
      return true;
    });
    if (!walked) return tl::unexpected(walked.error());
  }
  return common;
}

std::optional<std::uint64_t> Archive::chain_at(Lsn lsn) const {
  if (lsn == start_.lsn) return start_.chain;
  const Lsn first = store_.first_lsn();
  if (lsn + 1 < first || lsn > store_.last_lsn()) return std::nullopt;
  std::optional<std::uint64_t> chain;
  const auto read = store_.read(std::max(lsn, first), [&](Lsn, ByteView bytes) {
    if (const auto record = open_record(bytes))
      chain = lsn < first ? record->previous_chain : record->position.chain;
    return false;
  });
  return read ? chain : std::nullopt;
}

void Archive::begin_at(Lsn lsn) {
  next_ = lsn;
  frames_.clear();
  file_.close();
  synced_ = lsn - 1;
}

Result<void> Archive::set_aside(const std::vector<Segment>& segments) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const std::string aside =
      folder_ + "/superseded-" +
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
  std::error_code error;
  fs::create_directories(aside, error);
  for (const Segment& segment : segments) {
    if (!error)
      fs::rename(segment.path, fs::path(aside) / fs::path(segment.path).filename(), error);
  }
  if (error) return failure(aside + " cannot take what is superseded: " + error.message());
  ports_.news(std::to_string(segments.size()) + " segments of the archive were moved to " + aside);
  return sync_folder(folder_);
}

// ---------------------------------------------------------------- copying

Result<bool> Archive::copy_step() {
  const Lsn last = store_.last_lsn();
  std::uint64_t copied = 0;
  Result<void> written;
  if (next_ <= last) {
    const auto read = store_.read(next_, [&](Lsn lsn, ByteView bytes) {
      ENSURE(lsn == next_, "records are read in order");
      if (frames_.empty()) frames_first_ = lsn;
      put_frame(frames_, bytes);
      copied += bytes.size();
      ++next_;
      if (file_.size() + frames_.size() >= segment_bytes_) written = flush();
      return written.has_value() && copied < kStepBytes;
    });
    if (!read) return tl::unexpected(read.error());
  }
  if (written) written = flush();
  if (written) written = file_.sync();
  if (!written) return tl::unexpected(written.error());
  synced_ = next_ - 1;
  return next_ <= last;
}

// What has been copied goes to the file; one that is full is forced to the disk and closed.
Result<void> Archive::flush() {
  if (frames_.empty()) return {};
  Result<void> done = file_.is_open() ? Result<void>() : open_segment();
  if (done) done = file_.append(frames_);
  if (!done) return done;
  frames_.clear();
  if (file_.size() < segment_bytes_) return {};
  done = file_.sync();
  if (done) file_.close();
  return done;
}

Result<void> Archive::open_segment() {
  Result<void> done = file_.open(segment_path(folder_, frames_first_), 0);
  if (done) done = file_.append(segment_header(frames_first_));
  if (done) done = sync_folder(folder_);
  return done;
}

}  // namespace tandemq
