#include "config/listener_url.hpp"
#include "replication/peer_address.hpp"
#include "replication/peer_link.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <fcntl.h>

namespace tandemq {

using asio::ip::tcp;

// One dial after the other. Each step has a number; what comes of an older step is not for us.
struct PeerDialler::Call : std::enable_shared_from_this<Call> {
  using Done = std::function<void(Result<tcp::socket>)>;

  explicit Call(asio::io_context& context)
      : io(context), resolver(context), socket(context), timer(context) {}

  void dial(const std::string& to, std::uint32_t timeout_ms, Done then);
  void cancel();

  void resolve(const HostPort& parsed);
  void connect();
  void go_on(const std::string& what, const asio::error_code& error);
  void limit(std::chrono::steady_clock::duration time, const std::string& what);
  void finish(Result<tcp::socket> result);

  asio::io_context& io;
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;  // Of the step.
  std::uint64_t step = 0;
  std::string address;  // What was dialled.
  std::chrono::steady_clock::time_point deadline;
  std::vector<tcp::endpoint> endpoints;  // Not tried yet, the next one last.
  std::string failures;                  // Of what was tried.
  bool refused = false;                  // All of it.
  Done done;
};

void PeerDialler::Call::dial(const std::string& to, std::uint32_t timeout_ms, Done then) {
  cancel();
  address = to;
  deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  endpoints.clear();
  failures.clear();
  refused = false;
  done = std::move(then);
  const Result<HostPort> parsed = parse_host_port(address);
  if (parsed) return resolve(*parsed);
  asio::post(io, [self = shared_from_this(), begun = step, why = parsed.error().text] {
    if (self->step == begun) self->finish(failure(why));
  });
}

void PeerDialler::Call::cancel() {
  ++step;
  const Done last = std::exchange(done, nullptr);  // It may own us, and go when all is done.
  asio::error_code ignored;                        // Closing is all that can be done.
  socket.close(ignored);
  resolver.cancel();
  timer.cancel();
}

void PeerDialler::Call::resolve(const HostPort& parsed) {
  limit(deadline - std::chrono::steady_clock::now(), "no answer to who it is");
  resolver.async_resolve(
      parsed.host, std::to_string(parsed.port), tcp::resolver::numeric_service,
      [self = shared_from_this(), begun = step](const asio::error_code& error,
                                                const tcp::resolver::results_type& found) {
        if (self->step != begun) return;
        if (error) return self->go_on("the name has no address", error);
        for (const auto& entry : found)
          self->endpoints.insert(self->endpoints.begin(), entry.endpoint());
        self->connect();
      });
}

void PeerDialler::Call::connect() {
  if (endpoints.empty()) return finish(failure("'" + address + "' cannot be reached: " + failures));
  ++step;
  const tcp::endpoint endpoint = endpoints.back();
  const std::string name = text_of(endpoint);
  // Equal shares, so that an address that does not answer leaves time for the others.
  limit((deadline - std::chrono::steady_clock::now()) / static_cast<int>(endpoints.size()), name);
  endpoints.pop_back();
  socket = tcp::socket(io);
  asio::error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) return go_on(name, error);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  socket.async_connect(
      endpoint, [self = shared_from_this(), begun = step, name](const asio::error_code& result) {
        if (self->step != begun) return;
        if (result) return self->go_on(name, result);
        self->finish(std::move(self->socket));
      });
}

void PeerDialler::Call::limit(std::chrono::steady_clock::duration time, const std::string& what) {
  timer.expires_after(time);
  timer.async_wait([self = shared_from_this(), begun = step, what](const asio::error_code& error) {
    if (!error && self->step == begun) self->go_on(what, asio::error::timed_out);
  });
}

void PeerDialler::Call::go_on(const std::string& what, const asio::error_code& error) {
  refused = error == asio::error::connection_refused && (refused || failures.empty());
  failures += (failures.empty() ? "" : "; ") + what + ": " + error.message();
  connect();
}

void PeerDialler::Call::finish(Result<tcp::socket> result) {
  ++step;
  timer.cancel();
  asio::error_code ignored;  // Of an attempt that has come to nothing.
  socket.close(ignored);
  const Done last = std::exchange(done, nullptr);
  last(std::move(result));
}

PeerDialler::PeerDialler(asio::io_context& io) : call_(std::make_shared<Call>(io)) {}

bool PeerDialler::was_refused() const {
  return call_->refused;
}

PeerDialler::~PeerDialler() {
  call_->cancel();
}

void PeerDialler::dial(const std::string& address, std::uint32_t timeout_ms,
                       std::function<void(Result<tcp::socket>)> done) {
  call_->dial(address, timeout_ms, std::move(done));
}

void PeerDialler::cancel() {
  const auto call = call_;  // What is called when it is done may own us, and go.
  call->cancel();
}

}  // namespace tandemq
