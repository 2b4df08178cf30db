#include "store/memory_store.hpp"

#include "base/ensure.hpp"

#include <utility>

namespace tandemq {
namespace {

using Lock = std::scoped_lock<std::mutex>;

std::size_t index(Table table) {
  ENSURE(table < Table::count, "there is such a table");
  return static_cast<std::size_t>(table);
}

class MemorySnapshot final : public TableSnapshot {
 public:
  using Tables = std::array<std::map<std::string, std::string, std::less<>>, kTableCount>;

  explicit MemorySnapshot(Tables tables) : tables_(std::move(tables)) {
    for (const auto& rows : tables_) {
      rows_ += rows.size();
      for (const auto& [key, value] : rows) bytes_ += key.size() + value.size();
    }
  }

  Result<void> read(Table table, ByteView after,
                    const std::function<bool(ByteView key, ByteView value)>& visit) const override {
    const auto& rows = tables_[index(table)];
    for (auto row = rows.upper_bound(after); row != rows.end(); ++row) {
      if (!visit(row->first, row->second)) break;
    }
    return {};
  }
  [[nodiscard]] std::uint64_t rows() const override { return rows_; }
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

 private:
  Tables tables_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void MemoryStore::append(std::span<const Record> records) {
  if (records.empty()) return;
  const Lock lock(mutex_);
  Undo& undo = begin_write();
  undo.appended = records.size();
  if (last_lsn_ == 0) last_lsn_ = records.front().position.lsn - 1;
  for (const Record& record : records) {
    ENSURE(record.position.lsn == last_lsn_ + 1, "the log has no gap");
    records_.push_back(record.bytes);
    bytes_ += record.bytes.size();
    last_lsn_ = record.position.lsn;
  }
}

void MemoryStore::sync() {
  const Lock lock(mutex_);
  unsynced_.clear();
}

Result<void> MemoryStore::read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const {
  const Lock lock(mutex_);
  if (from < first()) {
    return failure("record " + std::to_string(from) + " is no longer in the log, which begins at " +
                   std::to_string(first()));
  }
  for (Lsn lsn = from; lsn <= last_lsn_; ++lsn) {
    if (!visit(lsn, records_[lsn - first()])) break;
  }
  return {};
}

void MemoryStore::trim(Lsn before) {
  const Lock lock(mutex_);
  if (records_.empty() || before <= first()) return;
  Undo& undo = begin_write();
  while (!records_.empty() && first() < before) {
    bytes_ -= records_.front().size();
    undo.trimmed.push_back(std::move(records_.front()));
    records_.pop_front();
  }
}

void MemoryStore::cut(Lsn from) {
  ENSURE(from > 0, "the first lsn is 1");
  const Lock lock(mutex_);
  if (from > last_lsn_) return;
  Undo& undo = begin_write();
  while (!records_.empty() && last_lsn_ >= from) {
    bytes_ -= records_.back().size();
    undo.cut.insert(undo.cut.begin(), std::move(records_.back()));
    records_.pop_back();
    --last_lsn_;
  }
  last_lsn_ = from - 1;
}

Lsn MemoryStore::first_lsn() const {
  const Lock lock(mutex_);
  return first();
}

Lsn MemoryStore::last_lsn() const {
  const Lock lock(mutex_);
  return last_lsn_;
}

std::uint64_t MemoryStore::log_bytes() const {
  const Lock lock(mutex_);
  return bytes_;
}

void MemoryStore::write_tables(const TableChanges& changes) {
  const Lock lock(mutex_);
  Undo& undo = begin_write();
  for (const TableRange& range : changes.ranges) {
    ENSURE(range.begin < range.end, "a range of rows is neither empty nor inverted");
    const Rows& rows = tables_[index(range.table)];
    for (auto row = rows.lower_bound(range.begin); row != rows.end() && row->first < range.end;)
      set_row(undo, range.table, std::string((row++)->first), std::nullopt);
  }
  for (const TableKey& row : changes.deletes) set_row(undo, row.table, row.key, std::nullopt);
  for (const TableRow& row : changes.puts) set_row(undo, row.table, row.key, row.value);
  for (const MessageRef& body : changes.bodies) {
    const TableRow row = message_row(*body);
    set_row(undo, row.table, row.key, row.value);
  }
}

Result<void> MemoryStore::read_table(
    Table table, const std::function<bool(ByteView key, ByteView value)>& visit) const {
  const Lock lock(mutex_);
  for (const auto& [key, value] : tables_[index(table)]) {
    if (!visit(key, value)) break;
  }
  return {};
}

std::uint64_t MemoryStore::rows_about(Table table) const {
  const Lock lock(mutex_);
  return tables_[index(table)].size();
}

std::vector<std::string> MemoryStore::get(Table table, std::span<const std::string> keys) const {
  const Lock lock(mutex_);
  const Rows& rows = tables_[index(table)];
  std::vector<std::string> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto row = rows.find(keys[i]);
    if (row != rows.end()) values[i] = row->second;
  }
  return values;
}

std::unique_ptr<TableSnapshot> MemoryStore::snapshot() const {
  const Lock lock(mutex_);
  return std::make_unique<MemorySnapshot>(tables_);
}

void MemoryStore::lose_power(std::size_t survivors) {
  const Lock lock(mutex_);
  while (unsynced_.size() > survivors) {
    undo(unsynced_.back());
    unsynced_.pop_back();
  }
  unsynced_.clear();
}

std::size_t MemoryStore::unsynced() const {
  const Lock lock(mutex_);
  return unsynced_.size();
}

MemoryStore::Undo& MemoryStore::begin_write() {
  Undo& undo = unsynced_.emplace_back();
  undo.last_lsn = last_lsn_;
  return undo;
}

void MemoryStore::undo(const Undo& write) {
  for (std::size_t i = 0; i < write.appended; ++i) {
    bytes_ -= records_.back().size();
    records_.pop_back();
  }
  for (const std::string& record : write.cut) {
    bytes_ += record.size();
    records_.push_back(record);
  }
  for (auto record = write.trimmed.rbegin(); record != write.trimmed.rend(); ++record) {
    bytes_ += record->size();
    records_.push_front(*record);
  }
  last_lsn_ = write.last_lsn;
  for (auto row = write.rows.rbegin(); row != write.rows.rend(); ++row) {
    Rows& rows = tables_[index(row->table)];
    if (row->value) {
      rows[row->key] = *row->value;
    } else {
      rows.erase(row->key);
    }
  }
}

void MemoryStore::set_row(Undo& undo, Table table, const std::string& key,
                          std::optional<std::string> value) {
  Rows& rows = tables_[index(table)];
  const auto found = rows.find(key);
  if (found == rows.end()) {
    if (!value) return;
    undo.rows.push_back({table, key, std::nullopt});
    rows.emplace(key, std::move(*value));
    return;
  }
  undo.rows.push_back({table, key, std::move(found->second)});
  if (value) {
    found->second = std::move(*value);
  } else {
    rows.erase(found);
  }
}

}  // namespace tandemq
