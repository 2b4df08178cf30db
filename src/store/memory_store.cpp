#include "store/memory_store.hpp"

#include "base/ensure.hpp"

namespace tandemq {

void MemoryStore::append(std::span<const Record> records) {
  for (const Record& record : records) {
    ENSURE(record.position.lsn == last_lsn_ + 1, "the log has no gap");
    records_.push_back(record.bytes);
    bytes_ += record.bytes.size();
    last_lsn_ = record.position.lsn;
  }
}

Result<void> MemoryStore::read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const {
  if (from < first_lsn()) {
    return failure("record " + std::to_string(from) + " is no longer in the log, which begins at " +
                   std::to_string(first_lsn()));
  }
  for (Lsn lsn = from; lsn <= last_lsn_; ++lsn) {
    if (!visit(lsn, records_[lsn - first_lsn()])) break;
  }
  return {};
}

void MemoryStore::trim(Lsn before) {
  while (!records_.empty() && first_lsn() < before) {
    bytes_ -= records_.front().size();
    records_.pop_front();
  }
}

}  // namespace tandemq
