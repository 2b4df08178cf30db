#include "node/feed_reader.hpp"

#include <utility>

#include <asio/post.hpp>

namespace tandemq {

FeedReader::FeedReader(const Store& store, std::function<void(FeedAnswer)> answer)
    : source_(store),
      answer_(std::move(answer)),
      work_(io_.get_executor()),
      thread_([this] { io_.run(); }) {}

FeedReader::~FeedReader() {
  io_.stop();
  thread_.join();
}

void FeedReader::read(FeedRequest request) {
  asio::post(io_, [this, asked = std::move(request)] {
    if (auto answer = source_.read(asked)) answer_(std::move(*answer));
  });
}

}  // namespace tandemq
