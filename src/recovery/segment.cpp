#include "recovery/segment.hpp"

#include "base/wire.hpp"
#include "recovery/files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kMagic = "TQLOG";
constexpr std::string_view kPrefix = "log-";
constexpr std::string_view kSuffix = ".tqlog";
constexpr std::size_t kDigits = 20;  // Of the greatest lsn.

// Nothing: it is no segment's name.
std::optional<Lsn> first_of(std::string_view name) {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return std::nullopt;
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size(), kDigits);
  Lsn first = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), first);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return first;
}

// Walks along the segments and keeps the position.
class ArchiveReader {
 public:
  using Visit = std::function<bool(const OpenedRecord&, ByteView)>;

  ArchiveReader(std::vector<Segment> segments, const Position& after, const Visit& visit)
      : segments_(std::move(segments)), position_(after), visit_(visit) {}

  Result<void> run() {
    const auto later = [this](const Segment& one) { return one.first > position_.lsn + 1; };
    auto next = std::find_if(segments_.begin(), segments_.end(), later);
    if (next == segments_.begin()) return next == segments_.end() ? Result<void>() : gap(*next);
    for (auto segment = next - 1; segment != segments_.end() && !stopped_; ++segment) {
      if (segment->first > position_.lsn + 1) return gap(*segment);
      const bool newest = segment + 1 == segments_.end();
      if (auto read = read_one(*segment, newest ? UINT64_MAX : segment[1].first); !read)
        return read;
    }
    return {};
  }

 private:
  Result<void> read_one(const Segment& segment, Lsn end) {
    Result<void> fits;
    const auto read = read_segment(segment, [&](const OpenedRecord& record, ByteView bytes) {
      if (record.position.lsn <= position_.lsn) return true;
      if (record.position.lsn >= end) return false;
      fits = check(segment, record);
      if (!fits) return false;
      position_ = record.position;
      stopped_ = !visit_(record, bytes);
      return !stopped_;
    });
    if (!read) return tl::unexpected(read.error());
    return fits;
  }

  [[nodiscard]] Result<void> check(const Segment& segment, const OpenedRecord& record) const {
    const std::string where = segment.path + ": record " + std::to_string(record.position.lsn);
    if (record.position.lsn != position_.lsn + 1)
      return failure(where + " stands where " + std::to_string(position_.lsn + 1) + " belongs");
    if (record.previous_chain != position_.chain)
      return failure(where + " does not follow the one before it: it is of another history");
    return {};
  }

  [[nodiscard]] Result<void> gap(const Segment& next) const {
    return failure("the archive lacks the records " + std::to_string(position_.lsn + 1) + " to " +
                   std::to_string(next.first - 1));
  }

  std::vector<Segment> segments_;
  Position position_;
  const Visit& visit_;
  bool stopped_ = false;
};

}  // namespace

std::string segment_path(const std::string& folder, Lsn first) {
  const std::string digits = std::to_string(first);
  return folder + "/" + std::string(kPrefix) + std::string(kDigits - digits.size(), '0') + digits +
         std::string(kSuffix);
}

Result<std::vector<Segment>> list_segments(const std::string& folder) {
  std::vector<Segment> segments;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto first = first_of(entry->path().filename().native()))
      segments.push_back({entry->path().string(), *first});
  }
  if (error) return failure(folder + " cannot be read: " + error.message());
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  return segments;
}

std::string segment_header(Lsn first) {
  std::string header;
  Writer writer(header);
  writer.bytes(kMagic);
  writer.u8(kSegmentFormat);
  writer.u64(first);
  return header;
}

void put_frame(std::string& out, ByteView record) {
  Writer writer(out);
  writer.u32(static_cast<std::uint32_t>(record.size()));
  writer.bytes(record);
}

Result<Lsn> read_segment_header(const std::string& path, ByteView header) {
  Reader reader(header);
  const bool ours = reader.bytes(kMagic.size()) == kMagic;
  const std::uint8_t format = reader.u8();
  const Lsn first = reader.u64();
  if (!ours || !reader.ok()) return failure(path + " is no part of an archive");
  if (format != kSegmentFormat)
    return failure(path + " is of format " + std::to_string(format) + ", which is not known; " +
                   std::to_string(kSegmentFormat) + " is");
  return first;
}

Result<SegmentEnd> read_segment(const Segment& segment,
                                const std::function<bool(const OpenedRecord&, ByteView)>& visit) {
  const Result<std::string> bytes = read_file(segment.path);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() < kSegmentHeaderBytes) return SegmentEnd{0, bytes->empty()};
  if (auto header = read_segment_header(segment.path, *bytes); !header)
    return tl::unexpected(header.error());
  Reader reader(ByteView(*bytes).substr(kSegmentHeaderBytes));
  SegmentEnd end{kSegmentHeaderBytes, true};
  while (reader.size() > 0) {
    const ByteView record = reader.bytes(reader.u32());
    const auto opened = reader.ok() ? open_record(record) : failure("cut short");
    end.clean = opened.has_value();
    if (!opened || !visit(*opened, record)) return end;
    end.whole_bytes = bytes->size() - reader.size();
  }
  return end;
}

Result<void> read_archive(const std::string& folder, const Position& after,
                          const std::function<bool(const OpenedRecord&, ByteView)>& visit) {
  Result<std::vector<Segment>> segments = list_segments(folder);
  if (!segments) return tl::unexpected(segments.error());
  return ArchiveReader(std::move(*segments), after, visit).run();
}

}  // namespace tandemq
