#include "admin/acl_commands.hpp"
#include "admin/command.hpp"
#include "admin/diverged_commands.hpp"
#include "admin/operator_commands.hpp"
#include "admin/passwd_commands.hpp"
#include "admin/store_commands.hpp"
#include "admin/transfer_commands.hpp"

#include <array>

namespace tandemq {
namespace {

using Show = CommandColumn::Show;
using Answer = Command::Answer;
using Place = Command::Place;

constexpr std::uint32_t kAny = 0xFFFFFFFF;

// Arguments.
constexpr CommandArgument word(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::word, CommandArgument::Type::text, true, 0, {}, about};
}
constexpr CommandArgument maybe_word(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::word, CommandArgument::Type::text, false, 0, {}, about};
}
constexpr CommandArgument choice(std::string_view name, bool required,
                                 std::span<const std::string_view> allowed,
                                 std::string_view about) {
  return {name, CommandArgument::Kind::word, CommandArgument::Type::text, required, 0, allowed,
          about};
}
constexpr CommandArgument text(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::option, CommandArgument::Type::text, false, 0, {}, about};
}
constexpr CommandArgument path_word(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::word, CommandArgument::Type::path, true, 0, {}, about};
}
constexpr CommandArgument path(std::string_view name, bool required, std::string_view about) {
  return {name, CommandArgument::Kind::option, CommandArgument::Type::path, required, 0, {}, about};
}
constexpr CommandArgument number(std::string_view name, std::uint32_t max, std::string_view about) {
  return {name, CommandArgument::Kind::option, CommandArgument::Type::number, false, max, {},
          about};
}
constexpr CommandArgument flag(std::string_view name, std::string_view about) {
  return {name, CommandArgument::Kind::flag, CommandArgument::Type::yes, false, 0, {}, about};
}

constexpr std::array<std::string_view, 3> kSubjects = {"client", "topic", "address"};
constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};

constexpr auto kClient = word("client", "The client id.");
constexpr auto kLimit = number("limit", kAny, "At most so many rows.");

constexpr CommandArgument kListArguments[] = {kLimit};
constexpr CommandArgument kClientArguments[] = {kClient};
constexpr CommandArgument kSubscriptionArguments[] = {text("client", "Only those of this client."),
                                                      kLimit};
constexpr CommandArgument kRetainedArguments[] = {
    maybe_word("filter", "A topic filter; without it '#', which leaves out topics with a '$'."),
    kLimit};
constexpr CommandArgument kTopicArguments[] = {word("topic", "The topic.")};
constexpr CommandArgument kFilterArguments[] = {word("filter", "A topic filter.")};
constexpr CommandArgument kPeekArguments[] = {
    kClient, number("limit", kAny, "At most so many messages; 10 if it is not given."),
    number("skip", kAny, "Leave out so many at the front.")};
constexpr CommandArgument kPublishArguments[] = {
    word("topic", "The topic."),
    maybe_word("payload", "The payload; without it an empty one."),
    text("payload_base64", "The payload in base64, for bytes that are no text."),
    number("qos", 2, "The QoS; 0 if it is not given."),
    flag("retain",
         "Keep it as the retained message of its topic; with an empty payload remove it."),
    number("expiry", kAny, "The Message Expiry Interval in seconds."),
    {"file",
     CommandArgument::Kind::option,
     CommandArgument::Type::text,
     false,
     0,
     {},
     "Take the payload from this file.",
     true},
    {"stdin",
     CommandArgument::Kind::flag,
     CommandArgument::Type::yes,
     false,
     0,
     {},
     "Take the payload from the standard input.",
     true}};
constexpr CommandArgument kSubscribeArguments[] = {
    {"filter",
     CommandArgument::Kind::words,
     CommandArgument::Type::text,
     true,
     0,
     {},
     "The topic filters."},
    number("qos", 2, "The highest QoS; 0 if it is not given.")};
constexpr CommandArgument kDropArguments[] = {
    text("client", "Only messages that this client did not get, or that were refused to it."),
    flag("follow", "Go on with those that are dropped from now on."), kLimit};
constexpr CommandArgument kTraceArguments[] = {
    choice("subject", true, kSubjects, "What to watch: client, topic or address."),
    word("value", "The client id, the topic filter, or the beginning of the address.")};
constexpr CommandArgument kTraceStopArguments[] = {
    choice("subject", false, kSubjects, "What was watched; without it every trace ends."),
    maybe_word("value", "As it was given to trace start.")};
constexpr CommandArgument kExplainArguments[] = {
    kClient, text("topic", "Only what is about this topic, and whether the client gets it at all."),
    text("since",
         "Only what happened from then on, as 2026-11-21T10:00:00Z or in milliseconds since 1970."),
    number("limit", kAny, "At most so many rows, the last ones; 100 if it is not given.")};
constexpr CommandArgument kConfigArguments[] = {
    flag("changed", "Only what differs from its default.")};
constexpr CommandArgument kLevelArguments[] = {
    choice("level", false, kLevels, "The new level; without it the level is only shown.")};
constexpr CommandArgument kInfoArguments[] = {
    path("data_dir", false, "Look into this data.dir, which no broker uses.")};
constexpr CommandArgument kVerifyArguments[] = {path("data_dir", true, "The data.dir.")};
constexpr CommandArgument kBackupArguments[] = {
    path_word("folder", "A folder on the broker's machine that does not exist or is empty.")};
constexpr CommandArgument kRestoreArguments[] = {
    path_word("folder", "The folder of the backup."),
    path("data_dir", true, "The data.dir that gets the store."),
    path("archive", false, "Go on with the records that stand in this store.archive_dir."),
    text("until",
         "With --archive: up to this time, as 2026-11-21T10:00:00Z or in milliseconds since 1970; "
         "without it as far as the archive goes."),
    flag("replace", "Move a store that is there to the quarantine in data.dir.")};

// Columns.
constexpr CommandColumn kClientColumns[] = {
    {"client", "CLIENT"},
    {"user", "USER"},
    {"address", "ADDRESS"},
    {"protocol", "MQTT"},
    {"connected_at", "CONNECTED", Show::age},
    {"keep_alive_s", "KEEP ALIVE", Show::seconds},
    {"inflight", "IN FLIGHT", Show::count},
    {"queued", "QUEUED", Show::count},
    {"subscriptions", "SUBSCRIPTIONS", Show::count},
    {"received", "RECEIVED", Show::count},
    {"sent", "SENT", Show::count},
};
constexpr CommandColumn kClientDetails[] = {
    {"client", "client"},
    {"user", "user"},
    {"address", "address"},
    {"listener", "listener"},
    {"protocol", "MQTT version"},
    {"connected_at", "connected since", Show::time},
    {"received_at", "last heard of", Show::age},
    {"keep_alive_s", "keep-alive", Show::seconds},
    {"session_expiry_s", "session expiry", Show::seconds},
    {"blocked", "blocked"},
    {"held", "held for memory"},
    {"throttled.count", "pauses for its rate", Show::count},
    {"throttled.ms", "- of together ms", Show::count},
    {"inflight", "in flight", Show::count},
    {"queued", "queued", Show::count},
    {"queued_bytes", "queued bytes", Show::bytes},
    {"subscriptions", "subscriptions", Show::count},
    {"ack.level", "acknowledged at"},
    {"ack.by", "- because of its"},
    {"received", "messages received", Show::count},
    {"sent", "messages sent", Show::count},
};
constexpr CommandColumn kSessionColumns[] = {
    {"client", "CLIENT"},
    {"user", "USER"},
    {"connected", "CONNECTED"},
    {"suspended_at", "AWAY FOR", Show::age},
    {"expiry_s", "EXPIRY", Show::seconds},
    {"inflight", "IN FLIGHT", Show::count},
    {"queued", "QUEUED", Show::count},
    {"queued_bytes", "QUEUED BYTES", Show::bytes},
    {"subscriptions", "SUBSCRIPTIONS", Show::count},
};
constexpr CommandColumn kSessionDetails[] = {
    {"client", "client"},
    {"user", "user"},
    {"connected", "connected"},
    {"durable", "durable"},
    {"opened_at", "opened", Show::time},
    {"suspended_at", "away since", Show::time},
    {"expires_at", "expires", Show::time},
    {"expiry_s", "session expiry", Show::seconds},
    {"inflight", "in flight", Show::count},
    {"queued", "queued", Show::count},
    {"queued_bytes", "queued bytes", Show::bytes},
    {"subscriptions", "subscriptions", Show::count},
    {"incoming", "QoS 2 not released", Show::count},
};
constexpr CommandColumn kSubscriptionColumns[] = {
    {"client", "CLIENT"},     {"filter", "FILTER"},
    {"qos", "QOS"},           {"identifier", "IDENTIFIER"},
    {"no_local", "NO LOCAL"}, {"retain_as_published", "RETAIN AS PUBLISHED"},
    {"granted", "GRANTED"},
};
constexpr CommandColumn kRetainedColumns[] = {
    {"topic", "TOPIC"},
    {"qos", "QOS"},
    {"payload_bytes", "SIZE", Show::bytes},
    {"published_at", "PUBLISHED", Show::age},
    {"publisher", "PUBLISHER"},
};
constexpr CommandColumn kMessageDetails[] = {
    {"topic", "topic"},
    {"qos", "QoS"},
    {"payload_bytes", "size", Show::bytes},
    {"published_at", "published", Show::time},
    {"expires_at", "expires", Show::time},
    {"publisher", "publisher"},
    {"payload", "payload", Show::payload},
};
constexpr CommandColumn kQueueDetails[] = {
    {"client", "client"},
    {"connected", "connected"},
    {"inflight", "in flight", Show::count},
    {"queued", "queued", Show::count},
    {"queued_bytes", "queued bytes", Show::bytes},
    {"messages_max", "limit of messages", Show::count},
    {"bytes_max", "limit of bytes", Show::bytes},
    {"oldest_at", "oldest message", Show::age},
};
constexpr CommandColumn kPeekColumns[] = {
    {"sequence", "SEQUENCE"},
    {"phase", "PHASE"},
    {"packet_id", "PACKET ID"},
    {"qos", "QOS"},
    {"published_at", "PUBLISHED", Show::age},
    {"payload_bytes", "SIZE", Show::bytes},
    {"topic", "TOPIC"},
    {"payload", "PAYLOAD", Show::payload},
};
constexpr CommandColumn kSubscribeColumns[] = {
    {"at", "TIME", Show::time},
    {"qos", "QOS"},
    {"retain", "RETAIN"},
    {"topic", "TOPIC"},
    {"payload", "PAYLOAD", Show::payload},
};
constexpr CommandColumn kDropColumns[] = {
    {"sequence", "SEQUENCE"},           {"at", "TIME", Show::time}, {"reason", "REASON"},
    {"count", "MESSAGES", Show::count}, {"client", "CLIENT"},       {"topic", "TOPIC"},
};
constexpr CommandColumn kTraceColumns[] = {
    {"at", "TIME", Show::time}, {"client", "CLIENT"}, {"address", "ADDRESS"},
    {"text", "EVENT"},          {"topic", "TOPIC"},
};
constexpr CommandColumn kExplainColumns[] = {
    {"at", "TIME", Show::time}, {"lsn", "RECORD"},    {"event", "EVENT"},
    {"packet_id", "PACKET ID"}, {"qos", "QOS"},       {"message", "MESSAGE"},
    {"topic", "TOPIC"},         {"detail", "DETAIL"},
};
constexpr CommandColumn kConfigColumns[] = {
    {"key", "KEY"},
    {"value", "VALUE"},
    {"default", "DEFAULT"},
    {"changed", "CHANGED"},
};
constexpr CommandColumn kReloadColumns[] = {{"change", "CHANGE"}};
constexpr CommandColumn kCertificateColumns[] = {
    {"listener", "LISTENER"},
    {"certificate", "CERTIFICATE"},
    {"expires_at", "EXPIRES", Show::time},
    {"valid", "VALID"},
};
constexpr CommandColumn kKicked[] = {{"kicked", "disconnected"}};
constexpr CommandColumn kDeletedSession[] = {{"deleted", "deleted"}};
constexpr CommandColumn kDeletedCount[] = {{"deleted", "deleted", Show::count}};
constexpr CommandColumn kPurged[] = {{"purged", "purged", Show::count}};
constexpr CommandColumn kPublished[] = {{"result", "published"}};
constexpr CommandColumn kStopped[] = {{"stopped", "stopped", Show::count}};
constexpr CommandColumn kLevel[] = {{"level", "level"}};

constexpr Command kCommands[] = {
    {"status",
     Answer::record,
     {},
     kStatusColumns,
     "Shows version, role and why the node has it, what it would do if the other node died now, "
     "counts of what the broker holds, and what it has done since its start."},
    {"events", Answer::rows, kEventArguments, kEventColumns,
     "Lists the last changes of this node's role, with their reasons, the newest last; also those "
     "before a restart."},
    {"wait", Answer::record, kWaitArguments, kWaitColumns,
     "Waits until the node has a role, and its standby or itself is in sync; also for a broker "
     "that "
     "is not there yet. The exit status is 0, or 1 if it has not come so far in time.",
     Place::assisted},
    {"health", Answer::record, kHealthArguments, kHealthColumns,
     "Says whether the node is ready: whether it serves, or could take over at once. For scripts "
     "and load balancers: the exit status is 0 for yes, 1 for no, 2 if no broker answers."},
    {"doctor", Answer::rows, kDoctorArguments, kDoctorColumns,
     "Looks at the node, its machine, its configuration, keepalived and the other node, and says "
     "in "
     "one line each what is in order, and what is wrong and what to do. Without a broker it looks "
     "at "
     "the file that --config names, or /etc/tandemq/tandemq.conf. Run it as root on both nodes. "
     "The "
     "exit status is 1 if there is an error.",
     Place::assisted},
    {"verify",
     Answer::record,
     {},
     kPairVerifyColumns,
     "Compares the digests of both nodes' sessions, subscriptions and queues, and the counts of "
     "all else, while both work; ask the primary. The exit status is 0 if they are equal, 1 if "
     "they differ (then the standby gets a full sync), 2 if it could not be done."},
    {"drill", Answer::rows, kDrillArguments, kDrillColumns,
     "Rehearses a failover, on the primary of a pair in sync: the leadership moves to the standby "
     "and back, while a prober connects every 10 ms as clients do. Shows log positions, sessions "
     "and digests before and after, what was lost (RPO) and how long nobody was served (RTO). The "
     "exit status is 0 only if all is as it was before; otherwise it says who leads and what to "
     "do.",
     Place::assisted},
    {"keepalived-config", Answer::record, kKeepalivedArguments, kKeepalivedColumns,
     "Prints a keepalived.conf for this node, every line explained, from its settings: vip.*, "
     "node.id, replication.*.",
     Place::assisted},
    {"promote", Answer::record, kPromoteArguments, kRoleColumns,
     "Makes this standby the primary, in a new term. Refused where acknowledged messages may be "
     "missing here or a primary is connected; the refusal says how far both logs go."},
    {"demote",
     Answer::record,
     {},
     kRoleColumns,
     "Makes this primary a standby: its clients are told to go, then it follows its peer. A "
     "standby in sync leads first, as with switchover; without one nobody leads until 'promote'."},
    {"switchover",
     Answer::record,
     {},
     kMoveColumns,
     "Moves the leadership to the standby, asked of either node: no new work is taken, all that is "
     "under way is acknowledged, and when both logs end at the same record the standby leads. It "
     "loses nothing. Refused, with the reason, when no standby is in sync; if it comes to nothing "
     "this node goes on."},
    {"fence", Answer::record, kFenceArguments, kFenceColumns,
     "Ends the other node by failover.fence_command of this one, waits for it, and shows its "
     "outcome and what it said; 'events' notes it. The exit status is 0 only if the command "
     "succeeded. It changes no role: what follows is what follows when that node dies. Refused "
     "while the other node is connected and in sync, unless forced."},
    {"witness show",
     Answer::record,
     {},
     kWitnessColumns,
     "Shows what this node knows of the witness: its record names who leads and who may."},
    {"witness init",
     Answer::record,
     {},
     kWitnessColumns,
     "Writes the first record of this cluster to the witness, by which this node is going to lead. "
     "Refused where there is one."},
    {"witness repair",
     Answer::record,
     {},
     kWitnessColumns,
     "Writes the record anew after the witness has lost it or it was damaged, on the node that "
     "leads; refused where there is one."},
    {"diverged list",
     Answer::rows,
     {},
     kTailColumns,
     "Lists the ends of logs that this node has cut off, because another primary's log does not "
     "have them."},
    {"diverged show", Answer::rows, kShowTailArguments, kTailRowColumns,
     "Shows what such a tail holds: its messages, and what else had happened."},
    {"diverged replay", Answer::live, kTailArguments, kReplayColumns,
     "Publishes the messages of a tail again, in their order, as this primary's own, and shows how "
     "many it has, the last line all of them. What has expired meanwhile is skipped. Copy the file "
     "to data.dir/diverged of the primary if it is on the other node."},
    {"diverged delete", Answer::record, kTailArguments, kDeletedTail, "Deletes a tail for good."},
    {"clients list", Answer::rows, kListArguments, kClientColumns,
     "Lists the clients that are connected."},
    {"clients show", Answer::record, kClientArguments, kClientDetails,
     "Shows one connected client."},
    {"clients kick", Answer::record, kClientArguments, kKicked,
     "Ends a client's connection with reason 0x98, Administrative action. Its will is published "
     "and its session stays, if it may outlive the connection."},
    {"sessions list", Answer::rows, kListArguments, kSessionColumns,
     "Lists the sessions, of clients that are connected and of those that are away."},
    {"sessions show", Answer::record, kClientArguments, kSessionDetails, "Shows one session."},
    {"sessions delete", Answer::record, kClientArguments, kDeletedSession,
     "Ends a session for good, with its subscriptions and its queue; a client that is connected is "
     "disconnected first. What waited is counted as dropped."},
    {"subscriptions list", Answer::rows, kSubscriptionArguments, kSubscriptionColumns,
     "Lists the subscriptions of all sessions, or of one client. One that the rules in force do "
     "not grant gives nothing until they grant it again."},
    {"retained list", Answer::rows, kRetainedArguments, kRetainedColumns,
     "Lists the retained messages whose topics the filter matches."},
    {"retained get", Answer::record, kTopicArguments, kMessageDetails,
     "Shows the retained message of a topic."},
    {"retained delete", Answer::record, kFilterArguments, kDeletedCount,
     "Deletes the retained messages whose topics the filter matches, and says how many."},
    {"queue show", Answer::record, kClientArguments, kQueueDetails,
     "Shows how much waits for a client."},
    {"queue peek", Answer::rows, kPeekArguments, kPeekColumns,
     "Shows what is in flight to a client and what waits, oldest first, with the first 1,024 bytes "
     "of each payload. Nothing is taken out."},
    {"queue purge", Answer::record, kClientArguments, kPurged,
     "Discards what waits for a client; what is in flight stays. It is counted as dropped."},
    {"publish", Answer::record, kPublishArguments, kPublished,
     "Publishes a message. The answer comes when it is as durable as an acknowledged message of a "
     "client."},
    {"subscribe", Answer::live, kSubscribeArguments, kSubscribeColumns,
     "Shows messages as they come, until it is interrupted. What is not taken in time waits, but "
     "some of QoS 0 may be left out; a line then says how many."},
    {"drops", Answer::rows, kDropArguments, kDropColumns,
     "Shows the last messages that were not delivered, with the reason. limits.drops_kept says how "
     "many are remembered."},
    {"explain", Answer::rows, kExplainArguments, kExplainColumns,
     "Says why a client has or has not got its messages: what was sent to it, when, with which "
     "packet id, what it acknowledged, and then in sentences what is in flight, what waits and "
     "why, what was dropped. The answer comes from the log, from the state and from the protocol "
     "events that are always remembered (limits.history_events); nothing has to be switched on "
     "before."},
    {"trace start", Answer::live, kTraceArguments, kTraceColumns,
     "Shows protocol events of a client, a topic or an address as they happen, until it is "
     "interrupted or stopped."},
    {"trace stop", Answer::record, kTraceStopArguments, kStopped,
     "Ends traces that run in other terminals: all, or those of one subject."},
    {"store info", Answer::record, kInfoArguments, kInfoColumns,
     "Shows how large log and tables are, which records the log holds, and the room on the disk.",
     Place::either},
    {"store verify", Answer::record, kVerifyArguments, kVerifyColumns,
     "Reads the whole store of a data.dir that no broker uses: every checksum, every record, the "
     "state that follows, its invariants. Changes nothing. What is damaged is listed, and the exit "
     "status is 1.",
     Place::offline},
    {"backup create", Answer::live, kBackupArguments, kBackupColumns,
     "Copies the store while the broker serves, as it is at one moment, and verifies the copy. It "
     "is made by the broker, so its user must be able to write the folder. On the disk of data.dir "
     "it takes little room at first: it shares files."},
    {"backup restore", Answer::record, kRestoreArguments, kRestoreColumns,
     "Makes a backup the store of a data.dir that no broker uses, verifies it, and with --archive "
     "takes it on to a point in time. If anything is wrong nothing is changed.",
     Place::offline},
    {"export", Answer::rows, kExportArguments, kExportColumns,
     "Writes what is durable as lines of JSON: sessions, subscriptions, what is in flight and what "
     "waits, retained messages, wills. The broker goes on meanwhile: each page of some 1,000 lines "
     "is true at its moment, and what is delivered before its page comes is not in it."},
    {"import", Answer::record, kImportArguments, kImportColumns,
     "Takes the lines of an export into a running broker. What cannot be taken is refused line by "
     "line, with the reason, and the exit status is 1: so is everything of a client that is "
     "connected, or has a session already. Imported sessions wait for their clients.",
     Command::Place::assisted},
    {"import mosquitto", Answer::record, kImportMosquittoArguments, kImportColumns,
     "Brings a Mosquitto 2.0 over: translates its configuration, lists what has no equivalent, and "
     "imports sessions, subscriptions, queues and retained messages of its mosquitto.db into a "
     "running broker. Stop Mosquitto first, it writes the file when it stops.",
     Command::Place::assisted},
    {"import lines", Answer::record, kImportLinesArguments, kImportColumns,
     "Takes some lines; import sends a file in this way, 1,000 lines or 1 MB at a time."},
    {"acl test", Answer::record, kAclTestArguments, kAclTestColumns,
     "Says whether somebody may publish, subscribe or receive, and which rule of auth.acl_file has "
     "decided, with its user, group or role."},
    {"passwd set", Answer::record, kPasswdSetArguments, kPasswdColumns,
     "Puts a user into a password file, or gives it a new password, which is read from the "
     "terminal or is the first line of the standard input.",
     Place::offline},
    {"passwd delete", Answer::record, kPasswdDeleteArguments, kPasswdColumns,
     "Takes a user out of a password file.", Place::offline},
    {"passwd list", Answer::rows, kPasswdListArguments, kPasswdListColumns,
     "Lists the users of a password file, and how their passwords are hashed.", Place::offline},
    {"config show", Answer::rows, kConfigArguments, kConfigColumns, "Lists the settings in force."},
    {"config reload",
     Answer::rows,
     {},
     kReloadColumns,
     "Reads the configuration again, as SIGHUP does, and lists what has changed and what needs a "
     "restart."},
    {"tls list",
     Answer::rows,
     {},
     kCertificateColumns,
     "Lists the certificates of the listeners with TLS, and until when they are valid."},
    {"tls reload",
     Answer::rows,
     {},
     kReloadColumns,
     "Reads the certificates, keys and revocation lists of the listeners again, for connections "
     "that come from now on. If one of them is bad all stay as they were."},
    {"log level", Answer::record, kLevelArguments, kLevel,
     "Shows or sets the least weight of what is logged, until the next start or reload."},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace tandemq
