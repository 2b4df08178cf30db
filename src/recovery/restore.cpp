#include "recovery/restore.hpp"

#include "recovery/files.hpp"
#include "recovery/segment.hpp"
#include "recovery/verify.hpp"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTellEveryBytes = 256ULL << 20;
constexpr std::uint64_t kTellEveryRecords = 100'000;
constexpr std::size_t kAppendBytes = 1U << 20U;  // Of records, as one write.

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Whether a process has the store open: RocksDB holds a lock on this file.
bool is_in_use(const std::string& store) {
  const int file = ::open((store + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(file);
  return held;
}

class Restorer {
 public:
  Restorer(const RestoreOrder& order, const std::function<void(const std::string&)>& progress)
      : order_(order), progress_(progress), fresh_(order.data_dir + "/restore.tmp") {}

  Result<Restored> run() {
    auto backup = read_backup(order_.backup);
    if (!backup) return tl::unexpected(backup.error());
    result_.backup = std::move(*backup);
    Result<void> done = check_place();
    if (!done) return tl::unexpected(done.error());
    done = copy();
    if (done && !order_.archive.empty()) done = go_on();
    if (done) done = verify();
    if (done) done = put_in_place();
    std::error_code ignored;
    fs::remove_all(fresh_, ignored);
    if (!done) return tl::unexpected(done.error());
    return result_;
  }

 private:
  [[nodiscard]] std::string path(const char* name) const { return order_.data_dir + "/" + name; }

  [[nodiscard]] Result<void> check_place() const {
    std::error_code error;
    fs::create_directories(order_.data_dir, error);
    if (error) return failure(order_.data_dir + " cannot be made: " + error.message());
    if (is_in_use(path("store")))
      return failure("a node runs on " + order_.data_dir + ": stop it first");
    const bool taken = exists(path("store")) || exists(path("store.new"));
    if (taken && !order_.replace)
      return failure(order_.data_dir +
                     " holds a store already; --replace moves it to the quarantine there");
    return {};
  }

  Result<void> copy() {
    std::error_code error;
    fs::remove_all(fresh_, error);  // Of a restore that was interrupted.
    if (error) return failure(fresh_ + " cannot be removed: " + error.message());
    std::uint64_t told = 0;
    return copy_folder(order_.backup + "/store", fresh_,
                       [&](std::uint64_t done, std::uint64_t total) {
                         if (done < told + kTellEveryBytes) return;
                         told = done;
                         progress_("copying the backup: " + std::to_string(done >> 20U) + " of " +
                                   std::to_string(total >> 20U) + " MB");
                       });
  }

  // Appends what was archived behind the backup.
  Result<void> go_on() {
    RocksOptions options;
    options.folder = fresh_;
    options.create_if_missing = false;
    auto store = RocksStore::open(std::move(options));
    if (!store) return tl::unexpected(store.error());
    if (auto early = check_time(**store); !early) return early;
    std::vector<Record> records;
    std::size_t bytes = 0;
    const auto append = [&] {
      (*store)->append(records);
      records.clear();
      bytes = 0;
    };
    result_.archive_ended = order_.until.has_value();
    const auto read = read_archive(
        order_.archive, result_.backup.position, [&](const OpenedRecord& record, ByteView sealed) {
          if (order_.until && record.at > *order_.until) {
            result_.archive_ended = false;
            return false;
          }
          records.push_back({record.position, std::string(sealed)});
          bytes += sealed.size();
          if (bytes >= kAppendBytes) append();
          if (++result_.archived % kTellEveryRecords == 0)
            progress_("appending from the archive: " + std::to_string(result_.archived) +
                      " records");
          return true;
        });
    if (!read) return failure(read.error().text + "; an earlier --until may be within reach");
    append();
    (*store)->sync();
    return {};
  }

  // A backup cannot be taken back to a time before it.
  [[nodiscard]] Result<void> check_time(const Store& store) const {
    if (!order_.until) return {};
    std::optional<Instant> at;
    if (store.last_lsn() >= store.first_lsn()) {
      const auto read = store.read(store.last_lsn(), [&](Lsn, ByteView bytes) {
        if (const auto record = open_record(bytes)) at = record->at;
        return false;
      });
      if (!read) return read;
    }
    if (at.value_or(result_.backup.created_at) <= *order_.until) return {};
    return failure("the backup already holds what came after --until: take an older one");
  }

  Result<void> verify() {
    progress_("verifying");
    const auto verified = verify_folder(fresh_, progress_);
    if (!verified) return tl::unexpected(verified.error());
    if (!verified->sound()) return failure("the backup is damaged:\n" + report_of(*verified));
    if (result_.archived == 0 && verified->digest != result_.backup.digest)
      return failure("the backup is not what backup.json says: the digests differ");
    result_.position = verified->position;
    result_.last_at = verified->last_at;
    result_.sessions = verified->sessions;
    result_.messages = verified->messages;
    result_.digest = verified->digest;
    return {};
  }

  // store.new takes the place of store when there is none, here or at the next start of a node.
  Result<void> put_in_place() {
    Result<void> done = give_to_owner_of(order_.data_dir, fresh_);
    if (done) done = sync_folder(fresh_);
    if (!done) return done;
    std::error_code error;
    const std::string aside = path("quarantine") + "/" + std::to_string(order_.now.ms);
    const bool old = exists(path("store"));
    const bool old_new = exists(path("store.new"));
    if (old || old_new) fs::create_directories(aside, error);
    if (!error && old_new) fs::rename(path("store.new"), aside + "/store.new", error);
    if (!error) fs::rename(fresh_, path("store.new"), error);
    if (!error && old) fs::rename(path("store"), aside + "/store", error);
    if (!error) fs::rename(path("store.new"), path("store"), error);
    if (error) return failure("the restored store cannot be put in place: " + error.message());
    if (old || old_new) {
      result_.moved_to = aside;
      done = give_to_owner_of(order_.data_dir, path("quarantine"));
    }
    return done ? sync_folder(order_.data_dir) : done;
  }

  const RestoreOrder& order_;
  const std::function<void(const std::string&)>& progress_;
  const std::string fresh_;
  Restored result_;
};

}  // namespace

Result<Restored> restore_backup(const RestoreOrder& order,
                                const std::function<void(const std::string&)>& progress) {
  return Restorer(order, progress).run();
}

}  // namespace tandemq
