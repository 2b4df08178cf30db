// What the commands of the table that export and import take and show.
#pragma once

#include "admin/command.hpp"

namespace tandemq {

constexpr CommandArgument transfer_option(std::string_view name, std::string_view about,
                                          bool local) {
  return {name, CommandArgument::Kind::option, CommandArgument::Type::text, false, 0, {}, about,
          local};
}
constexpr CommandArgument transfer_flag(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::flag, CommandArgument::Type::yes, false, 0, {}, about};
}

inline constexpr auto kReplaceFlag = transfer_flag(
    "replace", "Sessions and wills of clients that are away make room for those of the file.");
inline constexpr auto kDryRunFlag =
    transfer_flag("dry_run", "Only read and check; nothing is written and no broker is asked.");

inline constexpr CommandArgument kExportArguments[] = {
    transfer_option("file", "Write to this file and not to the standard output.", true),
    transfer_option("client", "Only the session and the will of this client.", false),
    transfer_flag("retained_only", "Only retained messages."),
    transfer_flag("sessions_only", "Only sessions, with what hangs on them, and wills.")};
inline constexpr CommandArgument kImportArguments[] = {{"file",
                                                        CommandArgument::Kind::word,
                                                        CommandArgument::Type::text,
                                                        true,
                                                        0,
                                                        {},
                                                        "The file; - is the standard input."},
                                                       kReplaceFlag,
                                                       kDryRunFlag};
inline constexpr CommandArgument kImportLinesArguments[] = {
    {"lines",
     CommandArgument::Kind::word,
     CommandArgument::Type::text,
     true,
     0,
     {},
     "At most 1,000 lines of an export, each with a line feed between it and the next."},
    {"import",
     CommandArgument::Kind::option,
     CommandArgument::Type::number,
     false,
     0xFFFFFFFF,
     {},
     "The import that these lines go on with, as the answer to its first lines named it."},
    transfer_flag("last", "No lines follow."),
    kReplaceFlag};
inline constexpr CommandArgument kImportMosquittoArguments[] = {
    transfer_option("conf", "The mosquitto.conf.", false),
    transfer_option("db", "The mosquitto.db; without it the one that the configuration names.",
                    false),
    transfer_option("out", "Write the configuration to this new file; without it it is printed.",
                    false),
    transfer_flag("no_db", "Only translate the configuration."),
    kReplaceFlag,
    kDryRunFlag};

inline constexpr CommandColumn kExportColumns[] = {
    {"type", "TYPE"},   {"client", "CLIENT"},   {"id", "ID"},
    {"topic", "TOPIC"}, {"message", "MESSAGE"}, {"filter", "FILTER"},
};
inline constexpr CommandColumn kImportColumns[] = {
    {"import", "import"},
    {"taken.session", "sessions", CommandColumn::Show::count},
    {"taken.subscription", "subscriptions", CommandColumn::Show::count},
    {"taken.message", "messages", CommandColumn::Show::count},
    {"taken.queued", "queued", CommandColumn::Show::count},
    {"taken.retained", "retained", CommandColumn::Show::count},
    {"taken.will", "wills", CommandColumn::Show::count},
    {"expired", "expired meanwhile", CommandColumn::Show::count},
    {"refused_count", "refused", CommandColumn::Show::count},
};

}  // namespace tandemq
