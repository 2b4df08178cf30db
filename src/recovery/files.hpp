// Files: what backup, restore and archive do with whole files and folders. What a function has
// written is on the disk when it returns, so that its result may be relied on after a power loss.
// Plain functions; any thread, not two at the same path.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tandemq {

Result<std::string> read_file(const std::string& path);
// The file must not exist.
Result<void> write_file(const std::string& path, std::string_view bytes);
// The entries of the folder, not their content.
Result<void> sync_folder(const std::string& path);
// The plain files of a folder to a new one. `progress` gets the bytes so far, and how many all are.
Result<void> copy_folder(const std::string& from, const std::string& to,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress);
// Also that it is there already, with nothing in it.
Result<void> make_empty_folder(const std::string& path);
// Gives it and all in it to the owner of `like`. Nothing happens if this process is not root.
Result<void> give_to_owner_of(const std::string& like, const std::string& path);

// A file that grows at its end. Owned by one thread.
class GrowingFile {
 public:
  GrowingFile() = default;
  ~GrowingFile() { close(); }
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  // It is made if it does not exist, and cut to `size` bytes.
  Result<void> open(const std::string& path, std::uint64_t size);
  Result<void> append(std::string_view bytes);
  Result<void> sync();
  // As it was at the last sync(), as far as that is possible; without anything it is removed.
  void abandon();
  void close();

  [[nodiscard]] bool is_open() const { return file_ >= 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  [[nodiscard]] tl::unexpected<Error> error(const char* what) const;

  std::string path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t synced_ = 0;  // Of it.
};

}  // namespace tandemq
