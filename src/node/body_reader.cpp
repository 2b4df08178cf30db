#include "node/body_reader.hpp"

#include <utility>

#include <asio/post.hpp>

namespace tandemq {

BodiesRead read_bodies(const Store& store, const std::vector<MessageId>& ids) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const MessageId id : ids) keys.push_back(message_key(id));
  const std::vector<std::string> values = store.get(Table::messages, keys);
  BodiesRead read;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (auto message = read_message_row(keys[i], values[i])) {
      read.bodies.push_back(std::move(*message));
    } else {
      read.lost.push_back(ids[i]);
    }
  }
  return read;
}

BodyReader::BodyReader(const Store& store, std::function<void(BodiesRead)> answer)
    : store_(store),
      answer_(std::move(answer)),
      work_(io_.get_executor()),
      thread_([this] { io_.run(); }) {}

BodyReader::~BodyReader() {
  io_.stop();
  thread_.join();
}

void BodyReader::read(BodyRequest request) {
  asio::post(io_, [this, asked = std::move(request)] {
    BodiesRead read = read_bodies(store_, asked.ids);
    read.request = asked.number;
    answer_(std::move(read));
  });
}

}  // namespace tandemq
