#include "recovery/files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;

tl::unexpected<Error> failed(const std::string& path, const char* what, int error) {
  return failure(path + " cannot be " + what + ": " + std::strerror(error));
}

// A descriptor that is closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// 0, or the error.
int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

Result<void> copy_file(const std::string& from, const std::string& to,
                       const std::function<void(std::uint64_t)>& copied) {
  constexpr std::size_t kChunk = 1U << 20U;
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.number() < 0) return failed(from, "read", errno);
  const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (target.number() < 0) return failed(to, "made", errno);
  std::vector<char> chunk(kChunk);
  while (true) {
    const ssize_t count = ::read(source.number(), chunk.data(), chunk.size());
    if (count < 0) return failed(from, "read", errno);
    if (count == 0) break;
    const auto size = static_cast<std::size_t>(count);
    if (const int error = write_all(target.number(), {chunk.data(), size}); error != 0)
      return failed(to, "written", error);
    copied(size);
  }
  if (::fsync(target.number()) != 0) return failed(to, "forced to the disk", errno);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) return failed(path, "read", errno);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t count = ::read(file.number(), bytes.data() + read, bytes.size() - read);
    if (count < 0) return failed(path, "read", errno);
    if (count == 0) break;
    read += static_cast<std::size_t>(count);
  }
  bytes.resize(read);
  return bytes;
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (file.number() < 0) return failed(path, "made", errno);
  if (const int error = write_all(file.number(), bytes); error != 0)
    return failed(path, "written", error);
  if (::fsync(file.number()) != 0) return failed(path, "forced to the disk", errno);
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() < 0) return failed(path, "opened", errno);
  if (::fsync(folder.number()) != 0) return failed(path, "forced to the disk", errno);
  return {};
}

Result<void> copy_folder(const std::string& from, const std::string& to,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  std::error_code error;
  std::vector<fs::path> files;
  std::uint64_t total = 0;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error) || error) continue;
    files.push_back(entry->path());
    total += entry->file_size(error);
  }
  if (!error) fs::create_directory(to, error);
  if (error) return failure(from + " cannot be copied to " + to + ": " + error.message());
  std::uint64_t done = 0;
  for (const fs::path& file : files) {
    const std::string target = (fs::path(to) / file.filename()).string();
    const auto copied = copy_file(file.string(), target, [&](std::uint64_t bytes) {
      done += bytes;
      progress(done, total);
    });
    if (!copied) return copied;
  }
  return sync_folder(to);
}

Result<void> make_empty_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failure(path + " cannot be made: " + error.message());
  const bool empty = fs::is_empty(path, error);
  if (error) return failure(path + " cannot be read: " + error.message());
  if (!empty) return failure(path + " is not empty: choose a folder that does not exist yet");
  return {};
}

Result<void> give_to_owner_of(const std::string& like, const std::string& path) {
  struct stat owner {};
  if (::geteuid() != 0) return {};
  if (::stat(like.c_str(), &owner) != 0) return failed(like, "read", errno);
  std::error_code error;
  std::vector<std::string> all{path};
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error))
    all.push_back(entry->path().string());
  if (error) return failure(path + " cannot be read: " + error.message());
  for (const std::string& one : all)
    if (::lchown(one.c_str(), owner.st_uid, owner.st_gid) != 0)
      return failed(one, "given to the owner of the folder", errno);
  return {};
}

// ---------------------------------------------------------------- GrowingFile

Result<void> GrowingFile::open(const std::string& path, std::uint64_t size) {
  close();
  path_ = path;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode);
  if (file_ < 0) return error("opened");
  size_ = synced_ = size;
  if (::ftruncate(file_, static_cast<off_t>(size)) != 0) return error("written");
  return {};
}

Result<void> GrowingFile::append(std::string_view bytes) {
  if (const int failed_with = write_all(file_, bytes); failed_with != 0) {
    errno = failed_with;
    return error("written");
  }
  size_ += bytes.size();
  return {};
}

Result<void> GrowingFile::sync() {
  if (synced_ == size_) return {};
  if (::fdatasync(file_) != 0) return error("forced to the disk");
  synced_ = size_;
  return {};
}

void GrowingFile::abandon() {
  if (file_ < 0) return;
  if (synced_ == 0) {
    ::unlink(path_.c_str());
  } else if (::ftruncate(file_, static_cast<off_t>(synced_)) != 0) {
    close();  // What stands behind it is found to be no whole record.
  }
  close();
}

void GrowingFile::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  size_ = synced_ = 0;
}

tl::unexpected<Error> GrowingFile::error(const char* what) const {
  return failed(path_, what, errno);
}

}  // namespace tandemq
