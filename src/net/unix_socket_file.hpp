// UnixSocketFile: the file of a unix socket on which clients come. It takes the place of one that a
// dead process has left, never of one where somebody listens, and goes with us.
// Owned by a Listener; its thread.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace tandemq {

class UnixSocketFile {
 public:
  UnixSocketFile(std::string path, std::uint32_t mode);
  ~UnixSocketFile();  // Removes it, unless another process has put its own
                      // there.
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;

  // Binds and listens: a socket that does not block, for the caller to close.
  // Nobody can connect before the file has its mode. The error names the path.
  Result<int> open(int backlog);
  void remove();

 private:
  [[nodiscard]] Result<void> clear_way() const;

  const std::string path_;
  const std::uint32_t mode_;
  ino_t inode_ = 0;  // Of our file; 0: there is none.
};

// Who has connected, as the kernel knows it: "unix:uid=1000,pid=42".
std::string unix_peer_text(int socket);

}  // namespace tandemq
