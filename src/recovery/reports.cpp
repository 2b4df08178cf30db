#include "recovery/reports.hpp"

#include <array>
#include <charconv>
#include <string>

namespace tandemq {
namespace {

using Json = nlohmann::ordered_json;

// As a text: many readers of JSON know no numbers of 64 bits.
std::string hexadecimal(std::uint64_t number) {
  constexpr std::size_t kDigits = 16;
  std::array<char, kDigits> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  const std::string text(digits.begin(), end);
  return std::string(kDigits - text.size(), '0') + text;
}

}  // namespace

Json to_json(const StoreInfo& info, Lsn tables_at) {
  Json tables = Json::object();
  for (std::size_t i = 0; i < kTableCount; ++i)
    tables[std::string(name(static_cast<Table>(i)))] = {{"rows", info.tables[i].rows},
                                                        {"bytes", info.tables[i].bytes}};
  return {{"first_lsn", info.first_lsn}, {"last_lsn", info.last_lsn},
          {"log_bytes", info.log_bytes}, {"tables_at", tables_at},
          {"tables", std::move(tables)}, {"store_bytes", info.disk_bytes}};
}

Json to_json(const Verification& verification) {
  Json rows = Json::object();
  for (std::size_t i = 0; i < kTableCount; ++i)
    rows[std::string(name(static_cast<Table>(i)))] = verification.rows[i];
  Json damage = Json::array();
  for (const Damage& one : verification.damage)
    damage.push_back({{"where", one.where}, {"what", one.what}});
  for (const std::string& sentence : verification.broken)
    damage.push_back({{"where", "invariant"}, {"what", sentence}});
  return {{"sound", verification.sound()},
          {"first_lsn", verification.first_lsn},
          {"position", verification.position.lsn},
          {"tables_at", verification.tables_at},
          {"records", verification.records},
          {"replayed", verification.replayed},
          {"rows", std::move(rows)},
          {"sessions", verification.sessions},
          {"messages", verification.messages},
          {"digest", hexadecimal(verification.digest)},
          {"damaged", damage.size()},
          {"damage", std::move(damage)}};
}

Json to_json(const Backup& backup) {
  return {{"created_at", backup.created_at.ms},  {"node", backup.node},
          {"version", backup.version},           {"position", backup.position.lsn},
          {"sessions", backup.sessions},         {"messages", backup.messages},
          {"digest", hexadecimal(backup.digest)}};
}

Json to_json(const Restored& restored) {
  Json json{{"position", restored.position.lsn}};
  if (!restored.last_at.is_never()) json["last_at"] = restored.last_at.ms;
  json["backup"] = to_json(restored.backup);
  json["archived"] = restored.archived;
  json["archive_ended"] = restored.archive_ended;
  json["sessions"] = restored.sessions;
  json["messages"] = restored.messages;
  json["digest"] = hexadecimal(restored.digest);
  if (!restored.moved_to.empty()) json["moved_to"] = restored.moved_to;
  return json;
}

}  // namespace tandemq
