// ImageReceiver: a thread that puts the image of a full sync into a new store beside the old one,
// data.dir/store.image, and proves that a State comes out of it. It touches nothing else: putting
// it in the place of the old one is for the next start (node/data). Owned by node/following; the
// methods are for the core thread, the ports are called by its thread.
#pragma once

#include "replication/image.hpp"
#include "store/rocks_store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

class ImageReceiver {
 public:
  struct Ports {
    std::function<void(const ImageProgress&)> taken;
    std::function<void(const Position&)> installed;  // It is whole, verified and on the disk.
    std::function<void(const std::string& why)> failed;
  };

  ImageReceiver(std::string folder, Ports ports);
  ~ImageReceiver();
  ImageReceiver(const ImageReceiver&) = delete;
  ImageReceiver& operator=(const ImageReceiver&) = delete;

  // One that goes on with what is there says so; any other begins with an empty folder.
  void begin(const ImageBegin& begin);
  void take(ImageRows rows);
  void finish(const ImageEnd& end);

 private:
  void open(const ImageBegin& begin);
  Result<void> verify(const Position& at);
  void fail(const std::string& why);

  const std::string folder_;
  Ports ports_;

  // The thread's.
  std::unique_ptr<RocksStore> store_;
  std::optional<ImageTarget> target_;
  Position at_;

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace tandemq
