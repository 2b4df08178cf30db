// MemoryStore: the log and the tables in memory, for a node without a disk and for tests, which let
// it lose power. It ends with the process. It keeps what it takes to undo all writes since the last
// sync(), so whoever writes also syncs; and nothing else bounds the log, so it trims too.
// Owner: node. A mutex guards it, because others read while one thread writes, as they may on disk;
// `visit` is called under it and must not call back.
#pragma once

#include "store/store.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tandemq {

class MemoryStore final : public Store {
 public:
  void append(std::span<const Record> records) override;
  void sync() override;
  Result<void> read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const override;
  void trim(Lsn before) override;
  void cut(Lsn from) override;

  [[nodiscard]] Lsn first_lsn() const override;
  [[nodiscard]] Lsn last_lsn() const override;
  [[nodiscard]] std::uint64_t log_bytes() const override;

  void write_tables(const TableChanges& changes) override;
  Result<void> read_table(
      Table table, const std::function<bool(ByteView key, ByteView value)>& visit) const override;
  [[nodiscard]] std::uint64_t rows_about(Table table) const override;
  [[nodiscard]] std::vector<std::string> get(Table table,
                                             std::span<const std::string> keys) const override;
  [[nodiscard]] std::unique_ptr<TableSnapshot> snapshot() const override;  // A copy.

  // Undoes the writes since the last sync(), but for the first `survivors` of them; what is left is
  // durable then.
  void lose_power(std::size_t survivors);
  [[nodiscard]] std::size_t unsynced() const;  // Writes since the last sync().

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;

  struct OldRow {
    Table table{};
    std::string key;
    std::optional<std::string> value;  // Nothing: there was no such row.
  };
  // What it takes to undo one write; only what that write changed is set.
  struct Undo {
    Lsn last_lsn = 0;
    std::size_t appended = 0;
    std::vector<std::string> trimmed;  // Oldest first, as `cut`.
    std::vector<std::string> cut;
    std::vector<OldRow> rows;  // In the order of the changes.
  };

  // These expect the mutex to be held.
  [[nodiscard]] Lsn first() const { return last_lsn_ - records_.size() + 1; }
  Undo& begin_write();
  void undo(const Undo& write);
  void set_row(Undo& undo, Table table, const std::string& key, std::optional<std::string> value);

  mutable std::mutex mutex_;
  std::deque<std::string> records_;  // The back has last_lsn_.
  Lsn last_lsn_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<Rows, kTableCount> tables_;
  std::vector<Undo> unsynced_;
};

}  // namespace tandemq
