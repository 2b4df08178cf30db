// Export: what is durable of a State as lines, in pages, so that clients do not feel it. Each page
// is true at its moment; between two of them the broker goes on. What has been delivered before its
// page came is not in the export; of a session whose window moves on meanwhile, what was written as
// waiting and what follows it waits, so that the lines can be imported.
// export_page() looks at the State, on the core thread; ExportText is the rest of the work, on any
// other.
#pragma once

#include "session/state.hpp"
#include "transfer/line.hpp"

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace tandemq {

struct ExportScope {
  std::string client;    // Its session and its will alone; empty: everything.
  bool sessions = true;  // With what hangs on them, and wills.
  bool retained = true;
};

struct ExportCursor {
  enum class Stage : std::uint8_t { sessions, retained, wills, done };

  Stage stage = Stage::sessions;
  std::uint32_t slot = 0;      // The session that is looked at next.
  std::string client;          // It has been begun; empty: not yet.
  Instant opened_at;           // The same client may have another session by now.
  bool has_filters = false;    // All of its subscriptions are written.
  bool waits = false;          // A delivery of it is written that waits.
  std::uint64_t sequence = 0;  // Of its next delivery.
  std::string after;           // The last filter of it, or the client id of the last will.
  TopicCursor topic;
};

struct ExportedLine {
  Line line;
  MessageRef message;  // The one it names; null if it names none, or one that is on disk only.
};

// Moves the cursor; a page may be empty before it is done.
std::vector<ExportedLine> export_page(const State& state, const ExportScope& scope,
                                      ExportCursor& cursor);

class ExportText {
 public:
  // What has to be read from the disk for this page.
  [[nodiscard]] std::vector<MessageId> wanted(const std::vector<ExportedLine>& page) const;
  // The lines of the page, each message once and before the first line that names it.
  std::vector<Line> lines(std::vector<ExportedLine> page, const std::vector<MessageRef>& bodies);
  // Deliveries whose message was gone when it was to be read.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  std::unordered_set<MessageId> written_;
  std::uint64_t left_out_ = 0;
};

}  // namespace tandemq
