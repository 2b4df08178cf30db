#include "tests/bench/recovery.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "recovery/recover.hpp"
#include "store/rocks_store.hpp"
#include "tests/bench/figures.hpp"

namespace tandemq {
namespace {

constexpr std::uint32_t kSessionsARecord = 100;
constexpr std::uint32_t kRecordsARound = 100;
constexpr Instant kNow{1'700'000'000'000};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tandemq-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A session that is away, with a subscription of its own and a message that waits.
class Maker {
 public:
  Maker(Store& store, std::uint32_t size) : store_(store), payload_(size, 'x') {}

  void make(std::uint32_t count) {
    std::uint32_t records = 0;
    for (std::uint32_t i = 1; i <= count; ++i) {
      add(i);
      if (i % kSessionsARecord != 0 && i != count) continue;
      seal();
      // The second half stays in the log alone.
      if (++records % kRecordsARound == 0 && i <= count / 2) write_tables();
    }
    store_.sync();
  }

 private:
  void apply(const Mutation& mutation) {
    draft_.add(mutation);
    state_.apply(mutation);
  }

  void add(std::uint32_t i) {
    const auto id = static_cast<SessionId>(i);
    const std::string name = "client-" + std::to_string(i);
    apply(SessionOpened{id, name, "user", kNeverExpires, kNow, true});
    apply(Subscribed{id, "sites/" + std::to_string(i % 1000) + "/" + name, 1, 0});
    apply(SessionSuspended{id, kNeverExpires, kNow});
    Message message;
    message.id = state_.next_message_id();
    message.qos = mqtt::QoS::at_least_once;
    message.published_at = kNow;
    message.topic = "sites/" + std::to_string(i % 1000) + "/" + name;
    message.payload = payload_;
    apply(MessageStored{std::make_shared<const Message>(std::move(message))});
    Queued queued;
    queued.session = id;
    queued.message = static_cast<MessageId>(number(state_.next_message_id()) - 1);
    queued.qos = mqtt::QoS::at_least_once;
    apply(queued);
  }

  void seal() {
    const Record record = draft_.seal(position_, Term{1, 0}, kNow);
    position_ = record.position;
    store_.append({&record, 1});
  }

  void write_tables() {
    const TableChanges changes = state_.collect_changes(position_);
    store_.write_tables(changes);
    state_.tables_written();
    store_.trim(position_.lsn);
    store_.sync();
  }

  Store& store_;
  State state_;
  RecordDraft draft_;
  Position position_;
  std::string payload_;
};

Result<void> make_store(const std::string& folder, const Settings& settings) {
  auto store = RocksStore::open({.folder = folder, .skipped = {}});
  if (!store) return tl::unexpected(store.error());
  Maker(**store, settings.size).make(settings.connections);
  return {};
}

// So that the memory of who makes is not there for who recovers.
Result<void> make_in_child(const std::string& folder, const Settings& settings) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(make_store(folder, settings) ? 0 : 1);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
    return failure("the store could not be made in " + folder);
  return {};
}

}  // namespace

Result<RecoveryFigures> run_recovery(const Settings& settings) {
  if (!settings.make.empty()) {
    if (auto made = make_store(settings.make, settings); !made) return tl::unexpected(made.error());
    return RecoveryFigures{};
  }
  const Folder folder;
  if (folder.path().empty()) return failure("no temporary folder can be made");
  RecoveryFigures figures;
  auto begin = std::chrono::steady_clock::now();
  if (auto made = make_in_child(folder.path() + "/store", settings); !made)
    return tl::unexpected(made.error());
  figures.make_s = seconds_since(begin);
  const Result<Memory> before = memory_of(static_cast<std::uint32_t>(::getpid()));
  if (!before) return tl::unexpected(before.error());

  begin = std::chrono::steady_clock::now();
  auto store = RocksStore::open({.folder = folder.path() + "/store", .skipped = {}});
  if (!store) return tl::unexpected(store.error());
  figures.open_s = seconds_since(begin);
  begin = std::chrono::steady_clock::now();
  State state;
  const Recovery recovery = recover(**store, state, RecoverOptions{});
  figures.recover_s = seconds_since(begin);
  if (!recovery.damage.empty() || !recovery.broken.empty()) return failure(report_of(recovery));
  if (state.session_count() != settings.connections || state.queued_count() != settings.connections)
    return failure("sessions or messages are missing after the recovery");
  const Result<Memory> after = memory_of(static_cast<std::uint32_t>(::getpid()));
  if (!after) return tl::unexpected(after.error());
  figures.memory_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, after->rss_bytes - before->rss_bytes));
  figures.disk_bytes = (*store)->info().disk_bytes;
  figures.rows = recovery.rows;
  figures.records = recovery.records;
  return figures;
}

}  // namespace tandemq
