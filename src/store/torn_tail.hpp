// Torn tail: where a write-ahead log of RocksDB ends in garbage because the power was lost in the
// middle of a write. RocksDB itself accepts a log that is cut short, but file systems also leave a
// tail of the full size with parts that were never written.
//
// Such a log is blocks of 32,768 bytes; what does not fit is split; less than 7 bytes stay empty:
//   u32 masked CRC-32C of type and data | u16 size | u8 type | data        (little-endian)
//   type: 1 whole, 2 first, 3 middle, 4 last part
//
// Pure.
#pragma once

#include "base/wire.hpp"

#include <cstddef>
#include <optional>

namespace tandemq {

// Where to cut the log: at the first entry that is not whole, if not one is behind it. Nothing if
// all are whole, or if sound entries follow a damaged one: that is no torn tail.
std::optional<std::size_t> torn_tail(ByteView log);

}  // namespace tandemq
