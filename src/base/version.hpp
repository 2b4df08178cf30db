// The version of this program, as `--version`, $SYS and `status` show it.
#pragma once

#include <string_view>

namespace tandemq {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tandemq
