#include "replication/feed_source.hpp"

#include <utility>

namespace tandemq {

std::optional<FeedAnswer> FeedSource::read(const FeedRequest& request) {
  if (std::holds_alternative<DropImage>(request.what)) {
    image_.reset();
    return std::nullopt;
  }
  FeedAnswer answer{request.link, ReadFailed{}};
  if (const auto* log = std::get_if<ReadLog>(&request.what)) {
    answer.what = read(*log);
  } else if (const auto* open = std::get_if<OpenImage>(&request.what)) {
    answer.what = read(*open);
  } else {
    answer.what = read(std::get<ReadImage>(request.what));
  }
  return answer;
}

FeedAnswer::What FeedSource::read(const ReadLog& wanted) const {
  LogPiece piece{wanted.from, {}};
  if (wanted.from < store_.first_lsn()) return piece;
  std::uint64_t bytes = 0;
  bool gap = false;
  const auto read = store_.read(wanted.from, [&](Lsn lsn, ByteView record) {
    gap = lsn != wanted.from + piece.records.size();
    if (gap) return false;
    bytes += record.size();
    piece.records.emplace_back(record);
    return bytes < wanted.bytes_max;
  });
  if (!read) return ReadFailed{read.error().text};
  return piece;
}

FeedAnswer::What FeedSource::read(const OpenImage& wanted) {
  if (wanted.progress && image_ && image_->resume(*wanted.progress)) {
    ImageBegin begin = image_->begin();
    begin.resumed = true;
    return begin;
  }
  image_.reset();
  auto opened = ImageSource::open(wanted.image, store_.snapshot());
  if (!opened) return ReadFailed{opened.error().text};
  image_.emplace(std::move(*opened));
  return image_->begin();
}

FeedAnswer::What FeedSource::read(const ReadImage& wanted) {
  if (!image_) return ReadFailed{"the image is gone"};
  auto rows = image_->next(wanted.bytes_max);
  if (!rows) return ReadFailed{rows.error().text};
  if (*rows) return std::move(**rows);
  return image_->end();
}

}  // namespace tandemq
