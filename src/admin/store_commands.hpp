// What the commands of the table show that are about the store and its backups.
#pragma once

#include "admin/command.hpp"

namespace tandemq {

inline constexpr CommandColumn kInfoColumns[] = {
    {"first_lsn", "first record of the log", CommandColumn::Show::count},
    {"last_lsn", "last record of the log", CommandColumn::Show::count},
    {"log_bytes", "log", CommandColumn::Show::bytes},
    {"tables_at", "tables stand at record", CommandColumn::Show::count},
    {"tables.sessions.rows", "sessions, about", CommandColumn::Show::count},
    {"tables.sessions.bytes", "-", CommandColumn::Show::bytes},
    {"tables.subscriptions.rows", "subscriptions, about", CommandColumn::Show::count},
    {"tables.subscriptions.bytes", "-", CommandColumn::Show::bytes},
    {"tables.messages.rows", "messages, about", CommandColumn::Show::count},
    {"tables.messages.bytes", "-", CommandColumn::Show::bytes},
    {"tables.queue.rows", "queued, about", CommandColumn::Show::count},
    {"tables.queue.bytes", "-", CommandColumn::Show::bytes},
    {"tables.retained.rows", "retained, about", CommandColumn::Show::count},
    {"tables.retained.bytes", "-", CommandColumn::Show::bytes},
    {"tables.wills.rows", "wills, about", CommandColumn::Show::count},
    {"tables.wills.bytes", "-", CommandColumn::Show::bytes},
    {"store_bytes", "on the disk", CommandColumn::Show::bytes},
    {"disk_free_bytes", "free on the disk", CommandColumn::Show::bytes},
    {"disk_low", "disk too full for more"},
    {"memory.bodies", "messages in the broker", CommandColumn::Show::count},
    {"memory.bodies_bytes", "of them in memory", CommandColumn::Show::bytes},
    {"archived", "archived up to record", CommandColumn::Show::count},
};
inline constexpr CommandColumn kVerifyColumns[] = {
    {"sound", "sound"},
    {"first_lsn", "first record of the log", CommandColumn::Show::count},
    {"position", "last record of the log", CommandColumn::Show::count},
    {"tables_at", "tables stand at record", CommandColumn::Show::count},
    {"records", "records", CommandColumn::Show::count},
    {"replayed", "records behind the tables", CommandColumn::Show::count},
    {"rows.sessions", "rows of sessions", CommandColumn::Show::count},
    {"rows.subscriptions", "rows of subscriptions", CommandColumn::Show::count},
    {"rows.messages", "rows of messages", CommandColumn::Show::count},
    {"rows.queue", "rows of queues", CommandColumn::Show::count},
    {"rows.retained", "rows of retained messages", CommandColumn::Show::count},
    {"rows.wills", "rows of wills", CommandColumn::Show::count},
    {"sessions", "sessions", CommandColumn::Show::count},
    {"messages", "messages", CommandColumn::Show::count},
    {"digest", "digest"},
    {"damaged", "damaged parts", CommandColumn::Show::count},
};
inline constexpr CommandColumn kBackupColumns[] = {{"progress", "PROGRESS"}};
inline constexpr CommandColumn kRestoreColumns[] = {
    {"position", "last record", CommandColumn::Show::count},
    {"last_at", "of", CommandColumn::Show::time},
    {"backup.created_at", "backup of", CommandColumn::Show::time},
    {"backup.node", "of node"},
    {"archived", "records from the archive", CommandColumn::Show::count},
    {"archive_ended", "archive ended before --until"},
    {"sessions", "sessions", CommandColumn::Show::count},
    {"messages", "messages", CommandColumn::Show::count},
    {"digest", "digest"},
    {"moved_to", "old store moved to"},
};

}  // namespace tandemq
