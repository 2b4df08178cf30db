// The settings of RocksDB and why they are what they are; the order of the column families.
// Plain values, made once when the database is opened.
#pragma once

#include "base/wire.hpp"
#include "store/rocks_store.hpp"

#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/options.h>

namespace tandemq {

// Positions in column_families(); those of the tables follow kLogFamily in their order.
inline constexpr std::size_t kDefaultFamily = 0;
inline constexpr std::size_t kLogFamily = 1;
inline constexpr std::string_view kLogFirstKey = "log_first";

rocksdb::DBOptions database_options(const RocksOptions& options);
std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RocksOptions& options);

std::string log_key(Lsn lsn);

inline rocksdb::Slice slice(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
inline ByteView view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace tandemq
