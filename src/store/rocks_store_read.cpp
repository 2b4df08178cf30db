// Reading, also around damage: a block that cannot be read hides the keys in it, so the next key
// that can be read is searched for by seeking.
#include "store/rocks_store.hpp"

#include "base/ensure.hpp"
#include "store/rocks_store_options.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <rocksdb/db.h>

namespace tandemq {
namespace {

// Bytes behind the common beginning of two keys that the search tells apart.
constexpr std::size_t kSearchBytes = 24;

std::string shown(ByteView key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : key) {
    text += kDigits[static_cast<std::uint8_t>(byte) >> 4U];
    text += kDigits[static_cast<std::uint8_t>(byte) & 0xFU];
  }
  return text;
}

using Rows = std::unique_ptr<rocksdb::Iterator>;
using NewRows = std::function<Rows()>;

// With an iterator of its own: one that has met a damaged block may call it sound when it is sent
// there again.
bool readable_from(const NewRows& new_rows, ByteView key) {
  const Rows rows = new_rows();
  rows->Seek(slice(key));
  return rows->status().ok();
}

// The least key that is greater than all that begin with `prefix`; nothing if there is none.
std::optional<std::string> behind_all(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

// Keys as big numbers of `size` digits: half way between two.
std::string between(const std::string& low, const std::string& high, std::size_t size) {
  const auto digit = [](const std::string& key, std::size_t at) -> unsigned {
    return at < key.size() ? static_cast<std::uint8_t>(key[at]) : 0U;
  };
  std::vector<unsigned> sum(size + 1);
  for (std::size_t i = size; i > 0; --i) {
    const unsigned digits = digit(low, i - 1) + digit(high, i - 1) + sum[i];
    sum[i] = digits & 0xFFU;
    sum[i - 1] = digits >> 8U;
  }
  std::string half(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    half[i] = static_cast<char>(((sum[i] & 1U) << 7U) | (sum[i + 1] >> 1U));
  return half;
}

// A key from which on it can be read again, close behind `low`, from which it cannot: first in ever
// greater steps, then between the last two. Rows between two damaged blocks may be missed.
std::optional<std::string> next_readable(const NewRows& rows, std::string low) {
  std::optional<std::string> high;
  for (std::size_t size = low.size(); size > 0; --size) {
    high = behind_all(low.substr(0, size));
    if (!high || readable_from(rows, *high)) break;
    low = *high;
  }
  if (!high || *high == low) high = std::string(kSearchBytes, '\xff');  // Behind all tables.
  if (*high <= low || !readable_from(rows, *high)) return std::nullopt;
  const auto common = std::mismatch(low.begin(), low.end(), high->begin(), high->end()).first;
  const std::size_t size = static_cast<std::size_t>(common - low.begin()) + kSearchBytes;
  for (std::size_t bits = size * 8; bits > 0; --bits) {
    std::string half = between(low, *high, size);
    if (half <= low || half >= *high) break;
    (readable_from(rows, half) ? *high : low) = std::move(half);
  }
  return high;
}

tl::unexpected<Error> damage(const std::string& sentence) {
  return failure(sentence +
                 "; start tandemqd once with --repair, which keeps all that can be read");
}

std::string unreadable(const std::string& family, ByteView from, const rocksdb::Status& status) {
  return family + " cannot be read behind key " + shown(from) + ": " + status.ToString();
}

class RocksSnapshot final : public TableSnapshot {
 public:
  using Families = std::array<rocksdb::ColumnFamilyHandle*, kTableCount>;

  RocksSnapshot(rocksdb::DB& db, const Families& families, const TableInfo& size)
      : db_(db), families_(families), size_(size), snapshot_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(snapshot_); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  // Damage is an error here also for a store that skips it: an image has all rows or is none.
  Result<void> read(Table table, ByteView after,
                    const std::function<bool(ByteView key, ByteView value)>& visit) const override {
    ENSURE(table < Table::count, "there is such a table");
    rocksdb::ColumnFamilyHandle* const family = families_[static_cast<std::size_t>(table)];
    rocksdb::ReadOptions reading;
    reading.fill_cache = false;
    reading.snapshot = snapshot_;
    const Rows rows(db_.NewIterator(reading, family));
    rows->Seek(slice(after));
    if (rows->Valid() && view(rows->key()) == after) rows->Next();
    for (; rows->Valid(); rows->Next())
      if (!visit(view(rows->key()), view(rows->value()))) return {};
    if (rows->status().ok()) return {};
    return damage(unreadable(family->GetName(), after, rows->status()));
  }
  [[nodiscard]] std::uint64_t rows() const override { return size_.rows; }
  [[nodiscard]] std::uint64_t bytes() const override { return size_.bytes; }

 private:
  rocksdb::DB& db_;
  Families families_;
  TableInfo size_;
  const rocksdb::Snapshot* snapshot_;  // Owned.
};

}  // namespace

Result<void> RocksStore::damage_found(const std::string& sentence) const {
  if (!options_.skipped) return damage(sentence);
  options_.skipped(sentence);
  return {};
}

Result<void> RocksStore::walk(Family family, std::string from, const Visit& visit,
                              const Damaged& damaged) const {
  rocksdb::ReadOptions reading;
  reading.fill_cache = false;
  const NewRows new_rows = [&] { return Rows(db_->NewIterator(reading, family)); };
  while (true) {
    const Rows rows = new_rows();
    std::string last;
    for (rows->Seek(slice(from)); rows->Valid(); rows->Next()) {
      if (!visit(view(rows->key()), view(rows->value()))) return {};
      if (options_.skipped) last = rows->key().ToString();
    }
    const rocksdb::Status status = rows->status();
    if (status.ok()) return {};
    if (!options_.skipped) return damage(unreadable(family->GetName(), from, status));
    if (!last.empty()) from = last + '\0';
    const std::optional<std::string> next = next_readable(new_rows, from);
    damaged(from, next ? ByteView(*next) : ByteView(), status.ToString());
    if (!next) return {};
    from = *next;
  }
}

Result<void> RocksStore::read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const {
  const auto forgotten = [&](Lsn lsn) {
    return failure("record " + std::to_string(lsn) + " is no longer in the log, which begins at " +
                   std::to_string(first_lsn()));
  };
  if (from < first_lsn()) return forgotten(from);
  const Lsn end = last_lsn() + 1;  // What is appended meanwhile is not awaited.
  Lsn next = from;
  bool stopped = false;
  Result<void> hole;
  const auto missing = [&](Lsn until) -> Result<void> {
    if (next < first_lsn()) return forgotten(next);
    return damage_found("the log lacks its records " + std::to_string(next) + " to " +
                        std::to_string(until - 1));
  };
  const auto visit_record = [&](ByteView key, ByteView value) {
    const Lsn lsn = Reader(key).u64();
    if (lsn > next) hole = missing(lsn);
    if (!hole) return false;
    next = lsn + 1;
    stopped = !visit(lsn, value);
    return !stopped;
  };
  // What is skipped is told as the hole that it leaves.
  const Result<void> walked = walk(families_[kLogFamily], log_key(from), visit_record,
                                   [](ByteView, ByteView, const std::string&) {});
  if (!walked || !hole) return walked ? hole : walked;
  if (!stopped && next < end) return missing(end);
  return {};
}

Result<void> RocksStore::read_table(
    Table of, const std::function<bool(ByteView key, ByteView value)>& visit) const {
  const auto damaged = [&](ByteView before, ByteView after, const std::string& why) {
    options_.skipped("rows of table " + std::string(name(of)) + " cannot be read, from key " +
                     shown(before) + (after.empty() ? " to the end" : " to " + shown(after)) +
                     " (" + why + ")");
  };
  return walk(table(of), std::string(), visit, damaged);
}

std::uint64_t RocksStore::rows_about(Table table) const {
  return table_info(table).rows;
}

std::vector<std::string> RocksStore::get(Table of, std::span<const std::string> keys) const {
  std::vector<rocksdb::Slice> slices;
  for (const std::string& key : keys) slices.emplace_back(slice(key));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(rocksdb::ReadOptions(), table(of), keys.size(), slices.data(), values.data(),
                statuses.data());
  std::vector<std::string> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (statuses[i].ok()) found[i] = values[i].ToString();
  return found;
}

std::unique_ptr<TableSnapshot> RocksStore::snapshot() const {
  RocksSnapshot::Families families{};
  TableInfo size;
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const TableInfo info = table_info(static_cast<Table>(i));
    size.rows += info.rows;
    size.bytes += info.bytes;
    families[i] = table(static_cast<Table>(i));
  }
  return std::make_unique<RocksSnapshot>(*db_, families, size);
}

}  // namespace tandemq
