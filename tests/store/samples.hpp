// What tests of stores share: a folder that goes with its test, records and rows, what is read.
#pragma once

#include "store/store.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tandemq::tests {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using LogContent = std::vector<std::pair<Lsn, std::string>>;
using TableContent = std::vector<std::pair<std::string, std::string>>;

Record record_of(Lsn lsn, std::string bytes);
void append(Store& store, Lsn lsn, std::string bytes);
// `size` bytes that no compression shortens and that differ from seed to seed.
std::string noise(std::uint64_t seed, std::size_t size);

// These expect that all can be read.
LogContent log_of(const Store& store);
TableContent table_of(const Store& store, Table table);
TableContent rows_of(const TableSnapshot& snapshot, Table table);

TableChanges put(Table table, std::string key, std::string value);

}  // namespace tandemq::tests
