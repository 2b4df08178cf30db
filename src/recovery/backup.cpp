#include "recovery/backup.hpp"

#include "base/version.hpp"
#include "recovery/files.hpp"
#include "recovery/verify.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace tandemq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string text_of(const Backup& backup) {
  const Json json{{"format", kBackupFormat},
                  {"created_at", backup.created_at.ms},
                  {"node", backup.node},
                  {"version", backup.version},
                  {"position",
                   {{"term", backup.position.term.counter},
                    {"term_node", backup.position.term.node},
                    {"lsn", backup.position.lsn},
                    {"chain", backup.position.chain}}},
                  {"sessions", backup.sessions},
                  {"messages", backup.messages},
                  {"digest", backup.digest}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::uint64_t number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string string_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Backup> fill(const RocksStore& store, const std::string& folder, const std::string& node,
                    Instant now, const std::function<void(const std::string&)>& progress) {
  const std::string copy = folder + "/store";
  progress("copying the store to " + copy);
  if (auto copied = store.checkpoint(copy); !copied) return tl::unexpected(copied.error());
  progress("verifying the copy");
  const auto verified = verify_folder(copy, progress);
  if (!verified) return tl::unexpected(verified.error());
  if (!verified->sound())
    return failure("the copy is not sound, and neither is the store: " + report_of(*verified));
  Backup backup;
  backup.created_at = now;
  backup.node = node;
  backup.version = kVersion;
  backup.position = verified->position;
  backup.sessions = verified->sessions;
  backup.messages = verified->messages;
  backup.digest = verified->digest;
  Result<void> written = sync_folder(copy);
  if (written) written = write_file(folder + "/backup.json", text_of(backup));
  if (written) written = sync_folder(folder);
  if (!written) return tl::unexpected(written.error());
  return backup;
}

}  // namespace

Result<Backup> create_backup(const RocksStore& store, const std::string& folder,
                             const std::string& node, Instant now,
                             const std::function<void(const std::string&)>& progress) {
  if (auto made = make_empty_folder(folder); !made) return tl::unexpected(made.error());
  auto backup = fill(store, folder, node, now, progress);
  if (!backup) {
    std::error_code ignored;  // What cannot be removed has no backup.json.
    fs::remove_all(folder + "/store", ignored);
    fs::remove(folder + "/backup.json", ignored);
  }
  return backup;
}

Result<Backup> read_backup(const std::string& folder) {
  const std::string path = folder + "/backup.json";
  const Result<std::string> text = read_file(path);
  if (!text) return failure(folder + " holds no backup: " + text.error().text);
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return failure(path + " cannot be understood: it is no JSON object");
  if (const std::uint64_t format = number_of(json, "format"); format != kBackupFormat)
    return failure(path + " is of format " + std::to_string(format) + ", which is not known; " +
                   std::to_string(kBackupFormat) + " is");
  const Json position = json.value("position", Json::object());
  Backup backup;
  backup.created_at.ms = static_cast<std::int64_t>(number_of(json, "created_at"));
  backup.node = string_of(json, "node");
  backup.version = string_of(json, "version");
  backup.position.term = {number_of(position, "term"), number_of(position, "term_node")};
  backup.position.lsn = number_of(position, "lsn");
  backup.position.chain = number_of(position, "chain");
  backup.sessions = number_of(json, "sessions");
  backup.messages = number_of(json, "messages");
  backup.digest = number_of(json, "digest");
  return backup;
}

}  // namespace tandemq
