#include "config/listener_url.hpp"
#include "replication/peer_address.hpp"
#include "replication/peer_link.hpp"

#include <cerrno>
#include <chrono>
#include <list>
#include <utility>

#include <asio/error.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/steady_timer.hpp>
#include <fcntl.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

using asio::ip::tcp;

constexpr int kBacklog = 16;                             // There is one other node.
constexpr std::chrono::milliseconds kNoFilesPause{100};  // Until a descriptor may be free again.

bool is_missing_family(const asio::error_code& error) {
  return error == asio::error::address_family_not_supported || error.value() == EADDRNOTAVAIL;
}

Error explain(const std::string& address, const tcp::endpoint& endpoint,
              const asio::error_code& error) {
  const std::string start = "replication.listen = '" + address + "': ";
  const std::string at = text_of(endpoint);
  if (error == asio::error::address_in_use) {
    return {start + at + " is in use by another process; stop that one ('ss -ltnp' shows it), or " +
            "choose another port"};
  }
  if (error == asio::error::access_denied) {
    return {start + "no right to listen on " + at + "; ports below 1024 need CAP_NET_BIND_SERVICE"};
  }
  if (error.value() == EADDRNOTAVAIL) {
    return {start + "no interface of this machine has the address " +
            endpoint.address().to_string()};
  }
  return {start + "cannot listen on " + at + ": " + error.message()};
}

asio::error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // Otherwise [::] would take 0.0.0.0 too.
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error;
}

}  // namespace

// One for each address of the name. Lives while an acceptor waits.
struct PeerListener::Doors : std::enable_shared_from_this<Doors> {
  struct Door {
    explicit Door(asio::io_context& io) : acceptor(io), pause(io) {}
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  Doors(asio::io_context& context, std::function<void(tcp::socket)> to)
      : io(context), accepted(std::move(to)) {}

  Result<void> open(const std::string& address);
  void close();
  void wait(Door& door);
  void wait_for_files(Door& door);
  void accept(Door& door);

  asio::io_context& io;
  const std::function<void(tcp::socket)> accepted;
  std::list<Door> doors;  // Referred to while they wait.
};

Result<void> PeerListener::Doors::open(const std::string& address) {
  const Result<HostPort> parsed = parse_host_port(address);
  if (!parsed) return failure("replication.listen = " + parsed.error().text);
  asio::error_code error;
  const auto found =
      tcp::resolver(io).resolve(parsed->host, std::to_string(parsed->port),
                                tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error)
    return failure("replication.listen = '" + address +
                   "': the name has no address: " + error.message());
  for (const auto& entry : found) {
    Door& door = doors.emplace_back(io);
    error = listen(door.acceptor, entry.endpoint());
    if (!error) continue;
    // A machine without IPv6 still has names with IPv6 addresses.
    if (!(found.size() > 1 && is_missing_family(error)))
      return tl::unexpected(explain(address, entry.endpoint(), error));
    doors.pop_back();
  }
  if (doors.empty())
    return failure("replication.listen = '" + address +
                   "': no address of that name belongs to this machine");
  for (Door& door : doors) wait(door);
  return {};
}

void PeerListener::Doors::close() {
  for (Door& door : doors) {
    asio::error_code ignored;  // Closing is all that can be done.
    door.acceptor.close(ignored);
    door.pause.cancel();
  }
}

void PeerListener::Doors::wait(Door& door) {
  door.acceptor.async_wait(tcp::acceptor::wait_read,
                           [self = shared_from_this(), &door](const asio::error_code& error) {
                             if (!error && door.acceptor.is_open()) self->accept(door);
                           });
}

void PeerListener::Doors::wait_for_files(Door& door) {
  door.pause.expires_after(kNoFilesPause);
  door.pause.async_wait([self = shared_from_this(), &door](const asio::error_code& error) {
    if (!error && door.acceptor.is_open()) self->wait(door);
  });
}

void PeerListener::Doors::accept(Door& door) {
  const int descriptor =
      ::accept4(door.acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) {
    const bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return full ? wait_for_files(door) : wait(door);
  }
  asio::error_code error;
  const tcp protocol = door.acceptor.local_endpoint(error).protocol();
  tcp::socket socket(io);
  socket.assign(protocol, descriptor, error);
  wait(door);
  accepted(std::move(socket));  // May close us.
}

PeerListener::PeerListener(asio::io_context& io, std::function<void(tcp::socket)> accepted)
    : doors_(std::make_shared<Doors>(io, std::move(accepted))) {}

PeerListener::~PeerListener() {
  doors_->close();
}

Result<void> PeerListener::open(const std::string& address) {
  return doors_->open(address);
}

void PeerListener::close() {
  doors_->close();
}

std::uint16_t PeerListener::port() const {
  asio::error_code error;  // Port 0: it is not open.
  if (doors_->doors.empty()) return 0;
  return doors_->doors.front().acceptor.local_endpoint(error).port();
}

}  // namespace tandemq
