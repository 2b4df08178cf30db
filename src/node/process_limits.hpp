// process_limits: what this process may do and how much of it, as the kernel says. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace tandemq {

std::uint64_t open_files_max();  // 0 where the kernel does not say.
// CAP_NET_RAW, in force; nothing where the kernel does not say.
std::optional<bool> may_send_raw();

}  // namespace tandemq
