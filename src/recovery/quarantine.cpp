#include "recovery/quarantine.hpp"

#include "base/base64.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace tandemq {

Result<void> write_quarantine(const std::string& path, const std::vector<Damage>& damage) {
  std::string text;
  for (const Damage& one : damage) {
    const nlohmann::json line{
        {"where", one.where}, {"what", one.what}, {"bytes_base64", encode_base64(one.bytes)}};
    text += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool written = file >= 0;
  for (std::size_t at = 0; written && at < text.size();) {
    const ssize_t count = ::write(file, text.data() + at, text.size() - at);
    written = count > 0;
    if (written) at += static_cast<std::size_t>(count);
  }
  written = written && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written) return failure(path + " cannot be written: " + std::strerror(error));
  return {};
}

}  // namespace tandemq
