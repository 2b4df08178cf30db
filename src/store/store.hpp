// Store: where the log is kept. One thread writes. A write that fails is not an Error: the
// implementation ENSUREs it, because a disk that lied once is not asked again and the peer takes
// over. Implemented by memory_store and rocks_store; one contract test runs over all.
#pragma once

#include "base/result.hpp"
#include "journal/record.hpp"

#include <functional>
#include <span>

namespace tandemq {

class Store {
 public:
  virtual ~Store() = default;

  // Adds the records, each one lsn after the one before. They may be lost with the machine until
  // sync() has returned.
  virtual void append(std::span<const Record> records) = 0;
  // All that was appended is durable when it returns.
  virtual void sync() = 0;
  // Calls `visit` with the bytes of each record from `from` on, in order, until it returns false.
  virtual Result<void> read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const = 0;
  // Forgets every record before `before`.
  virtual void trim(Lsn before) = 0;

  [[nodiscard]] virtual Lsn first_lsn() const = 0;  // last_lsn() + 1 if it holds none.
  [[nodiscard]] virtual Lsn last_lsn() const = 0;   // 0 before the first record ever.
  [[nodiscard]] virtual std::uint64_t log_bytes() const = 0;
};

}  // namespace tandemq
