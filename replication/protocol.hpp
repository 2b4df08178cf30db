// Protocol: what two nodes say to each other once they have proved who they are (channel.hpp), as
// values and as bytes. README.md of this folder draws the bytes. Nothing here decides anything.
// Pure values.
#pragma once

#include "base/four_tuple.hpp"
#include "base/result.hpp"
#include "base/wire.hpp"
#include "journal/record.hpp"
#include "replication/term_history.hpp"
#include "session/tables.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tandemq {

// What a node can follow. A log may hold what belongs to its level only after both can read it.
inline constexpr std::uint32_t kFeatureLevel = 1;
inline constexpr std::size_t kFrameBytesMax = 512U << 20U;
inline constexpr std::size_t kTextBytesMax = 1'024;  // Of a sentence; a longer one is cut.

// How far an image has come, so that it can go on after the link was lost.
struct ImageProgress {
  std::uint64_t image = 0;  // Its number, of the node that makes it.
  Table table{};
  std::string last_key;    // Of that table; empty: none of it yet.
  std::uint64_t rows = 0;  // All rows so far.
  bool operator==(const ImageProgress&) const = default;
};

// The first frame of the dialler: who it is and how far its log goes.
struct Hello {
  std::uint32_t feature_level = kFeatureLevel;
  std::uint64_t incarnation = 0;  // Random, of the process.
  std::string boot_id;            // Of the machine.
  bool is_primary = false;
  bool outdated = false;    // Its primary went on without it.
  bool led_paired = false;  // It led last, with its standby, and has not gone on alone.
  Term term_seen;           // The highest one.
  Position end;             // Of its log.
  Lsn tables_at = 0;        // What is up to here cannot be cut.
  bool wants_image = false;
  std::optional<ImageProgress> image;
  TermHistory history;
  bool operator==(const Hello&) const = default;
};

// What the primary of `term` makes of a Hello.
struct Welcome {
  enum class Way : std::uint8_t {
    stream,  // Records from `lsn` on follow.
    cut,     // What is behind `lsn` is not in our log: export it, cut it off, and say Hello again.
    image,   // ImageBegin follows. What is behind `lsn` is not in our log.
  };
  std::uint32_t feature_level = kFeatureLevel;
  Term term;
  Way way{};
  Lsn lsn = 0;
  Position end;  // Of the primary's log.
  Lsn committed = 0;
  bool operator==(const Welcome&) const = default;
};

// The end of the connection, and why.
struct Refused {
  enum class Why : std::uint8_t {
    not_primary,    // `term` and `end` say what this node knows.
    superseded,     // `term` is newer than yours.
    feature_level,  // Yours is below ours.
    busy,           // Another standby is connected.
  };
  Why why{};
  Term term;
  Position end;
  std::string text;  // A sentence for the log.
  bool operator==(const Refused&) const = default;
};

// Of the log, in order, the first one at `first`.
struct Records {
  Lsn first = 0;
  Lsn committed = 0;   // Everything up to it is settled: the tables may hold it.
  bool flush = false;  // Somebody waits for them to be on the standby's disk.
  std::vector<std::string> records;
  bool operator==(const Records&) const = default;
};

// How far the standby is. The answer to Records and Ping.
struct Durable {
  Lsn received = 0;
  Lsn written = 0;  // To its operating system.
  Lsn flushed = 0;  // To its disk.
  // Of the last Ping: a standby that has answered it does not claim for heartbeat.timeout_ms.
  std::uint64_t ping = 0;
  bool operator==(const Durable&) const = default;
};

struct Ping {
  Lsn committed = 0;
  bool in_sync = false;      // The standby has all that was ever committed: it may be promoted.
  std::uint64_t number = 0;  // Of this link; the first one is 1.
  bool operator==(const Ping&) const = default;
};

struct ImageBegin {
  std::uint64_t image = 0;
  Position at;
  std::uint64_t rows = 0;  // About, for the progress.
  std::uint64_t bytes = 0;
  bool resumed = false;  // Rows go on behind the ImageProgress of the Hello.
  bool operator==(const ImageBegin&) const = default;
};

struct ImageRows {
  Table table{};
  std::vector<std::pair<std::string, std::string>> rows;  // Key and value; keys rise.
  bool operator==(const ImageRows&) const = default;
};

struct ImageTaken {
  std::uint64_t rows = 0;  // Since the beginning.
  bool operator==(const ImageTaken&) const = default;
};

struct ImageEnd {
  std::uint64_t rows = 0;
  std::uint64_t checksum = 0;  // image_checksum() of all of them.
  bool operator==(const ImageEnd&) const = default;
};

// Of a part of the State as it is behind the record `lsn`; sent right behind it.
struct StateDigest {
  Lsn lsn = 0;
  std::uint32_t first_session = 0;
  std::uint32_t last_session = 0;  // Not included.
  std::uint64_t digest = 0;
  bool operator==(const StateDigest&) const = default;
};

// The standby has found another digest at `lsn`, or another chain. It needs an image.
struct Differs {
  Lsn lsn = 0;
  std::string text;
  bool operator==(const Differs&) const = default;
};

// The primary goes on alone from `lsn`; the standby writes that down.
struct Outdated {
  Term term;
  Lsn lsn = 0;
  bool operator==(const Outdated&) const = default;
};

// What an operator wants to know of the other node; each side says it when they have met, and again
// now and then. Nothing is decided by it.
struct About {
  enum class Address : std::uint8_t { unknown, absent, here };  // The virtual one, on its machine.
  std::uint64_t at_ms = 0;  // What its clock says: milliseconds since 1970.
  Address address{};
  std::string version;  // Of its program.
  bool operator==(const About&) const = default;
};

// What the two say to each other when the leadership moves by plan.
struct HandOver {
  enum class Say : std::uint8_t {
    asked,     // The standby: its operator wants it to lead.
    refused,   // The primary: not now.
    offered,   // The primary: my log ends at `end`, nothing comes behind it: lead.
    taken,     // The standby: I lead, and begin with the record at `end`.
    declined,  // The standby: I do not lead, and `offered` is void.
  };
  Say say{};
  Position end;
  std::string text;  // Why not: a sentence.
  bool operator==(const HandOver&) const = default;
};

// What the standby should know of the moment, and no log holds: the clients of the primary, by
// their numbers. What is lost is no harm; the next connection begins with all of them.
struct Ephemeral {
  bool begins = false;  // Those of before are gone.
  std::vector<std::pair<std::uint64_t, FourTuple>> opened;
  std::vector<std::uint64_t> closed;
  bool operator==(const Ephemeral&) const = default;
};

using Frame =
    std::variant<Hello, Welcome, Refused, Records, Durable, Ping, ImageBegin, ImageRows, ImageTaken,
                 ImageEnd, StateDigest, Differs, Outdated, About, HandOver, Ephemeral>;

// The kind and the fields: what stands between the length and the tag of a frame.
void write_frame(Writer& writer, const Frame& frame);
// The error says which kind and which field.
Result<Frame> read_frame(ByteView bytes);

// Of rows in their order; begins with 0.
std::uint64_t image_checksum(std::uint64_t before, Table table, ByteView key, ByteView value);

}  // namespace tandemq
