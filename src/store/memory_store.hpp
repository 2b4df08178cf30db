// MemoryStore: the log in memory, for a node without a disk and for tests. It ends with the
// process; nothing can be recovered from it, so whoever appends also trims to bound it.
// Owner: node; used by the thread that writes the log.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>

namespace tandemq {

class MemoryStore final : public Store {
 public:
  void append(std::span<const Record> records) override;
  void sync() override {}  // What is in memory is as durable as this store can make it.
  Result<void> read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const override;
  void trim(Lsn before) override;

  [[nodiscard]] Lsn first_lsn() const override { return last_lsn_ - records_.size() + 1; }
  [[nodiscard]] Lsn last_lsn() const override { return last_lsn_; }
  [[nodiscard]] std::uint64_t log_bytes() const override { return bytes_; }

 private:
  std::deque<std::string> records_;  // The back has last_lsn_.
  Lsn last_lsn_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tandemq
