// Feed: the leadership moves to the standby by plan.
#include "base/ensure.hpp"
#include "replication/feed.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

Result<void> Feed::begin_move(Instant now) {
  if (moves()) return failure("It is on its way already.");
  if (phase_ == Phase::absent || phase_ == Phase::probing)
    return failure("No standby is connected.");
  if (commit_.phase() != CommitPoint::Phase::paired || wish_ != Wish::none ||
      phase_ != Phase::streaming)
    return failure("The standby is not in sync: it is " +
                   std::to_string(end_.lsn - std::min(end_.lsn, acknowledged_.received)) +
                   " records behind.");
  move_ = Move::draining;
  move_at_ = now;
  move_failure_.reset();
  return {};
}

Feed::Move Feed::move() const {
  if (move_ != Move::draining) return move_;
  const bool awaited = std::min({awaited_.local, awaited_.written, awaited_.flushed}) != UINT64_MAX;
  const bool has_all = phase_ == Phase::streaming && wish_ == Wish::none &&
                       acknowledged_.received == end_.lsn && commit_.committed() == end_.lsn;
  return has_all && !awaited ? Move::drained : Move::draining;
}

void Feed::offer() {
  ENSURE(move() == Move::drained, "who is asked to lead has all that was sealed");
  move_ = Move::offered;
  frames_.emplace_back(HandOver{HandOver::Say::offered, end_, {}});
}

void Feed::refuse_move(const std::string& why) {
  if (phase_ != Phase::absent) frames_.emplace_back(HandOver{HandOver::Say::refused, end_, why});
}

void Feed::on(const HandOver& said, Instant now) {
  if (said.say == HandOver::Say::asked) {
    move_wish_ = true;
  } else if (said.say == HandOver::Say::taken && move_ == Move::offered) {
    move_ = Move::taken;
    heir_ = said.end;
  } else if (said.say == HandOver::Say::declined && move_ == Move::offered) {
    move_ = Move::none;
    move_failure_ = "The standby does not lead: " + said.text;
  } else {
    hang_up_ = "the standby answers what it was not asked";
    lose(*hang_up_, now);
  }
}

// What was offered stays so: the standby may have taken it.
void Feed::fail_move(const std::string& why) {
  if (move_ == Move::draining) {
    move_ = Move::none;
    move_failure_ = "This node leads as before: " + why + ".";
  } else if (move_ == Move::offered) {
    move_failure_ = "Whether the standby leads now is not known, so it is asked: " + why + ".";
  }
}

bool Feed::take_move_wish() {
  return std::exchange(move_wish_, false);
}

std::optional<std::string> Feed::take_move_failure() {
  return std::exchange(move_failure_, std::nullopt);
}

}  // namespace tandemq
