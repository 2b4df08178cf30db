#include "tests/core/replica.hpp"

namespace tandemq {

void Replica::take(const Record& record) {
  const auto opened = open_record(record.bytes, position_);
  if (!opened) {
    errors_.push_back(opened.error().text);
    return;
  }
  if (opened->position != record.position) errors_.push_back("a record stands elsewhere");
  for (const Mutation& mutation : opened->mutations) state_.apply(mutation);
  position_ = opened->position;
}

std::vector<std::string> Replica::differences(const State& other) const {
  std::vector<std::string> differences = errors_;
  for (const std::string& broken : state_.check()) differences.push_back("replica: " + broken);
  if (state_.digest() != other.digest()) differences.emplace_back("the digests differ");
  return differences;
}

}  // namespace tandemq
