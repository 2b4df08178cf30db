// Store: where the log and the tables are kept. One thread writes, in the order of the calls: what
// survives a loss of power is always a prefix of what was written, and all of it up to the last
// sync(). A write that fails is not an Error: the implementation ENSUREs it, because a disk that
// lied once is not asked again and the peer takes over.
// Implemented by memory_store and rocks_store; one contract test runs over both.
// Writing belongs to one thread; reading may be done by any other at the same time.
#pragma once

#include "base/result.hpp"
#include "journal/record.hpp"
#include "session/tables.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tandemq {

// The tables as they stood at one moment, however they change meanwhile. It costs room on the disk
// as long as it lives, and must not outlive its store. One thread at a time.
class TableSnapshot {
 public:
  virtual ~TableSnapshot() = default;
  // Calls `visit` with each row behind `after`, in the order of the keys, until it returns false.
  virtual Result<void> read(
      Table table, ByteView after,
      const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
  // About how many rows, and how many bytes.
  [[nodiscard]] virtual std::uint64_t rows() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Adds the records, each one lsn after the one before; the first ever may have any lsn (after a
  // restore). All of them are one write.
  virtual void append(std::span<const Record> records) = 0;
  // All that was written is durable when it returns.
  virtual void sync() = 0;
  // Calls `visit` with the bytes of each record from `from` on, in order, until it returns false.
  virtual Result<void> read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const = 0;
  // Forgets every record before `before`.
  virtual void trim(Lsn before) = 0;
  // Forgets every record from `from` on: a tail that does not belong here.
  virtual void cut(Lsn from) = 0;

  [[nodiscard]] virtual Lsn first_lsn() const = 0;  // last_lsn() + 1 if it holds none.
  [[nodiscard]] virtual Lsn last_lsn() const = 0;   // 0 before the first record ever.
  [[nodiscard]] virtual std::uint64_t log_bytes() const = 0;

  // Begins to give back the room of what was deleted, for a disk that is nearly full. It may go on
  // in the background for a while.
  virtual void reclaim() {}

  // All of the changes or, after a crash, none.
  virtual void write_tables(const TableChanges& changes) = 0;
  // Calls `visit` with each row, in the order of the keys, until it returns false.
  virtual Result<void> read_table(
      Table table, const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
  // How many rows read_table() would visit, as far as that is known without reading them.
  [[nodiscard]] virtual std::uint64_t rows_about(Table table) const = 0;
  // The values of these rows, empty for one that is not there or cannot be read.
  [[nodiscard]] virtual std::vector<std::string> get(Table table,
                                                     std::span<const std::string> keys) const = 0;
  [[nodiscard]] virtual std::unique_ptr<TableSnapshot> snapshot() const = 0;
};

}  // namespace tandemq
