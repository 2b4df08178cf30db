#include "net/tls_stream.hpp"

#include "base/ensure.hpp"
#include "net/websocket_output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

constexpr std::size_t kRecordBytes = 16'384;  // The largest payload of a record.

bool is_later(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

// At least as much as the last time, if that was not taken whole: OpenSSL has made a record of it.
std::span<const char> next_payload(const Outbox& outbox, WebSocketOutput* frames,
                                   std::span<char> buffer) {
  std::array<iovec, 64> views;
  const std::size_t count =
      frames == nullptr ? outbox.gather(views) : frames->gather(outbox, views);
  const auto* const first = static_cast<const char*>(views[0].iov_base);
  if (views[0].iov_len >= buffer.size()) return {first, buffer.size()};
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < buffer.size(); ++i) {
    const std::size_t part = std::min(views[i].iov_len, buffer.size() - size);
    std::memcpy(buffer.data() + size, views[i].iov_base, part);
    size += part;
  }
  return {buffer.data(), size};
}

std::string text_of_error(const SSL* connection) {
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_reason_error_string(error);
  std::string text = reason == nullptr ? "the connection broke" : reason;
  const long verified = SSL_get_verify_result(connection);
  if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK)
    text = std::string("the client's certificate: ") + X509_verify_cert_error_string(verified);
  const int reason_code = ERR_GET_REASON(error);
  if (SSL_get_certificate(connection) == nullptr &&
      (reason_code == SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM ||
       reason_code == SSL_R_NO_SHARED_CIPHER))
    text += "; the client has shown no identity of the listener's psk file";
  return text;
}

}  // namespace

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, TlsBuffers& buffers, int socket,
                     std::unique_ptr<Origin> from, TimePoint now)
    : accepted_at(now),
      progress_at(now),
      origin(std::move(from)),
      context_(std::move(context)),
      buffers_(buffers),
      socket_(socket),
      ssl_(nullptr, SSL_free) {}

TlsStream::~TlsStream() = default;

// ---------------------------------------------------------------- what OpenSSL reads and writes

struct TlsStream::Pipe {
  static int read(BIO* bio, char* to, int size) {
    std::string_view& input = static_cast<TlsStream*>(BIO_get_data(bio))->input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = input.copy(to, static_cast<std::size_t>(size));
    input.remove_prefix(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    const int socket = static_cast<TlsStream*>(BIO_get_data(bio))->socket_;
    const ssize_t sent = ::send(socket, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && is_later(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> made(
        [] {
          BIO_METHOD* one = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "client socket");
          BIO_meth_set_read(one, read);
          BIO_meth_set_write(one, write);
          BIO_meth_set_ctrl(one, control);
          return one;
        }(),
        BIO_meth_free);
    return made.get();
  }
};

void TlsStream::begin() {
  ssl_.reset(SSL_new(context_->native()));
  BIO* const bio = BIO_new(Pipe::method());
  ENSURE(ssl_ && bio != nullptr, "there is memory for a connection");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

bool TlsStream::take_input(ClientSocket::ReadResult& result) {
  if (!held_.empty()) {
    // The buffer is at least as large: that is where they came from.
    input_ = {buffers_.input.data(), held_.copy(buffers_.input.data(), buffers_.input.size())};
    std::string().swap(held_);  // Gives the memory back.
    return true;
  }
  const ssize_t size = ::recv(socket_, buffers_.input.data(), buffers_.input.size(), 0);
  const int error = size < 0 ? errno : 0;
  if (size > 0) input_ = {buffers_.input.data(), static_cast<std::size_t>(size)};
  if (size == 0) result = {0, true, 0};
  if (size < 0 && !is_later(error)) result = {0, true, error};
  return size > 0;
}

void TlsStream::keep_rest() {
  held_ = input_;
  input_ = {};
}

void TlsStream::fail(std::string why) {
  stage_ = Stage::failed;
  failure_ = std::move(why);
  ERR_clear_error();
}

// ---------------------------------------------------------------- handshake

TlsStream::Step TlsStream::handshake() {
  if (!ssl_) begin();
  ClientSocket::ReadResult result;
  take_input(result);  // With none it may be room for output that it waits for.
  if (result.ended) {
    fail(result.error == 0 ? "the client closed the connection" : std::strerror(result.error));
    return Step::failed;
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_.get());
  keep_rest();
  if (done == 1) {
    stage_ = Stage::open;
    return Step::done;
  }
  switch (SSL_get_error(ssl_.get(), done)) {
    case SSL_ERROR_WANT_READ:
      return Step::wants_input;
    case SSL_ERROR_WANT_WRITE:
      return Step::wants_output;
    default:
      fail(text_of_error(ssl_.get()));
      return Step::failed;
  }
}

std::optional<std::string> TlsStream::certificate_user() const {
  return context_->user_of(ssl_.get());
}

void TlsStream::give_up() {
  stage_ = Stage::failed;
}

bool TlsStream::resumed() const {
  // A shared key of TLS 1.3 looks like a session to OpenSSL.
  return SSL_session_reused(ssl_.get()) == 1 && !TlsContext::identity_of(ssl_.get());
}

// ---------------------------------------------------------------- data

ClientSocket::ReadResult TlsStream::read(std::span<char> buffer) {
  ClientSocket::ReadResult result;
  // What is read at once, and what of a record OpenSSL has kept, fits in: nothing stays behind.
  ENSURE(buffer.size() >= buffers_.input.size() + 2 * kRecordBytes, "a read has room");
  if (!take_input(result)) return result;
  if (stage_ != Stage::open) {
    input_ = {};
    return result;
  }
  for (;;) {
    ERR_clear_error();
    const std::span<char> room = buffer.subspan(result.size);
    const int size = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
    if (size > 0) {
      result.size += static_cast<std::size_t>(size);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), size);
    keep_rest();
    if (error == SSL_ERROR_WANT_READ) return result;
    result.wants_output = error == SSL_ERROR_WANT_WRITE;  // An answer to a KeyUpdate.
    if (result.wants_output) return result;
    // What came before still counts; the hub hears of the end with it.
    result.ended = true;
    if (error != SSL_ERROR_ZERO_RETURN) {
      result.error = EPROTO;
      fail(text_of_error(ssl_.get()));
    }
    return result;
  }
}

ClientSocket::SendResult TlsStream::send(Outbox& outbox, WebSocketOutput* frames, PendingPool& pool,
                                         std::uint64_t& bytes_sent) {
  if (stage_ != Stage::open) return ClientSocket::SendResult::failed;
  while (!(frames == nullptr ? outbox.empty() : frames->empty(outbox))) {
    const std::span<const char> payload = next_payload(outbox, frames, buffers_.output);
    ERR_clear_error();
    const int size = SSL_write(ssl_.get(), payload.data(), static_cast<int>(payload.size()));
    if (size <= 0) {
      if (SSL_get_error(ssl_.get(), size) == SSL_ERROR_WANT_WRITE)
        return ClientSocket::SendResult::blocked;
      fail(text_of_error(ssl_.get()));
      return ClientSocket::SendResult::failed;
    }
    if (frames == nullptr) {
      outbox.sent(static_cast<std::size_t>(size), pool);
    } else {
      frames->sent(static_cast<std::size_t>(size), outbox, pool);
    }
    bytes_sent += static_cast<std::uint64_t>(size);
  }
  return ClientSocket::SendResult::all_sent;
}

bool TlsStream::shut_output() {
  if (stage_ != Stage::open || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return true;
  ERR_clear_error();
  const int done = SSL_shutdown(ssl_.get());
  return done >= 0 || SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_WRITE;
}

}  // namespace tandemq
