// Samples of what earlier versions wrote to the disk, each kept for ever: a log and the rows of the
// tables, and the digest of the State that they are. A change of a format adds a sample, with
// TANDEMQ_WRITE_SAMPLE=1, and leaves the older ones as they are.
//
//   tests/data/store-format-N: text lines "digest NUMBER", "record BYTES", "row TABLE KEY VALUE",
//   bytes in base64
#include "base/base64.hpp"
#include "recovery/recover.hpp"
#include "store/memory_store.hpp"
#include "tests/session/mutations.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// The record format and the table format have been raised together so far.
std::string sample_path(int format) {
  return "tests/data/store-format-" + std::to_string(format);
}

// Rows of the first half of the steps, records of the second.
void write_sample(int format) {
  tests::RandomSteps steps(7, false);
  State state;
  MemoryStore store;
  RecordDraft draft;
  Position position;
  const auto seal = [&] {
    const Record record = draft.seal(position, Term{1, 0}, Instant{1'700'000'000'000});
    position = record.position;
    store.append({&record, 1});
  };
  for (int i = 1; i <= 400; ++i) {
    for (const Mutation& mutation : steps.next(state)) {
      draft.add(mutation);
      state.apply(mutation);
    }
    if (i % 20 == 0 && !draft.empty()) seal();
    if (i == 200) {
      store.write_tables(state.collect_changes(position));
      state.tables_written();
      store.trim(position.lsn + 1);
    }
  }
  std::ofstream file(sample_path(format));
  file << "digest " << state.digest() << "\n";
  for (std::size_t i = 0; i < kTableCount; ++i) {
    REQUIRE(store.read_table(static_cast<Table>(i), [&](ByteView key, ByteView value) {
      file << "row " << i << " " << encode_base64(key) << " " << encode_base64(value) << "\n";
      return true;
    }));
  }
  REQUIRE(store.read(store.first_lsn(), [&](Lsn, ByteView bytes) {
    file << "record " << encode_base64(bytes) << "\n";
    return true;
  }));
}

// A store with the content of the file; `digest` is what its State must have.
void read_sample(int format, MemoryStore& store, std::uint64_t& digest) {
  std::ifstream file(sample_path(format));
  REQUIRE(file.good());
  TableChanges changes;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string kind;
    std::string first;
    std::string second;
    words >> kind >> first;
    if (kind == "digest") {
      digest = std::stoull(first);
    } else if (kind == "row") {
      std::string value;
      words >> second >> value;
      const auto table = static_cast<Table>(std::stoi(first));
      changes.puts.push_back({table, *decode_base64(second), *decode_base64(value)});
    } else {
      Record record;
      record.bytes = *decode_base64(first);
      const auto opened = open_record(record.bytes);
      REQUIRE(opened.has_value());
      record.position = opened->position;
      store.append({&record, 1});
    }
  }
  store.write_tables(changes);
}

}  // namespace

TEST_CASE("what this version and every earlier one wrote can be recovered, to the last bit") {
  if (std::getenv("TANDEMQ_WRITE_SAMPLE") != nullptr) write_sample(kRecordFormat);
  static_assert(kRecordFormat == kTableFormat);
  for (int format = 1; format <= kRecordFormat; ++format) {
    INFO("format ", format);
    MemoryStore store;
    std::uint64_t digest = 0;
    read_sample(format, store, digest);
    State state;
    const Recovery recovery = recover(store, state, RecoverOptions{});
    INFO(report_of(recovery));
    CHECK(recovery.damage.empty());
    CHECK(recovery.broken.empty());
    CHECK(recovery.records > 5);
    CHECK(state.session_count() > 0);
    CHECK(state.digest() == digest);
  }
}

}  // namespace tandemq
