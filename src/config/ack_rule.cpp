#include "config/ack_rule.hpp"

#include "config/sync_policy.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <array>

namespace tandemq {
namespace {

constexpr std::array<std::string_view, kCommitLevels> kNames = {
    "memory", "async", "local", "received", "standby", "standby_flushed"};
constexpr std::array kOffered = {CommitLevel::memory, CommitLevel::local, CommitLevel::written,
                                 CommitLevel::flushed};

// Takes the first word off.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlank));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return word;
}

}  // namespace

std::string_view name(CommitLevel level) {
  return kNames[index(level)];
}

Result<CommitLevel> parse_ack_level(std::string_view text) {
  for (const CommitLevel level : kOffered)
    if (name(level) == text) return level;
  return failure("'" + std::string(text) +
                 "' is no level: expected memory, local, standby or standby_flushed");
}

Result<AckRule> parse_ack_rule(std::string_view text) {
  const auto refused = [whole = std::string(text)](const std::string& why) {
    return failure("'" + whole + "': " + why);
  };
  const auto level = parse_ack_level(take_word(text));
  if (!level) return refused(level.error().text);
  AckRule rule;
  rule.level = *level;
  const std::string_view about = take_word(text);
  rule.name = text;
  if (about == "user") {
    rule.about = AckRule::About::user;
    if (rule.name.empty()) return refused("expected the name of a user behind 'user'");
    return rule;
  }
  if (about != "topic") return refused("expected 'topic FILTER' or 'user NAME' behind the level");
  if (is_shared(rule.name) || !is_valid_filter(rule.name))
    return refused("'" + rule.name + "' is no topic filter" +
                   (rule.name.empty() ? "; for every topic set it on the listener" : ""));
  return rule;
}

std::string text_of(const AckRule& rule) {
  return std::string(name(rule.level)) +
         (rule.about == AckRule::About::user ? " user " : " topic ") + rule.name;
}

bool is_relaxed(const Config& config) {
  const auto sync = parse_sync_policy(config.store.sync);
  return config.replication.peer.empty() && sync && sync->mode != SyncPolicy::Mode::commit;
}

CommitLevel node_level(const Config& config) {
  return is_relaxed(config) ? CommitLevel::async : level_of(config.replication.mode);
}

}  // namespace tandemq
