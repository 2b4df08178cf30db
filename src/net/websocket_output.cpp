#include "net/websocket_output.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kBinary = 0x02;
constexpr std::uint8_t kClose = 0x08;
constexpr std::uint8_t kPong = 0x0A;
// A pong waits for no more than this.
constexpr std::size_t kFrameBytesMax = 1'048'576;

void add_header(std::string& to, std::uint8_t opcode, std::size_t size) {
  Writer writer(to);
  writer.u8(kFinal | opcode);
  if (size <= 125) {
    writer.u8(static_cast<std::uint8_t>(size));
  } else if (size <= 0xFFFF) {
    writer.u8(126);
    writer.u16(static_cast<std::uint16_t>(size));
  } else {
    writer.u8(127);
    writer.u64(size);
  }
}

}  // namespace

void WebSocketOutput::put(std::string bytes) {
  head_ = std::move(bytes);
}

void WebSocketOutput::pong(std::string body) {
  pong_ = std::move(body);
}

void WebSocketOutput::close(std::uint16_t code) {
  if (close_ == 0) close_ = code;
}

void WebSocketOutput::begin(const Outbox& outbox) {
  if (close_sent_) return;
  if (pong_) {
    add_header(head_, kPong, pong_->size());
    head_ += *pong_;
    pong_.reset();
  }
  frame_left_ = std::min(outbox.size(), kFrameBytesMax);
  if (frame_left_ > 0) return add_header(head_, kBinary, frame_left_);
  if (close_ == 0) return;
  add_header(head_, kClose, sizeof(close_));
  Writer(head_).u16(close_);
  close_sent_ = true;
}

std::size_t WebSocketOutput::gather(const Outbox& outbox, std::span<iovec> views) {
  if (head_.empty() && frame_left_ == 0) begin(outbox);
  std::size_t filled = 0;
  if (head_sent_ < head_.size())
    views[filled++] = {head_.data() + head_sent_, head_.size() - head_sent_};
  if (frame_left_ == 0) return filled;
  filled += outbox.gather(views.subspan(filled));
  std::size_t left = frame_left_;
  for (std::size_t i = head_.empty() ? 0 : 1; i < filled; ++i) {
    views[i].iov_len = std::min(views[i].iov_len, left);
    left -= views[i].iov_len;
    if (left == 0) return i + 1;
  }
  return filled;
}

void WebSocketOutput::sent(std::size_t size, Outbox& outbox, PendingPool& pool) {
  const std::size_t of_head = std::min(size, head_.size() - head_sent_);
  head_sent_ += of_head;
  if (head_sent_ == head_.size()) {
    std::string().swap(head_);  // Gives the memory of an answer back.
    head_sent_ = 0;
  }
  size -= of_head;
  if (size == 0) return;
  frame_left_ -= size;
  outbox.sent(size, pool);
}

void WebSocketOutput::clear() {
  std::string().swap(head_);
  head_sent_ = frame_left_ = 0;
  pong_.reset();
  close_sent_ = true;
}

bool WebSocketOutput::empty(const Outbox& outbox) const {
  return head_.empty() && (close_sent_ || (outbox.empty() && !pong_ && close_ == 0));
}

}  // namespace tandemq
