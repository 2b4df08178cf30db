// Committer: takes the records of the core to the store and says when they are durable. A store in
// memory makes a record durable at once, so this one works where it is called; the log is kept for
// inspection up to a bound.
// Owned by node; core thread.
#pragma once

#include "journal/record.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>

namespace tandemq {

class Committer {
 public:
  // `committed` is told the lsn of the last durable record.
  Committer(Store& store, std::uint64_t log_bytes_max, std::function<void(Lsn)> committed);

  void append(const Record& record);

 private:
  Store& store_;
  std::uint64_t log_bytes_max_;
  std::function<void(Lsn)> committed_;
};

}  // namespace tandemq
