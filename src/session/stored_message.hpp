// StoredMessage: a message of the log, alive as long as a delivery or a retained topic refers to
// it. Its body may leave memory once its row is in the table and be read back; what decisions need
// of it (size, expiry) stays.
// Part of State: changed by State alone. Not copied or moved: deliveries point to it.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "journal/message.hpp"

#include <cstdint>

#include <boost/intrusive/list.hpp>

namespace tandemq {

struct StoredMessage
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  MessageRef body;  // Null while it is in the table only.
  MessageId id = MessageId::none;
  Instant expires_at = Instant::never();
  std::uint64_t digest = 0;  // Of the body, while it is away.
  std::uint32_t size = 0;    // Message::size()
  std::uint32_t references = 0;
  mutable std::uint32_t counted = 0;  // State::check()'s own.
  bool tabled = false;                // It has a row, or the changes under way give it one.
  bool retained = false;              // A topic's: stays in memory, subscribers get it at once.
  bool lost = false;                  // Its row cannot be read.
};

// In the order of their ids, if nothing else is said.
using StoredList =
    boost::intrusive::list<StoredMessage, boost::intrusive::constant_time_size<false>>;

}  // namespace tandemq
