#include "journal/record.hpp"

#include "base/checksum.hpp"

#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kChecksumSize = 8;

std::string at(Lsn lsn) {
  return "record " + std::to_string(lsn) + ": ";
}

}  // namespace

void RecordDraft::add(const Mutation& mutation) {
  Writer writer(mutations_);
  write_mutation(writer, mutation);
  ++count_;
}

Record RecordDraft::seal(const Position& previous, Term term, Instant at) {
  Record record;
  record.position = {term, previous.lsn + 1, 0};
  record.bytes.reserve(mutations_.size() + 64);
  Writer writer(record.bytes);
  writer.u8(kRecordFormat);
  writer.u64(term.counter);
  writer.u64(term.node);
  writer.u64(record.position.lsn);
  writer.u64(previous.chain);
  writer.u64(static_cast<std::uint64_t>(at.ms));
  writer.varint(count_);
  writer.bytes(mutations_);
  record.position.chain = checksum(record.bytes, previous.chain);
  writer.u64(record.position.chain);
  mutations_.clear();
  count_ = 0;
  return record;
}

Result<OpenedRecord> open_record(ByteView bytes, const Position& previous) {
  const Lsn expected = previous.lsn + 1;
  auto record = open_record(bytes);
  if (!record) return failure(at(expected) + record.error().text);
  if (record->position.lsn != expected)
    return failure(at(expected) + "found " + std::to_string(record->position.lsn) + " instead");
  if (record->previous_chain != previous.chain)
    return failure(at(expected) + "does not follow the one before it");
  return record;
}

Result<OpenedRecord> open_record(ByteView bytes) {
  Reader reader(bytes);
  const std::uint8_t format = reader.u8();
  OpenedRecord record;
  record.position.term = {reader.u64(), reader.u64()};
  record.position.lsn = reader.u64();
  record.previous_chain = reader.u64();
  record.at.ms = static_cast<std::int64_t>(reader.u64());
  if (!reader.ok()) return failure("shorter than its header");
  if (format != kRecordFormat)
    return failure("format " + std::to_string(format) + " is not known; " +
                   std::to_string(kRecordFormat) + " is");
  if (reader.size() < kChecksumSize) return failure("cut short");
  const std::size_t body_size = bytes.size() - kChecksumSize;
  record.position.chain = checksum(bytes.substr(0, body_size), record.previous_chain);
  Reader tail(bytes.substr(body_size));
  if (tail.u64() != record.position.chain) return failure("checksum does not match");

  Reader body(reader.bytes(reader.size() - kChecksumSize));
  const std::uint64_t count = body.varint();
  if (count > body.size()) body.fail();
  for (std::uint64_t i = 0; body.ok() && i < count; ++i)
    record.mutations.push_back(read_mutation(body));
  if (!body.done()) return failure("mutations do not fit their frame");
  return record;
}

}  // namespace tandemq
