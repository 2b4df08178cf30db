#include "recovery/diverged.hpp"

#include "recovery/files.hpp"
#include "recovery/segment.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

constexpr std::size_t kWriteBytes = 1U << 20U;
constexpr std::size_t kFrameBytes = 4;  // The size of a record, before it.
constexpr std::string_view kDivergedPrefix = "diverged-";
constexpr std::string_view kUnfinished = ".part";

std::string name_of(std::uint64_t term, Lsn first) {
  return std::string(kDivergedPrefix) + std::to_string(term) + "-" + std::to_string(first);
}

// The term and the first record; nothing if it is no name of a tail.
std::optional<std::pair<std::uint64_t, Lsn>> parse_name(std::string_view name) {
  if (!name.starts_with(kDivergedPrefix)) return std::nullopt;
  std::uint64_t term = 0;
  Lsn first = 0;
  const char* const end = name.data() + name.size();
  const auto behind_term = std::from_chars(name.data() + kDivergedPrefix.size(), end, term);
  if (behind_term.ec != std::errc() || behind_term.ptr == end) return std::nullopt;
  const auto behind_first = std::from_chars(behind_term.ptr + 1, end, first);
  if (behind_first.ec != std::errc() || name_of(term, first) != name) return std::nullopt;
  return std::pair(term, first);
}

void count(const OpenedRecord& record, DivergedTail& tail) {
  if (tail.records++ == 0) tail.first_at = record.at;
  tail.last = record.position.lsn;
  tail.last_at = record.at;
  for (const Mutation& mutation : record.mutations)
    if (std::holds_alternative<MessageStored>(mutation)) ++tail.messages;
}

DivergedTail read_tail(const std::string& folder, DivergedTail tail) {
  DivergedReader reader;
  const auto opened = reader.open(folder + "/" + tail.name);
  tail.bytes = reader.bytes();
  if (!opened) {
    tail.damage = opened.error().text;
    return tail;
  }
  while (true) {
    const auto record = reader.next();
    if (!record) tail.damage = record.error().text;
    if (!record || !*record) return tail;
    count(**record, tail);
  }
}

}  // namespace

Result<std::string> export_diverged(const Store& store, Lsn from, const Position& end,
                                    const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failure(folder + " cannot be made: " + error.message());
  const std::string path = folder + "/" + name_of(end.term.counter, from);
  const std::string unfinished = path + std::string(kUnfinished);
  std::string bytes = segment_header(from);
  GrowingFile file;
  Result<void> written = file.open(unfinished, 0);
  const auto read = store.read(from, [&](Lsn, ByteView record) {
    put_frame(bytes, record);
    if (written && bytes.size() >= kWriteBytes) written = file.append(std::exchange(bytes, {}));
    return written.has_value();
  });
  if (written && read) written = file.append(bytes);
  if (written && read) written = file.sync();
  if (!read) return tl::unexpected(read.error());
  if (!written) return tl::unexpected(written.error());
  std::filesystem::rename(unfinished, path, error);
  if (error) return failure(path + " cannot be made: " + error.message());
  if (auto synced = sync_folder(folder); !synced) return tl::unexpected(synced.error());
  return path;
}

Result<std::vector<DivergedTail>> list_diverged(const std::string& folder) {
  std::vector<DivergedTail> tails;
  std::error_code error;
  if (!std::filesystem::exists(folder, error) && !error) return tails;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    DivergedTail tail;
    tail.name = entry->path().filename().string();
    const auto named = parse_name(tail.name);
    if (!named) continue;
    std::tie(tail.term, tail.first) = *named;
    tails.push_back(read_tail(folder, std::move(tail)));
  }
  if (error) return failure(folder + " cannot be read: " + error.message());
  std::sort(tails.begin(), tails.end(), [](const DivergedTail& a, const DivergedTail& b) {
    return std::tie(a.term, a.first) < std::tie(b.term, b.first);
  });
  return tails;
}

Result<std::string> diverged_path(const std::string& folder, const std::string& name) {
  if (!parse_name(name))
    return failure("'" + name + "' is no name that 'tandemqctl diverged list' shows.");
  std::string path = folder + "/" + name;
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return failure("There is no '" + name + "' here: see 'tandemqctl diverged list'.");
  return path;
}

Result<void> delete_diverged(const std::string& folder, const std::string& name) {
  const auto path = diverged_path(folder, name);
  if (!path) return tl::unexpected(path.error());
  std::error_code error;
  std::filesystem::remove(*path, error);
  if (error) return failure(*path + " cannot be deleted: " + error.message());
  return sync_folder(folder);
}

// ---------------------------------------------------------------- DivergedReader

Result<void> DivergedReader::open(const std::string& path) {
  path_ = path;
  std::error_code error;
  bytes_ = left_ = std::filesystem::file_size(path, error);
  if (error) bytes_ = left_ = 0;
  file_.open(path, std::ios::binary);
  if (error || !file_) return failure(path + " cannot be read.");
  const auto header = read_bytes(std::min(left_, kSegmentHeaderBytes));
  if (!header) return tl::unexpected(header.error());
  const auto first = read_segment_header(path_, *header);
  if (!first) return failure(first.error().text + ".");
  first_ = *first;
  return {};
}

Result<std::optional<OpenedRecord>> DivergedReader::next() {
  if (left_ == 0) return std::nullopt;
  const auto frame = read_bytes(kFrameBytes);
  if (!frame) return tl::unexpected(frame.error());
  const auto bytes = read_bytes(Reader(*frame).u32());
  if (!bytes) return tl::unexpected(bytes.error());
  auto record = previous_ ? open_record(*bytes, *previous_) : open_record(*bytes);
  if (!record) return failure(path_ + " is damaged: " + record.error().text + ".");
  if (!previous_ && record->position.lsn != first_)
    return failure(path_ + " is damaged: it does not begin with the record of its header.");
  previous_ = record->position;
  return std::optional(std::move(*record));
}

Result<std::string> DivergedReader::read_bytes(std::uint64_t size) {
  const std::string after = previous_ ? " behind record " + std::to_string(previous_->lsn) : "";
  if (size > left_) return failure(path_ + " is damaged: it is cut short" + after + ".");
  std::string bytes(size, '\0');
  file_.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file_) return failure(path_ + " cannot be read" + after + ".");
  left_ -= size;
  return bytes;
}

}  // namespace tandemq
