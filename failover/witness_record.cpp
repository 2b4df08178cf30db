#include "failover/witness_record.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace tandemq {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMembersMax = 2;
// In the order of ReplicationMode.
constexpr std::array<std::string_view, 4> kModes = {"async", "received", "written", "flushed"};

// ---------------------------------------------------------------- text

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

// Reads the fields of objects and notes the first that is not as it should be.
class Fields {
 public:
  const Json& child(const Json& object, const char* name, Json::value_t type) {
    static const Json kNone;
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (found != object.end() && found->type() == type) return *found;
    damage(name);
    return kNone;
  }
  std::string text(const Json& object, const char* name) {
    const Json& field = child(object, name, Json::value_t::string);
    return field.is_string() ? field.get<std::string>() : std::string();
  }
  std::uint64_t number(const Json& object, const char* name) {
    const auto value = number_of(text(object, name));
    if (!value) damage(name);
    return value.value_or(0);
  }
  bool flag(const Json& object, const char* name) {
    const Json& field = child(object, name, Json::value_t::boolean);
    return field.is_boolean() && field.get<bool>();
  }
  void damage(const std::string& name) {
    if (damaged_.empty()) damaged_ = name;
  }
  [[nodiscard]] const std::string& damaged() const { return damaged_; }

 private:
  std::string damaged_;
};

WitnessMember parse_member(Fields& fields, const Json& json) {
  WitnessMember member;
  member.node = fields.text(json, "node");
  member.incarnation = fields.number(json, "incarnation");
  member.boot = fields.text(json, "boot");
  if (member.node.empty()) fields.damage("node");
  return member;
}

WitnessRecord parse_fields(Fields& fields, const Json& json) {
  WitnessRecord record;
  const Json& term = fields.child(json, "term", Json::value_t::object);
  record.term.counter = fields.number(term, "counter");
  record.term.node = fields.number(term, "node");
  record.primary = fields.text(json, "primary");
  for (const Json& member : fields.child(json, "insync", Json::value_t::array))
    record.insync.push_back(parse_member(fields, member));
  const std::string mode = fields.text(json, "mode");
  const auto* const known = std::find(kModes.begin(), kModes.end(), mode);
  if (known == kModes.end()) fields.damage("mode");
  record.mode = static_cast<ReplicationMode>(known - kModes.begin());
  record.renew = fields.number(json, "renew");
  record.released = fields.flag(json, "released");
  record.settled = fields.flag(json, "settled");
  return record;
}

// The primary, or the primary and another node.
bool is_pair(const WitnessRecord& record) {
  const auto& insync = record.insync;
  if (insync.empty() || insync.size() > kMembersMax || insync[0].node != record.primary)
    return false;
  return insync.size() == 1 || insync[1].node != record.primary;
}

std::string damaged_text(const std::string& what) {
  return "The record at the witness is damaged: " + what +
         ". `tandemqctl witness repair` writes a new one.";
}

// ---------------------------------------------------------------- rules

// Of the log that the member had acknowledged, is all there?
Result<void> check_kept(const WitnessRecord& record, const WitnessMember& listed,
                        const WitnessMember& us) {
  const bool was_standby = listed.node != record.primary || !record.settled;
  const bool in_memory = record.mode == ReplicationMode::received && was_standby;
  if (in_memory && listed.incarnation != us.incarnation)
    return failure("node '" + us.node +
                   "' was restarted after it was in sync, and replication.mode = received keeps "
                   "acknowledged messages in memory only");
  if (record.mode != ReplicationMode::flushed && listed.boot != us.boot)
    return failure("node '" + us.node +
                   "' was rebooted after it was in sync, and only replication.mode = flushed has "
                   "acknowledged messages on the disks of both nodes");
  return {};
}

Result<WitnessRecord> next_of(const WitnessRecord& record, Term ours) {
  if (record.term != ours)
    return failure("node '" + record.primary + "' leads at the witness, in term " +
                   std::to_string(record.term.counter) + ", and not this node in term " +
                   std::to_string(ours.counter));
  if (record.released) return failure("this node has released its leadership at the witness");
  ENSURE(is_pair(record), "a record is checked where it comes in");
  WitnessRecord next = record;
  ++next.renew;
  next.settled = true;
  return next;
}

}  // namespace

std::string witness_text(const WitnessRecord& record) {
  Json members = Json::array();
  for (const WitnessMember& member : record.insync)
    members.push_back(Json{{"node", member.node},
                           {"incarnation", std::to_string(member.incarnation)},
                           {"boot", member.boot}});
  const Json json = {{"format", record.format},
                     {"term", Json{{"counter", std::to_string(record.term.counter)},
                                   {"node", std::to_string(record.term.node)}}},
                     {"primary", record.primary},
                     {"insync", std::move(members)},
                     {"mode", kModes.at(static_cast<std::size_t>(record.mode))},
                     {"renew", std::to_string(record.renew)},
                     {"released", record.released},
                     {"settled", record.settled}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<WitnessRecord> parse_witness_record(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return failure(damaged_text("it is no JSON object"));
  const auto format = json.find("format");
  if (format == json.end() || !format->is_number_unsigned() || *format == 0U)
    return failure(damaged_text("its \"format\" is missing or wrong"));
  if (*format > kWitnessFormat)
    return failure("The record at the witness has format " + format->dump() +
                   ", and this program knows " + std::to_string(kWitnessFormat) +
                   ": the other node is newer, upgrade this one.");
  Fields fields;
  WitnessRecord record = parse_fields(fields, json);
  if (!fields.damaged().empty())
    return failure(damaged_text("its \"" + fields.damaged() + "\" is missing or wrong"));
  if (!is_pair(record))
    return failure(damaged_text("\"insync\" is not the primary and at most one other node"));
  return record;
}

WitnessRecord first_record(const WitnessMember& us, Term term, ReplicationMode mode) {
  WitnessRecord record;
  record.term = term;
  record.primary = us.node;
  record.insync = {us};
  record.mode = mode;
  record.settled = true;
  return record;
}

Result<WitnessRecord> claim(const WitnessRecord& record, const WitnessMember& us, Term term,
                            bool pair_here) {
  const auto listed =
      std::find_if(record.insync.begin(), record.insync.end(),
                   [&](const WitnessMember& member) { return member.node == us.node; });
  if (listed == record.insync.end())
    return failure("node '" + us.node + "' is not in sync at the witness; node '" + record.primary +
                   "' has gone on without it");
  const bool sure = (record.insync.size() == 1 && record.settled) || pair_here;
  if (const auto kept = sure ? Result<void>() : check_kept(record, *listed, us); !kept)
    return tl::unexpected(kept.error());
  if (term <= record.term)
    return failure("term " + std::to_string(term.counter) + " is not above the witness's, " +
                   std::to_string(record.term.counter));
  WitnessRecord next = first_record(us, term, record.mode);
  next.renew = record.renew + 1;
  next.settled = false;
  return next;
}

Result<WitnessRecord> go_alone(const WitnessRecord& record, Term ours) {
  auto next = next_of(record, ours);
  if (next) next->insync.resize(1);
  return next;
}

Result<WitnessRecord> admit(const WitnessRecord& record, Term ours, const WitnessMember& standby,
                            ReplicationMode mode) {
  auto next = next_of(record, ours);
  if (!next) return next;
  if (standby.node == record.primary)
    return failure("the standby has our node.id, '" + standby.node + "'");
  next->insync = {record.insync[0], standby};
  next->mode = mode;
  return next;
}

Result<WitnessRecord> renewed(const WitnessRecord& record, Term ours) {
  return next_of(record, ours);
}

Result<WitnessRecord> release(const WitnessRecord& record, Term ours) {
  auto next = next_of(record, ours);
  if (next) next->released = true;
  return next;
}

}  // namespace tandemq
