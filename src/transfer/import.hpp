// Import: lines (transfer/line.hpp) into a broker that runs, by the same rules as everything else:
// a change goes through Turn::apply, so it is in the log and on the standby before it is answered.
// A session that is imported waits for its client, with its expiry counted from the import.
// Whatever cannot be taken is refused line by line; of a client that is connected, or has a session
// that is not of this import, nothing is touched.
// An Importer lives as long as one import. Core thread.
#pragma once

#include "base/result.hpp"
#include "broker/turn.hpp"
#include "transfer/line.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace tandemq {

inline constexpr std::size_t kImportPageLines = 1'000;
inline constexpr std::size_t kImportPageBytes = 1'000'000;  // Unless a line alone is longer.

struct RefusedLine {
  std::size_t line = 0;  // Of the page, from 0.
  std::string why;       // A sentence.
};

struct ImportReport {
  std::array<std::uint64_t, std::variant_size_v<Line>> taken{};  // By Line::index().
  std::uint64_t expired = 0;  // Messages whose Message Expiry Interval has run out meanwhile.
  std::vector<RefusedLine> refused;
};

class Importer {
 public:
  // `replace`: sessions and wills that are here and away make room for those of the lines.
  explicit Importer(bool replace) : replace_(replace) {}

  // The error says why nothing of the page was taken.
  Result<ImportReport> take(Turn& turn, const std::vector<Line>& page);

 private:
  // Bodies stay for lines that name them later, as many as fit into this.
  static constexpr std::uint64_t kKeptBytes = 64'000'000;

  enum class Taken : std::uint8_t { yes, expired };
  struct Known {
    MessageId stored = MessageId::none;  // Its id here; none until a line names it.
    Instant expires_at = Instant::never();
    std::size_t size = 0;
    MessageRef body;  // Null if it is not kept any more.
  };

  Result<Taken> take_line(Turn& turn, const HeaderLine& line);
  Result<Taken> take_line(Turn& turn, const SessionLine& line);
  Result<Taken> take_line(Turn& turn, const SubscriptionLine& line);
  Result<Taken> take_line(Turn& turn, const MessageLine& line);
  Result<Taken> take_line(Turn& turn, const QueuedLine& line);
  Result<Taken> take_line(Turn& turn, const RetainedLine& line);
  Result<Taken> take_line(Turn& turn, const WillLine& line);

  Result<void> make_room(Turn& turn, const SessionLine& line);
  Result<const Session*> session_of(const Turn& turn, std::string_view client) const;
  [[nodiscard]] bool is_imported(const Session& session) const;
  void keep(const MessageRef& message);
  Result<Known*> find(MessageId id);
  // Why the message cannot wait for the session; empty if it can.
  [[nodiscard]] static std::string limit_reached(const Turn& turn, const Session& session,
                                                 const Known& known);
  // What the log knows of the message, stored now if nobody has named it before.
  Result<const StoredMessage*> store(Turn& turn, Known& known, bool with_body);

  bool replace_;
  std::unordered_map<SessionId, Instant> sessions_;  // Of this import; when each was opened.
  std::unordered_map<MessageId, Known> messages_;    // By the id of the lines.
  std::deque<MessageId> kept_;                       // Those whose body is kept, oldest first.
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace tandemq
