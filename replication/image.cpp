#include "replication/image.hpp"

#include "base/checksum.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr auto kFirstTable = static_cast<Table>(1);  // Meta is 0, and comes last.

Table after(Table table) {
  const auto next = static_cast<std::size_t>(table) + 1;
  return next < kTableCount ? static_cast<Table>(next) : Table::meta;
}

// Whether rows of `table` may follow those of `before`.
bool in_order(Table before, Table table) {
  return table < Table::count && table != Table::meta && table >= before;
}

std::uint64_t checksum_of(std::uint64_t before, Table table, const ImageRows& piece) {
  for (const auto& [key, value] : piece.rows) before = image_checksum(before, table, key, value);
  return before;
}

}  // namespace

// ---------------------------------------------------------------- ImageSource

ImageSource::ImageSource(std::uint64_t image, std::unique_ptr<TableSnapshot> snapshot)
    : image_(image), snapshot_(std::move(snapshot)), table_(kFirstTable) {
  marks_.push_back({table_, checksum(last_key_), 0, 0});
}

Result<ImageSource> ImageSource::open(std::uint64_t image,
                                      std::unique_ptr<TableSnapshot> snapshot) {
  ImageSource source(image, std::move(snapshot));
  if (const Result<void> read = source.read_meta(); !read) return tl::unexpected(read.error());
  return source;
}

Result<void> ImageSource::read_meta() {
  bool any = false;
  const Result<void> read =
      snapshot_->read(Table::meta, ByteView(), [&](ByteView key, ByteView value) {
        meta_ = {Table::meta, std::string(key), std::string(value)};
        return !std::exchange(any, true);
      });
  if (!read) return read;
  if (!any) return failure("there is no image of a store whose tables were never written");
  const Result<TablesAt> at = read_tables_at(meta_.key, meta_.value);
  if (!at) return failure("the row of meta cannot be read: " + at.error().text);
  at_ = at->position;
  return {};
}

ImageBegin ImageSource::begin() const {
  ImageBegin begin;
  begin.image = image_;
  begin.at = at_;
  begin.rows = snapshot_->rows();
  begin.bytes = snapshot_->bytes();
  begin.resumed = resumed_;
  return begin;
}

bool ImageSource::resume(const ImageProgress& progress) {
  if (progress.image != image_) return false;
  const auto mark =
      std::lower_bound(marks_.begin(), marks_.end(), progress.rows,
                       [](const Mark& piece, std::uint64_t rows) { return piece.rows < rows; });
  const bool known = mark != marks_.end() && mark->rows == progress.rows &&
                     mark->table == progress.table && mark->key == checksum(progress.last_key);
  if (!known) return false;
  resumed_ = true;
  at_end_ = false;
  table_ = progress.table;
  last_key_ = progress.last_key;
  rows_ = mark->rows;
  checksum_ = mark->checksum;
  marks_.erase(mark + 1, marks_.end());
  return true;
}

Result<std::optional<ImageRows>> ImageSource::next(std::uint64_t bytes_max) {
  while (table_ != Table::meta) {
    ImageRows piece;
    piece.table = table_;
    std::uint64_t bytes = 0;
    const Result<void> read = snapshot_->read(table_, last_key_, [&](ByteView key, ByteView value) {
      piece.rows.emplace_back(key, value);
      bytes += key.size() + value.size();
      return bytes < bytes_max;
    });
    if (!read) return tl::unexpected(read.error());
    if (!piece.rows.empty()) {
      count(piece);
      last_key_ = piece.rows.back().first;
      marks_.push_back({table_, checksum(last_key_), rows_, checksum_});
      return piece;
    }
    table_ = after(table_);
    last_key_.clear();
  }
  if (at_end_) return std::nullopt;
  return last_piece();
}

ImageRows ImageSource::last_piece() {
  ImageRows piece;
  piece.table = Table::meta;
  piece.rows.emplace_back(meta_.key, meta_.value);
  count(piece);
  at_end_ = true;
  return piece;
}

void ImageSource::count(const ImageRows& piece) {
  rows_ += piece.rows.size();
  checksum_ = checksum_of(checksum_, piece.table, piece);
}

ImageEnd ImageSource::end() const {
  ENSURE(at_end_, "an image ends after its last row");
  return {rows_, checksum_};
}

// ---------------------------------------------------------------- ImageTarget

ImageTarget::ImageTarget(Store& store, const ImageBegin& begin)
    : store_(store), begin_(begin), table_(kFirstTable) {
  count_rows_of_store();
  ENSURE(begin.resumed || rows_ == 0, "a new image goes into an empty store");
}

void ImageTarget::count_rows_of_store() {
  for (Table table = kFirstTable; table != Table::meta && readable_; table = after(table)) {
    readable_ = store_.read_table(table, [&](ByteView key, ByteView value) {
      table_ = table;
      last_key_ = key;
      ++rows_;
      checksum_ = image_checksum(checksum_, table, key, value);
      return true;
    });
  }
}

Result<void> ImageTarget::take(const ImageRows& rows) {
  if (!readable_) return readable_;
  if (const std::string why = objection_to(rows); !why.empty())
    return failure("the image cannot be taken: " + why);
  if (rows.table == Table::meta) return take_meta(rows);
  TableChanges changes;
  changes.at = begin_.at;
  for (const auto& [key, value] : rows.rows) changes.puts.push_back({rows.table, key, value});
  store_.write_tables(changes);
  table_ = rows.table;
  last_key_ = rows.rows.back().first;
  rows_ += rows.rows.size();
  checksum_ = checksum_of(checksum_, rows.table, rows);
  return {};
}

Result<void> ImageTarget::take_meta(const ImageRows& rows) {
  const auto& [key, value] = rows.rows.front();
  const Result<TablesAt> at = read_tables_at(key, value);
  if (rows.rows.size() > 1 || !at || at->position != begin_.at)
    return failure("the image cannot be taken: its last row is not that of its position");
  meta_ = {Table::meta, key, value};
  return {};
}

std::string ImageTarget::objection_to(const ImageRows& rows) const {
  if (rows.rows.empty()) return "a piece has no rows";
  if (meta_ && rows.table != Table::meta) return "rows follow the last one";
  if (rows.table != Table::meta && !in_order(table_, rows.table))
    return "its tables are not in order";
  const std::string none;
  const std::string* before = rows.table == table_ ? &last_key_ : &none;
  for (const auto& [key, value] : rows.rows) {
    if (key <= *before) return "rows of table " + std::string(name(rows.table)) + " out of order";
    const Result<ByteView> fields = open_row(rows.table, key, value);
    if (!fields)
      return "a row of table " + std::string(name(rows.table)) + ": " + fields.error().text;
    before = &key;
  }
  return {};
}

Result<void> ImageTarget::finish(const ImageEnd& end) {
  if (!readable_) return readable_;
  const std::uint64_t rows = rows_ + (meta_ ? 1 : 0);
  if (!meta_ || rows != end.rows)
    return failure("the image is not whole: of " + std::to_string(end.rows) + " rows " +
                   std::to_string(rows) + " have come" + (meta_ ? "" : ", not the last one"));
  if (image_checksum(checksum_, Table::meta, meta_->key, meta_->value) != end.checksum)
    return failure("the image is not the one that was sent: its checksum differs");
  TableChanges changes;
  changes.at = begin_.at;
  changes.puts.push_back(*meta_);
  store_.write_tables(changes);
  store_.sync();
  return {};
}

ImageProgress ImageTarget::progress() const {
  return {begin_.image, table_, last_key_, rows_};
}

}  // namespace tandemq
