// FeedSource: reads for a Feed what it asks for: older records of the log, and images, whose
// snapshot it holds from one piece to the next. Pure over the Store; one thread, which need not be
// the one that writes.
#pragma once

#include "replication/feed.hpp"
#include "replication/image.hpp"
#include "store/store.hpp"

#include <optional>

namespace tandemq {

class FeedSource {
 public:
  explicit FeedSource(const Store& store) : store_(store) {}
  // Nothing: there is no answer to this.
  std::optional<FeedAnswer> read(const FeedRequest& request);

 private:
  FeedAnswer::What read(const ReadLog& wanted) const;
  FeedAnswer::What read(const OpenImage& wanted);
  FeedAnswer::What read(const ReadImage& wanted);

  const Store& store_;
  std::optional<ImageSource> image_;
};

}  // namespace tandemq
