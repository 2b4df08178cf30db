#include "replication/node_state.hpp"

#include "base/checksum.hpp"
#include "config/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr ByteView kFileMagic("TQNODE\0", 7);
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeadSize = kFileMagic.size() + 1;
constexpr std::size_t kChecksumSize = 8;
constexpr mode_t kFileMode = 0640;
constexpr const char* kBootIdFile = "/proc/sys/kernel/random/boot_id";

std::string path_in(const std::string& folder) {
  return folder + "/node.state";
}

tl::unexpected<Error> failed(const std::string& path, const char* what) {
  return failure(path + " cannot be " + what + ": " + std::strerror(errno));
}

// A new file with these bytes, on the disk when it returns.
Result<void> write_new(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  if (file < 0) return failed(path, "made");
  const auto end = [&](Result<void> result) {
    ::close(file);
    return result;
  };
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return end(failed(path, "written"));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file) != 0) return end(failed(path, "forced to the disk"));
  return end({});
}

Result<void> sync_entries(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return failed(folder, "opened");
  const bool synced = ::fsync(file) == 0;
  const Result<void> result = synced ? Result<void>() : failed(folder, "forced to the disk");
  ::close(file);
  return result;
}

}  // namespace

std::string encode(const NodeState& state) {
  std::string bytes;
  Writer writer(bytes);
  writer.bytes(kFileMagic);
  writer.u8(kFormat);
  writer.varint_bytes(state.cluster);
  writer.varint_bytes(state.node);
  writer.u64(state.term_seen.counter);
  writer.u64(state.term_seen.node);
  writer.u8(static_cast<std::uint8_t>(state.role));
  writer.u8(state.outdated ? 1 : 0);
  writer.u8(static_cast<std::uint8_t>(state.sync));
  writer.u64(checksum(bytes));
  return bytes;
}

Result<NodeState> decode_node_state(ByteView bytes) {
  if (bytes.size() < kHeadSize + kChecksumSize) return failure("it is cut short");
  if (!bytes.starts_with(kFileMagic)) return failure("it is no node.state");
  const ByteView sealed = bytes.substr(0, bytes.size() - kChecksumSize);
  if (Reader(bytes.substr(sealed.size())).u64() != checksum(sealed))
    return failure("its checksum does not match");
  const auto format = static_cast<std::uint8_t>(sealed[kFileMagic.size()]);
  if (format != kFormat)
    return failure("its format is " + std::to_string(format) + ", of another version of tandemqd");
  Reader reader(sealed.substr(kHeadSize));
  NodeState state;
  state.cluster = reader.varint_bytes();
  state.node = reader.varint_bytes();
  state.term_seen.counter = reader.u64();
  state.term_seen.node = reader.u64();
  const std::uint8_t role = reader.u8();
  const std::uint8_t outdated = reader.u8();
  const std::uint8_t sync = reader.u8();
  state.role = static_cast<NodeState::Role>(role);
  state.outdated = outdated == 1;
  state.sync = static_cast<NodeState::Sync>(sync);
  const bool known = state.role <= NodeState::Role::solo && outdated <= 1 &&
                     state.sync <= NodeState::Sync::installed;
  if (!reader.done() || !known) return failure("its fields are not those of a node");
  return state;
}

Result<std::optional<NodeState>> read_node_state(const std::string& folder) {
  const std::string path = path_in(folder);
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
  const Result<std::string> bytes = read_text_file(path);
  if (!bytes)
    return failure(bytes.error().text + "; give data.dir and its files to the user of tandemqd");
  const Result<NodeState> state = decode_node_state(*bytes);
  if (state) return *state;
  return failure(path + " cannot be used: " + state.error().text +
                 "; if the other node is the primary, move " + folder +
                 " aside and start this one, which gets a copy of everything; if there is no "
                 "primary, remove this file alone, and this node goes on with what its log says");
}

Result<void> write_node_state(const std::string& folder, const NodeState& state) {
  const std::string path = path_in(folder);
  const std::string next = path + ".new";
  if (Result<void> written = write_new(next, encode(state)); !written) return written;
  if (::rename(next.c_str(), path.c_str()) != 0) return failed(path, "replaced");
  return sync_entries(folder);
}

std::uint64_t term_number_of(const std::string& node) {
  return std::max<std::uint64_t>(checksum(node), 1);
}

Result<std::string> boot_id() {
  auto text = read_text_file(kBootIdFile);
  if (!text) return tl::unexpected(text.error());
  text->resize(std::min(text->find('\n'), text->size()));
  if (text->empty()) return failure(std::string(kBootIdFile) + " is empty");
  return std::move(*text);
}

}  // namespace tandemq
