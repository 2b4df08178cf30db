// BodyReader: a thread that reads messages back from the store, so that the core never waits for
// the disk.
// Owned by node; read() may be called by any thread, `answer` is called by the reader's.
#pragma once

#include "core/primary.hpp"
#include "store/store.hpp"

#include <functional>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

struct BodiesRead {
  std::uint64_t request = 0;
  std::vector<MessageRef> bodies;
  std::vector<MessageId> lost;  // Not there, or damaged.
};

// Reads them here and now.
BodiesRead read_bodies(const Store& store, const std::vector<MessageId>& ids);

class BodyReader {
 public:
  BodyReader(const Store& store, std::function<void(BodiesRead)> answer);
  ~BodyReader();
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  void read(BodyRequest request);

 private:
  const Store& store_;
  std::function<void(BodiesRead)> answer_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace tandemq
