#include "ctl/offline.hpp"

#include "admin/moment.hpp"
#include "base/ensure.hpp"
#include "recovery/reports.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace tandemq {
namespace {

using Say = std::function<void(const std::string&)>;

std::string store_of(const Json& arguments) {
  return text_of(arguments, "data_dir") + "/store";
}

Result<OfflineAnswer> show_store(const Json& arguments) {
  RocksOptions options;
  options.folder = store_of(arguments);
  options.create_if_missing = false;
  const auto store = RocksStore::open(std::move(options));
  if (!store) return tl::unexpected(store.error());
  OfflineAnswer answer{to_json((*store)->info(), tables_at_of(**store)), {}};
  std::error_code error;
  const auto space = std::filesystem::space(store_of(arguments), error);
  if (!error) answer.record["disk_free_bytes"] = space.available;
  return answer;
}

Result<OfflineAnswer> verify(const Json& arguments, const Say& progress) {
  const auto verified = verify_folder(store_of(arguments), progress);
  if (!verified) return tl::unexpected(verified.error());
  OfflineAnswer answer{to_json(*verified), {}};
  for (const Damage& damage : verified->damage)
    answer.findings.push_back("damaged: " + damage.where + ": " + damage.what);
  for (const std::string& sentence : verified->broken)
    answer.findings.push_back("broken invariant: " + sentence);
  return answer;
}

Result<OfflineAnswer> restore(const Json& arguments, Instant now, const Say& progress) {
  RestoreOrder order;
  order.backup = text_of(arguments, "folder");
  order.data_dir = text_of(arguments, "data_dir");
  order.archive = text_of(arguments, "archive");
  order.replace = arguments.value("replace", false);
  order.now = now;
  if (arguments.contains("until")) {
    const auto until = parse_moment(text_of(arguments, "until"));
    if (!until) return tl::unexpected(until.error());
    if (order.archive.empty()) return failure("--until needs --archive, the archive of the log.");
    order.until = *until;
  }
  const auto restored = restore_backup(order, progress);
  if (!restored) return tl::unexpected(restored.error());
  return OfflineAnswer{to_json(*restored), {}};
}

}  // namespace

Result<OfflineAnswer> answer_offline(const Command& command, const Json& arguments, Instant now,
                                     const Say& progress) {
  if (command.name == "store info") return show_store(arguments);
  if (command.name == "store verify") return verify(arguments, progress);
  ENSURE(command.name == "backup restore", "every command that is done offline stands here");
  return restore(arguments, now, progress);
}

}  // namespace tandemq
