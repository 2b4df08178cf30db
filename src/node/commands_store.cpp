#include "node/ask.hpp"
#include "node/commands.hpp"
#include "recovery/reports.hpp"

#include <chrono>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>

namespace tandemq {
namespace {

Result<Json> show_store(const CommandPorts& ports, const Json& arguments) {
  if (arguments.contains("data_dir"))
    return failure("The broker knows its own store only; tandemqctl looks into another data_dir.");
  if (!ports.store_info) return failure("There is no store: store.in_memory is on.");
  struct Seen {
    std::uint64_t bodies = 0;
    std::uint64_t bodies_bytes = 0;
    bool disk_low = false;
  };
  const auto seen = ask(ports.runner, [](Primary& primary, Instant) {
    const World& world = std::as_const(primary.broker()).world();
    return Seen{world.state.message_count(), world.state.body_bytes(), world.disk_low};
  });
  Json json = ports.store_info();
  if (!seen) return json;  // A standby's is of interest too.
  json["disk_low"] = seen->disk_low;
  json["memory"] = {{"bodies", seen->bodies}, {"bodies_bytes", seen->bodies_bytes}};
  return json;
}

// A backup that is being made, by a thread of its own so that its progress is seen. It goes on to
// its end even if nobody looks any more: destruction waits for that.
class BackupRun {
 public:
  using Create = std::function<Result<Backup>(const std::string& folder,
                                              const std::function<void(const std::string&)>&)>;

  BackupRun(Create create, std::string folder)
      : news_(SIZE_MAX, [this] { wake_.release(); }),
        thread_([this, create = std::move(create), folder = std::move(folder)] {
          run(create, folder);
        }) {}
  ~BackupRun() { thread_.join(); }
  BackupRun(const BackupRun&) = delete;
  BackupRun& operator=(const BackupRun&) = delete;

  // As a RowSource.
  bool take(std::vector<Json>& rows) {
    static_cast<void>(wake_.try_acquire_for(std::chrono::milliseconds(kRowsWait_ms)));
    std::vector<News> taken;
    news_.drain(taken);
    bool more = true;
    for (News& one : taken) {
      rows.push_back(std::move(one.row));
      more = more && !one.last;
    }
    return more;
  }

 private:
  struct News {
    Json row;
    bool last = false;
  };

  void run(const Create& create, const std::string& folder) {
    const auto backup = create(folder, [this](const std::string& text) {
      news_.put({Json{{"progress", text}}, false});
    });
    if (!backup) return void(news_.put({Json{{"error", backup.error().text}}, true}));
    Json row{{"progress", "done: " + std::to_string(backup->sessions) + " sessions and " +
                              std::to_string(backup->messages) + " messages at record " +
                              std::to_string(backup->position.lsn) + " are in " + folder},
             {"folder", folder}};
    row.update(to_json(*backup));
    news_.put({std::move(row), true});
  }

  std::counting_semaphore<> wake_{0};
  Mailbox<News> news_;
  std::thread thread_;
};

Result<RowSource> create_backup(const CommandPorts& ports, const Json& arguments) {
  if (!ports.create_backup) return failure("There is no store: store.in_memory is on.");
  const auto run =
      std::make_shared<BackupRun>(ports.create_backup, arguments.value("folder", std::string()));
  return RowSource([run](std::vector<Json>& rows) { return run->take(rows); });
}

}  // namespace

void add_store_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.records["store info"] = [ports](const Json& a) { return show_store(ports, a); };
  handlers.rows["backup create"] = [ports](const Json& a) { return create_backup(ports, a); };
}

}  // namespace tandemq
