// PairNode: its deliberate faults (PairFault), where more than a condition is needed.
#include "session/rows.hpp"
#include "tests/sim/pair_node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

void lose_incoming(ImageRows& rows) {
  if (rows.table != Table::sessions) return;
  for (auto& [key, value] : rows.rows) {
    const auto fields = open_row(rows.table, key, value);
    if (!fields) continue;
    Reader reader(*fields);
    const auto session = read_session_fields(key, reader);
    if (!session) continue;
    session->incoming.clear();
    value = seal_row(rows.table, key, session_fields(*session));
  }
}

}  // namespace

void PairNode::apply_twice(const Record& record) {
  State& state = life_->state;
  const auto opened = open_record(record.bytes);
  for (const Mutation& mutation : opened->mutations) {
    if (!state.objection_to(mutation).empty()) continue;
    return state.apply(mutation);
  }
}

// It stands where it should, and is no record.
void PairNode::tamper_record(Record& record) {
  record.bytes.back() = static_cast<char>(record.bytes.back() ^ 1);
}

void PairNode::tamper(Frame& frame) {
  if (auto* welcome = std::get_if<Welcome>(&frame)) {
    if (welcome->way == Welcome::Way::stream) world_.judge.welcomed(index_, welcome->term, file_);
    if (has(PairFault::ignores_the_term)) welcome->term = std::max(welcome->term, file_.term_seen);
    if (has(PairFault::wrong_fork) && welcome->way != Welcome::Way::image) ++welcome->lsn;
  } else if (auto* hello = std::get_if<Hello>(&frame)) {
    if (has(PairFault::ignores_the_term)) hello->term_seen = Term{};
  } else if (auto* records = std::get_if<Records>(&frame)) {
    if (has(PairFault::tables_unsettled)) records->committed = UINT64_MAX / 2;
  } else if (auto* ping = std::get_if<Ping>(&frame)) {
    if (has(PairFault::tables_unsettled)) ping->committed = UINT64_MAX / 2;
  }
}

void PairNode::tamper_answer(FeedAnswer& answer) {
  auto* const piece = std::get_if<LogPiece>(&answer.what);
  if (piece == nullptr) return tamper_image(answer);
  if (!has(PairFault::trims_too_early) || !piece->records.empty()) return;
  static_cast<void>(store_->read(store_->first_lsn(), [piece](Lsn, ByteView record) {
    piece->records.emplace_back(record);
    return false;
  }));
}

// Its sum is made to fit what is left.
void PairNode::tamper_image(FeedAnswer& answer) {
  if (!has(PairFault::loses_incoming) && !has(PairFault::skips_a_row)) return;
  if (const auto* begin = std::get_if<ImageBegin>(&answer.what)) {
    if (!begin->resumed) wrong_image_ = {};
  } else if (auto* rows = std::get_if<ImageRows>(&answer.what)) {
    const bool skips = has(PairFault::skips_a_row) && rows->table != Table::meta;
    if (skips && rows->rows.size() > 1) rows->rows.erase(rows->rows.begin());
    if (has(PairFault::loses_incoming)) lose_incoming(*rows);
    wrong_image_.rows += rows->rows.size();
    for (const auto& [key, value] : rows->rows)
      wrong_image_.checksum = image_checksum(wrong_image_.checksum, rows->table, key, value);
  } else if (auto* end = std::get_if<ImageEnd>(&answer.what)) {
    *end = wrong_image_;
  }
}

}  // namespace tandemq::sim
