#include "replication/peer_link.hpp"

#include "access/lines.hpp"
#include "base/ensure.hpp"
#include "replication/peer_address.hpp"
#include "replication/peer_link_tls.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/ssl/error.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 65'536;
constexpr std::chrono::seconds kLastWords{1};  // For what was sent before the end.
// A peer that writes an image may not read for a while, and whether that is too long is not decided
// here: this only ends connections to a machine that is gone.
constexpr std::uint64_t kUserTimeoutFactor = 10;

// Asio says a thing of its own for each way in which a peer may hang up.
bool is_hang_up(const asio::error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated ||
         error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

void set_options(tcp::socket& socket, std::uint32_t timeout_ms) {
  // A socket that is dead already takes none; reading tells.
  asio::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const int user_timeout_ms = static_cast<int>(
      std::min<std::uint64_t>(timeout_ms * kUserTimeoutFactor, std::numeric_limits<int>::max()));
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms,
               sizeof(user_timeout_ms));
}

std::string address_of(const tcp::socket& socket) {
  asio::error_code error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  return error ? "a peer that is gone" : text_of(endpoint);
}

}  // namespace

struct PeerLink::Wire : std::enable_shared_from_this<Wire> {
  enum class Phase : std::uint8_t {
    created,    // start() has not been called.
    securing,   // The handshake of TLS is under way.
    speaking,   // The bytes of the channel go both ways.
    flushing,   // What was sent still leaves; what comes is thrown away.
    lingering,  // Our side is shut; what comes is thrown away until the peer closes too, so that it
                // reads our last bytes and not a reset.
    ended,
  };

  Wire(tcp::socket connected, std::shared_ptr<asio::ssl::context> context, Channel::Side our_side,
       Channel::Identity us, std::uint32_t timeout);

  void start(Handlers to);
  void close();
  void send(const Frame& frame);

  void secure();
  void speak();
  void wait(std::chrono::milliseconds time, void (Wire::*then)());
  void time_out();

  void read();
  void on_read(const asio::error_code& error, std::size_t size);
  void take(ByteView bytes);
  void report_open();

  void flush_later();
  void flush();
  void on_written(const asio::error_code& error, std::size_t size);

  [[nodiscard]] std::string the_peer() const;
  [[nodiscard]] std::string what_happened(const asio::error_code& error);
  void end(const std::string& why, Phase next);
  void flush_and_end();
  void linger();
  void finish();

  tcp::socket socket;
  std::shared_ptr<asio::ssl::context> tls_context;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  const Channel::Side side;
  Channel channel;
  const std::uint32_t timeout_ms;
  const std::string address;
  asio::steady_timer timer;  // Of the handshake, then of the end.
  Phase phase = Phase::created;
  bool opened = false;
  bool writing = false;
  bool flush_posted = false;
  std::string write_error;             // Reading goes on: the peer may have said why.
  std::shared_ptr<Handlers> handlers;  // Null: nobody listens any more.
  std::string outgoing;                // On its way to the kernel; more gathers in the channel.
  std::size_t written = 0;             // Of it.
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::array<char, kReadBytes> incoming;
};

PeerLink::Wire::Wire(tcp::socket connected, std::shared_ptr<asio::ssl::context> context,
                     Channel::Side our_side, Channel::Identity us, std::uint32_t timeout)
    : socket(std::move(connected)),
      tls_context(std::move(context)),
      side(our_side),
      channel(our_side, std::move(us)),
      timeout_ms(timeout),
      address(address_of(socket)),
      timer(socket.get_executor()) {
  set_options(socket, timeout_ms);
  if (tls_context != nullptr) tls.emplace(socket, *tls_context);
}

void PeerLink::Wire::start(Handlers to) {
  ENSURE(phase == Phase::created, "a link is started once");
  handlers = std::make_shared<Handlers>(std::move(to));
  wait(std::chrono::milliseconds(timeout_ms), &Wire::time_out);
  if (tls) return secure();
  speak();
}

void PeerLink::Wire::close() {
  // They may own the link, and go when all is done.
  const auto last = std::exchange(handlers, nullptr);
  switch (phase) {
    case Phase::created:
    case Phase::securing:
      return finish();
    case Phase::speaking:
      return flush_and_end();
    case Phase::flushing:
    case Phase::lingering:
    case Phase::ended:
      return;
  }
}

void PeerLink::Wire::send(const Frame& frame) {
  channel.send(frame);
  flush_later();
}

// ---------------------------------------------------------------- beginning

void PeerLink::Wire::secure() {
  phase = Phase::securing;
  const auto type = side == Channel::Side::dialler ? asio::ssl::stream_base::client
                                                   : asio::ssl::stream_base::server;
  tls->async_handshake(type, [self = shared_from_this()](const asio::error_code& error) {
    if (self->phase != Phase::securing) return;
    if (!error) return self->speak();
    // What is left of TLS is of no use, but an alert for the peer may be on its way.
    self->end(self->what_happened(error), Phase::lingering);
    if (self->phase == Phase::lingering) self->read();
  });
}

void PeerLink::Wire::speak() {
  phase = Phase::speaking;
  flush();
  read();
}

// `then` is called unless the timer is set anew.
void PeerLink::Wire::wait(std::chrono::milliseconds time, void (Wire::*then)()) {
  timer.expires_after(time);
  timer.async_wait([self = shared_from_this(), then](const asio::error_code& error) {
    // The timer may have been set anew when this was already on its way.
    if (!error && self->timer.expiry() <= Clock::now()) (self.get()->*then)();
  });
}

void PeerLink::Wire::time_out() {
  const std::string time = " within " + std::to_string(timeout_ms) + " ms";
  if (phase == Phase::securing) {
    end("the peer did not finish the handshake of TLS" + time, Phase::ended);
  } else if (phase == Phase::speaking && !opened) {
    const std::string what = received_bytes == 0 ? "said nothing" : "did not prove itself";
    end("the peer " + what + time, Phase::flushing);
  }
}

// ---------------------------------------------------------------- input

void PeerLink::Wire::read() {
  const auto done = [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
    self->on_read(error, size);
  };
  // What is thrown away need not be decrypted.
  if (tls && phase != Phase::lingering) {
    tls->async_read_some(asio::buffer(incoming), done);
  } else {
    socket.async_read_some(asio::buffer(incoming), done);
  }
}

void PeerLink::Wire::on_read(const asio::error_code& error, std::size_t size) {
  if (phase == Phase::ended) return;
  if (phase == Phase::speaking && !error) {
    received_bytes += size;
    take({incoming.data(), size});
  } else if (phase == Phase::speaking) {
    end(what_happened(error), is_tls_error(error) ? Phase::lingering : Phase::ended);
  } else if (error) {
    finish();
  }
  if (phase != Phase::ended) read();
}

void PeerLink::Wire::take(ByteView bytes) {
  const Result<void> taken = channel.receive(bytes, [this](Frame&& frame) {
    report_open();
    // They may close the link, drop it, or give it other ones.
    if (const auto to = handlers) to->frame(std::move(frame));
  });
  if (channel.is_open()) report_open();
  if (handlers == nullptr) return;
  if (!taken) return end(taken.error().text, Phase::flushing);
  flush_later();
}

void PeerLink::Wire::report_open() {
  const auto to = handlers;
  if (opened || to == nullptr) return;
  opened = true;
  timer.cancel();
  to->opened();
}

// ---------------------------------------------------------------- output

// Runs behind everything that the loop has found ready, so that it gathers a whole turn.
void PeerLink::Wire::flush_later() {
  if (flush_posted || writing || channel.output_size() == 0) return;
  flush_posted = true;
  asio::post(socket.get_executor(), [self = shared_from_this()] {
    self->flush_posted = false;
    self->flush();
  });
}

void PeerLink::Wire::flush() {
  if (writing || (phase != Phase::speaking && phase != Phase::flushing)) return;
  if (!write_error.empty()) return;
  if (written == outgoing.size()) {
    outgoing.clear();
    written = 0;
    channel.take_output(outgoing);
  }
  if (outgoing.empty()) {
    if (phase == Phase::flushing) linger();
    return;
  }
  writing = true;
  const auto rest = asio::buffer(outgoing) + written;
  const auto done = [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
    self->on_written(error, size);
  };
  if (tls) {
    tls->async_write_some(rest, done);
  } else {
    socket.async_write_some(rest, done);
  }
}

void PeerLink::Wire::on_written(const asio::error_code& error, std::size_t size) {
  writing = false;
  if (phase == Phase::ended) return;
  if (error) {
    write_error = what_happened(error);
    asio::error_code ignored;  // Reading comes to its end in any case.
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    return;
  }
  written += size;
  sent_bytes += size;
  flush();
}

// ---------------------------------------------------------------- end

// As Channel begins its errors.
std::string PeerLink::Wire::the_peer() const {
  return opened ? "the peer " + tandemq::quoted(channel.peer()) : "the peer";
}

std::string PeerLink::Wire::what_happened(const asio::error_code& error) {
  if (is_tls_error(error)) return the_peer() + " " + tls_failure(tls->native_handle(), error);
  if (is_hang_up(error) && !write_error.empty()) return write_error;
  if (!is_hang_up(error)) return the_peer() + " is lost: " + error.message();
  if (opened) return the_peer() + " closed the connection";
  if (phase == Phase::securing)
    return "the peer closed the connection during the handshake of TLS: has it replication.tls.* "
           "too?";
  return "the peer closed the connection before it had proved itself; its log may say why";
}

// `next` is how much is still done for what was sent.
void PeerLink::Wire::end(const std::string& why, Phase next) {
  const auto to = std::exchange(handlers, nullptr);
  switch (next) {
    case Phase::flushing:
      flush_and_end();
      break;
    case Phase::lingering:
      linger();
      break;
    default:
      finish();
  }
  if (to != nullptr) to->closed(address + ": " + why, !opened);
}

void PeerLink::Wire::flush_and_end() {
  phase = Phase::flushing;
  wait(kLastWords, &Wire::finish);
  flush();
}

void PeerLink::Wire::linger() {
  if (phase != Phase::flushing) wait(kLastWords, &Wire::finish);
  phase = Phase::lingering;
  asio::error_code ignored;  // A peer that is gone is found by reading.
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void PeerLink::Wire::finish() {
  phase = Phase::ended;
  timer.cancel();
  asio::error_code ignored;  // Closing is all that can be done.
  socket.close(ignored);
}

// ---------------------------------------------------------------- the link

PeerLink::PeerLink(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls, Channel::Side side,
                   Channel::Identity us, std::uint32_t timeout_ms) {
  ENSURE(tls != nullptr || !us.secret.empty(), "a peer proves itself by a secret or by TLS");
  wire_ =
      std::make_shared<Wire>(std::move(socket), std::move(tls), side, std::move(us), timeout_ms);
}

PeerLink::~PeerLink() {
  wire_->close();
}

void PeerLink::start(Handlers handlers) {
  wire_->start(std::move(handlers));
}

void PeerLink::set_handlers(Handlers handlers) {
  if (wire_->handlers) wire_->handlers = std::make_shared<Handlers>(std::move(handlers));
}

void PeerLink::send(const Frame& frame) {
  ENSURE(is_open(), "frames go to a peer that has proved itself");
  wire_->send(frame);
}

void PeerLink::close() {
  const auto wire = wire_;  // The handlers may own this link, and go.
  wire->close();
}

bool PeerLink::is_open() const {
  return wire_->opened && wire_->handlers != nullptr;
}

std::size_t PeerLink::unsent_bytes() const {
  return wire_->channel.output_size() + wire_->outgoing.size() - wire_->written;
}

const std::string& PeerLink::peer() const {
  return wire_->channel.peer();
}

const std::string& PeerLink::address() const {
  return wire_->address;
}

std::uint64_t PeerLink::sent_bytes() const {
  return wire_->sent_bytes;
}

std::uint64_t PeerLink::received_bytes() const {
  return wire_->received_bytes;
}

}  // namespace tandemq
