// What the commands of the table take and show that are about the roles of two nodes, and about
// what one of them had when they went apart.
#pragma once

#include "admin/command.hpp"

namespace tandemq {

inline constexpr CommandArgument kPromoteArguments[] = {
    {"force",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Lead nevertheless: what is missing here is lost, and what a primary that is still "
     "there acknowledges is cut off its log later (see diverged list)."}};
inline constexpr CommandArgument kFenceArguments[] = {
    {"force",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Also a node that is connected and in sync."}};
inline constexpr CommandColumn kFenceColumns[] = {
    {"succeeded", "succeeded"}, {"end", "outcome"}, {"output", "output"}};
inline constexpr CommandColumn kMoveColumns[] = {
    {"from", "led until now"},
    {"to", "leads"},
    {"term", "term", CommandColumn::Show::count},
    {"lsn", "log position", CommandColumn::Show::count},
    {"took_ms", "after", CommandColumn::Show::duration}};
inline constexpr CommandColumn kRoleColumns[] = {
    {"role", "role"},
    {"node", "node"},
    {"term", "term", CommandColumn::Show::count},
    {"lsn", "log position", CommandColumn::Show::count}};

inline constexpr CommandArgument kTailArgument = {
    "name",
    CommandArgument::Kind::word,
    CommandArgument::Type::text,
    true,
    0,
    {},
    "The name of the tail, as diverged list shows it."};
inline constexpr CommandArgument kTailArguments[] = {kTailArgument};
inline constexpr CommandArgument kShowTailArguments[] = {kTailArgument,
                                                         {"messages",
                                                          CommandArgument::Kind::flag,
                                                          CommandArgument::Type::yes,
                                                          false,
                                                          0,
                                                          {},
                                                          "Only the messages."}};

inline constexpr CommandColumn kTailColumns[] = {
    {"name", "NAME"},
    {"term", "TERM"},
    {"first_lsn", "FIRST RECORD"},
    {"last_lsn", "LAST RECORD"},
    {"records", "RECORDS", CommandColumn::Show::count},
    {"messages", "MESSAGES", CommandColumn::Show::count},
    {"bytes", "SIZE", CommandColumn::Show::bytes},
    {"first_at", "FROM", CommandColumn::Show::time},
    {"last_at", "UNTIL", CommandColumn::Show::time},
    {"damage", "DAMAGE"},
};
inline constexpr CommandColumn kTailRowColumns[] = {
    {"lsn", "RECORD"},      {"at", "TIME", CommandColumn::Show::time},
    {"what", "WHAT"},       {"client", "CLIENT"},
    {"message", "MESSAGE"}, {"topic", "TOPIC"},
    {"qos", "QOS"},         {"retain", "RETAIN"},
    {"detail", "DETAIL"},   {"payload", "PAYLOAD", CommandColumn::Show::payload},
};
inline constexpr CommandColumn kReplayColumns[] = {
    {"published", "PUBLISHED", CommandColumn::Show::count},
    {"no_subscriber", "TO NO SUBSCRIBER", CommandColumn::Show::count},
    {"skipped", "SKIPPED", CommandColumn::Show::count},
    {"reasons", "REASONS"},
};
inline constexpr CommandColumn kDeletedTail[] = {{"deleted", "deleted"}};

}  // namespace tandemq
