// TlsStream: TLS between a socket and what is read from and sent to it. Its bytes go through two
// buffers that all streams of a hub share, so an idle one holds none; one read of the socket and
// one send a record of 16 KB are all it asks of the kernel. It decides nothing. Owned by a
// ClientSocket; its hub's thread.
#pragma once

#include "broker/event.hpp"
#include "net/client_socket.hpp"
#include "net/tls_context.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <openssl/types.h>

namespace tandemq {

class WebSocketOutput;

// Of a hub.
struct TlsBuffers {
  std::array<char, 32'768> input;   // From the socket, as it came.
  std::array<char, 16'384> output;  // Small packets that leave as one record.
};

class TlsStream {
 public:
  using TimePoint = ClientSocket::TimePoint;

  enum class Step : std::uint8_t { done, wants_input, wants_output, failed };

  TlsStream(std::shared_ptr<const TlsContext> context, TlsBuffers& buffers, int socket,
            std::unique_ptr<Origin> origin, TimePoint now);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Step handshake();
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::optional<std::string> certificate_user() const;  // After the handshake.
  void give_up();  // No word to the peer, either.

  // As those of ClientSocket. What comes after a failure is read and thrown away.
  ClientSocket::ReadResult read(std::span<char> buffer);
  // `frames` is null without WebSocket.
  ClientSocket::SendResult send(Outbox& outbox, WebSocketOutput* frames, PendingPool& pool,
                                std::uint64_t& bytes_sent);
  bool shut_output();  // Once is enough; says goodbye to the peer.
  // Has it read from the socket what it has not given away yet?
  [[nodiscard]] bool holds_input() const { return !held_.empty(); }

  const TimePoint accepted_at;
  TimePoint progress_at;           // Of the handshake.
  bool has_place = false;          // Among those whose handshake goes on,
  bool queued = false;             // or waits for one.
  std::unique_ptr<Origin> origin;  // Null once the broker has it.

 private:
  void begin();
  // False: nothing came; `result` says why.
  bool take_input(ClientSocket::ReadResult& result);
  void keep_rest();
  void fail(std::string why);
  struct Pipe;  // From which OpenSSL reads, and to which it writes.

  enum class Stage : std::uint8_t { shaking, open, failed };

  Stage stage_ = Stage::shaking;
  const std::shared_ptr<const TlsContext> context_;
  TlsBuffers& buffers_;
  const int socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;  // Null until something has come.
  std::string_view input_;                    // What OpenSSL may read; empty between the calls.
  std::string held_;                          // What it had no use for yet.
  std::string failure_;
};

}  // namespace tandemq
