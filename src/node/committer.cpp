#include "node/committer.hpp"

#include <utility>

namespace tandemq {

Committer::Committer(Store& store, std::uint64_t log_bytes_max, std::function<void(Lsn)> committed)
    : store_(store), log_bytes_max_(log_bytes_max), committed_(std::move(committed)) {}

void Committer::append(const Record& record) {
  store_.append({&record, 1});
  store_.sync();
  while (store_.log_bytes() > log_bytes_max_) store_.trim(store_.first_lsn() + 1);
  committed_(record.position.lsn);
}

}  // namespace tandemq
