#include "broker/history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace tandemq {
namespace {

constexpr unsigned kTextBits = 8;       // Of the size in a HistoryText.
constexpr std::size_t kTextShare = 16;  // Bytes of text an event; many share the one before.

// The lsn whose lower half is known and which is not far from `near`.
Lsn whole_lsn(std::uint32_t low, Lsn near) {
  return near - (static_cast<std::uint32_t>(near) - low);
}

}  // namespace

std::string_view name(Happening what) {
  switch (what) {
    case Happening::opened:
      return "session opened";
    case Happening::resumed:
      return "session resumed";
    case Happening::refused:
      return "CONNECT refused";
    case Happening::suspended:
      return "disconnected";
    case Happening::ended:
      return "session ended";
    case Happening::subscribed:
      return "SUBSCRIBE";
    case Happening::unsubscribed:
      return "UNSUBSCRIBE";
    case Happening::publish_in:
      return "PUBLISH in";
    case Happening::answered:
      return "answer";
    case Happening::pubrel_in:
      return "PUBREL in";
    case Happening::publish_out:
      return "PUBLISH out";
    case Happening::pubrel_out:
      return "PUBREL out";
    case Happening::puback_in:
      return "PUBACK in";
    case Happening::pubrec_in:
      return "PUBREC in";
    case Happening::pubcomp_in:
      return "PUBCOMP in";
    case Happening::acknowledged:
      return "acknowledged";
    case Happening::queued:
      return "queued";
    case Happening::passed_over:
      return "not queued";
    case Happening::discarded:
      return "discarded";
    case Happening::dropped:
      return "dropped";
  }
  return "unknown";
}

void History::keep_at_most(std::size_t events_max) {
  const std::uint64_t places = std::bit_ceil(std::max<std::uint64_t>(events_max, 1));
  if (events_ && places == mask_ + 1 && on_ == (events_max > 0)) return;
  on_ = events_max > 0;
  mask_ = places - 1;
  text_mask_ = places * kTextShare - 1;
  appended_ = texts_size_ = 0;
  events_ = std::make_unique<HistoryEvent[]>(places);
  texts_ = std::make_unique<char[]>(places * kTextShare + kTextMax);
}

HistoryText History::put_text(std::string_view text) {
  const std::uint64_t at = texts_size_;
  const std::size_t size = std::min(text.size(), kTextMax);
  texts_size_ += size;
  std::memmove(&texts_[at & text_mask_], text.data(), size);
  return static_cast<HistoryText>((at << kTextBits) | size);
}

std::uint64_t History::size() const {
  return on_ ? std::min(appended_, mask_ + 1) : 0;
}

std::string_view History::text_at(HistoryText place) const {
  const std::uint64_t at = static_cast<std::uint64_t>(place) >> kTextBits;
  const std::size_t size = static_cast<std::uint64_t>(place) & kTextMax;
  if (texts_size_ - at > text_mask_ + 1) return {};  // Others have taken its place.
  return {&texts_[at & text_mask_], size};
}

HistoryCursor History::walk(std::string client_id, SessionId session) const {
  return {std::move(client_id), session, appended_, size() == 0, Instant::never()};
}

std::vector<HistoryRow> History::page(HistoryCursor& cursor, std::size_t visits,
                                      Lsn next_lsn) const {
  std::vector<HistoryRow> rows;
  const std::uint64_t oldest = appended_ - size();
  for (; visits > 0 && cursor.before > oldest; --visits) {
    const HistoryEvent& event = events_[--cursor.before & mask_];
    const std::string_view text = text_at(event.text);
    cursor.oldest = event.at;
    // They name the client; all others its session.
    const bool names = event.what == Happening::ended || event.what == Happening::refused;
    if (names && text == std::string_view(cursor.client_id).substr(0, kTextMax)) {
      if (event.what == Happening::ended) cursor.session = event.session;
    } else if (names || event.session == SessionId::none || event.session != cursor.session) {
      continue;
    }
    rows.push_back({event.at, whole_lsn(event.lsn, next_lsn), event.what, event.message,
                    event.number, event.detail, event.qos, std::string(text)});
    if (event.what == Happening::opened) cursor.session = SessionId::none;
  }
  cursor.done = cursor.before <= oldest;
  return rows;
}

}  // namespace tandemq
