// FeedLab: a Feed with its log, and a standby that the test moves by hand. The log holds the term
// {1, 1} up to `before`, then the Feed's own term {2, 1} begins.
#pragma once

#include "replication/feed.hpp"
#include "tests/replication/sample_log.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tandemq::tests {

ReplicationConfig feed_config(ReplicationMode mode = ReplicationMode::written);

class FeedLab {
 public:
  explicit FeedLab(const ReplicationConfig& config = feed_config(), Lsn before = 3);

  // Seals, and flushes here.
  void append(std::size_t size = 10);
  void append(const Record& record);
  // Lets time pass, with each tick that is due on the way.
  void pass(std::int64_t ms);

  // Of a standby that has our log up to `lsn`, and its tables there.
  [[nodiscard]] Hello hello(Lsn lsn) const;
  void connect(const Hello& hello, Lsn first_lsn = 1) { feed.connected(hello, first_lsn, now); }
  // Connects where our log ends.
  void connect() { connect(hello(log.end().lsn)); }
  void acknowledge(Lsn received, Lsn written, Lsn flushed);
  void acknowledge(Lsn lsn) { acknowledge(lsn, lsn, lsn); }
  void acknowledge() { acknowledge(log.end().lsn); }
  // Connects, is admitted and called in sync.
  void pair();
  // The answer to the request that is under way.
  void answer(FeedAnswer::What what);
  void answer_log(Lsn from, Lsn last);

  std::vector<Frame> frames() { return feed.take_frames(); }
  template <class Kind>
  std::vector<Kind> frames() {
    return frames_of<Kind>(feed.take_frames());
  }
  // The only frame that is a Welcome.
  Welcome welcome();
  // The only request.
  FeedRequest request();

  SampleLog log;
  Instant now{1'000'000};
  Feed feed;
  std::uint64_t link = 0;  // Of the last request.

 private:
  static SampleLog log_of(Lsn before);
};

}  // namespace tandemq::tests
