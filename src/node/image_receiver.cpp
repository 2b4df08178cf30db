#include "node/image_receiver.hpp"

#include "recovery/recover.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {

ImageReceiver::ImageReceiver(std::string folder, Ports ports)
    : folder_(std::move(folder)),
      ports_(std::move(ports)),
      work_(io_.get_executor()),
      thread_([this] { io_.run(); }) {}

ImageReceiver::~ImageReceiver() {
  io_.stop();
  thread_.join();
}

void ImageReceiver::begin(const ImageBegin& begin) {
  asio::post(io_, [this, begin] { open(begin); });
}

void ImageReceiver::open(const ImageBegin& begin) {
  if (begin.resumed && target_ && target_->progress().image == begin.image) return;
  target_.reset();
  store_.reset();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error) return fail(folder_ + " cannot be removed: " + error.message());
  RocksOptions options;
  options.folder = folder_;
  auto opened = RocksStore::open(std::move(options));
  if (!opened) return fail(opened.error().text);
  store_ = std::move(*opened);
  target_.emplace(*store_, begin);
  at_ = begin.at;
}

void ImageReceiver::take(ImageRows rows) {
  asio::post(io_, [this, piece = std::move(rows)] {
    if (!target_) return;
    if (const auto taken = target_->take(piece); !taken) return fail(taken.error().text);
    ports_.taken(target_->progress());
  });
}

void ImageReceiver::finish(const ImageEnd& end) {
  asio::post(io_, [this, end] {
    if (!target_) return;
    if (const auto whole = target_->finish(end); !whole) return fail(whole.error().text);
    store_->sync();
    if (const auto sound = verify(at_); !sound) return fail(sound.error().text);
    target_.reset();
    store_.reset();
    ports_.installed(at_);
  });
}

Result<void> ImageReceiver::verify(const Position& at) {
  State state;
  RecoverOptions options;
  options.bodies_max_bytes = 0;
  const Recovery recovery = recover(*store_, state, options);
  if (!recovery.damage.empty() || !recovery.broken.empty()) return failure(report_of(recovery));
  if (recovery.position == at) return {};
  return failure("it stands at another position than it says");
}

void ImageReceiver::fail(const std::string& why) {
  target_.reset();
  store_.reset();
  ports_.failed(why);
}

}  // namespace tandemq
