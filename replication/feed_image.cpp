// The image of a Feed: what of it has been sent, and when the next piece may be.
#include "replication/feed.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kImagePieceBytes = 256U << 10U;
constexpr std::size_t kImageWindow = 16;  // Pieces that were sent and are not taken.

std::int64_t milliseconds_for(std::uint64_t bytes, std::uint64_t bytes_per_s) {
  return bytes_per_s == 0 ? 0 : static_cast<std::int64_t>(bytes * 1'000 / bytes_per_s);
}

}  // namespace

void Feed::begin_image(Lsn fork) {
  phase_ = Phase::image;
  pieces_.clear();
  image_sent_ = false;
  image_rows_ = image_bytes_ = 0;
  image_began_ = image_next_at_ = heard_at_;
  welcome(Welcome::Way::image, fork);
  const bool resumes = hello_.image && image_open_ && hello_.image->image == image_.image;
  if (!resumes) {
    image_ = {};
    image_.image = next_image_++;
    log_allowance_ = UINT64_MAX;  // Until it says what it weighs.
  }
  image_open_ = true;
  ask(OpenImage{image_.image, resumes ? hello_.image : std::optional<ImageProgress>()});
}

void Feed::drop_image() {
  if (std::exchange(image_open_, false)) ask(DropImage{});
}

void Feed::pump_image(Instant now) {
  if (phase_ != Phase::image || asked_ || image_sent_ || pieces_.size() >= kImageWindow) return;
  if (now < image_next_at_) return;
  ask(ReadImage{kImagePieceBytes});
}

void Feed::take_rows(ImageRows&& rows, Instant now) {
  std::uint64_t bytes = 0;
  for (const auto& row : rows.rows) bytes += row.first.size() + row.second.size();
  image_rows_ += rows.rows.size();
  image_bytes_ += bytes;
  image_next_at_ =
      std::max(image_next_at_, now).plus_ms(milliseconds_for(bytes, config_.image_bytes_per_s));
  pieces_.push_back(image_rows_);
  frames_.emplace_back(std::move(rows));
}

}  // namespace tandemq
