// Any bytes into open_record(): a bad one is a sentence. With the checksum put right, so that the
// mutations are reached, what opens must be sealed to the same bytes again.
#include "base/checksum.hpp"
#include "base/ensure.hpp"
#include "journal/record.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace tandemq;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const auto opened = open_record(input, {}); !opened)
    ENSURE(!opened.error().text.empty(), "a refusal says why");

  const Position previous{{1, 2}, 6, 99};
  std::string bytes;
  Writer writer(bytes);
  writer.u8(kRecordFormat);
  writer.u64(1);
  writer.u64(2);
  writer.u64(previous.lsn + 1);
  writer.u64(previous.chain);
  writer.u64(3);
  writer.bytes(input);
  writer.u64(checksum(bytes, previous.chain));
  const auto opened = open_record(bytes, previous);
  if (!opened) return 0;
  RecordDraft draft;
  for (const Mutation& mutation : opened->mutations) draft.add(mutation);
  const Record again = draft.seal(previous, {1, 2}, Instant{3});
  const auto reopened = open_record(again.bytes, previous);
  ENSURE(reopened && reopened->mutations.size() == opened->mutations.size(),
         "what was read can be written and read again");
  return 0;
}
