// FeedReader: the thread of a FeedSource, so that the core never waits for the disk.
// Owned by node; read() is for the core thread, `answer` is called by the reader's.
#pragma once

#include "replication/feed_source.hpp"

#include <functional>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

class FeedReader {
 public:
  FeedReader(const Store& store, std::function<void(FeedAnswer)> answer);
  ~FeedReader();
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;

  void read(FeedRequest request);

 private:
  FeedSource source_;
  std::function<void(FeedAnswer)> answer_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace tandemq
