#include "net/unix_socket_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tandemq {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int make_socket() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// 0 if somebody listens there, or else why not.
int try_to_connect(const std::string& path) {
  const sockaddr_un address = address_of(path);
  const int probe = make_socket();
  if (probe < 0) return errno;
  const int done = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = done == 0 ? 0 : errno;
  ::close(probe);
  return error == EAGAIN ? 0 : error;  // Who listens may have no room.
}

}  // namespace

UnixSocketFile::UnixSocketFile(std::string path, std::uint32_t mode)
    : path_(std::move(path)), mode_(mode) {}

UnixSocketFile::~UnixSocketFile() {
  remove();
}

Result<void> UnixSocketFile::clear_way() const {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return {};  // What else is wrong bind() tells.
  if (!S_ISSOCK(status.st_mode)) return failure("'" + path_ + "' is there and is no socket");
  const int error = try_to_connect(path_);
  if (error == 0) return failure("another process listens on '" + path_ + "' ('ss -lxp' shows it)");
  if (error != ECONNREFUSED)
    return failure("'" + path_ + "' is there, and whether somebody listens on it cannot be told: " +
                   std::strerror(error));
  if (::unlink(path_.c_str()) == 0) return {};
  return failure("'" + path_ +
                 "', which nobody listens on, cannot be removed: " + std::strerror(errno));
}

Result<int> UnixSocketFile::open(int backlog) {
  if (auto cleared = clear_way(); !cleared) return tl::unexpected(std::move(cleared.error()));
  const sockaddr_un address = address_of(path_);
  struct stat status {};
  const int socket = make_socket();
  const bool bound = socket >= 0 && ::bind(socket, reinterpret_cast<const sockaddr*>(&address),
                                           sizeof address) == 0;
  if (bound && ::stat(path_.c_str(), &status) == 0) inode_ = status.st_ino;
  if (bound && ::chmod(path_.c_str(), mode_) == 0 && ::listen(socket, backlog) == 0) return socket;
  const int error = errno;
  if (socket >= 0) ::close(socket);
  remove();
  return failure("cannot listen on '" + path_ + "': " + std::strerror(error));
}

void UnixSocketFile::remove() {
  struct stat status {};
  const ino_t ours = std::exchange(inode_, 0);
  if (ours != 0 && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == ours)
    ::unlink(path_.c_str());
}

std::string unix_peer_text(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "unix";
  return "unix:uid=" + std::to_string(peer.uid) + ",pid=" + std::to_string(peer.pid);
}

}  // namespace tandemq
