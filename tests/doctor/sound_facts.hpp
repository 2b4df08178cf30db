// What the doctor sees of a primary with a standby in sync, keepalived and a virtual address, where
// nothing is wrong; and whether it has found something.
#pragma once

#include "doctor/checks.hpp"

#include <string_view>

namespace tandemq::tests {

doctor::Facts sound_facts();
bool found(const doctor::Facts& facts, std::string_view check, doctor::Verdict::Level level,
           std::string_view words);

}  // namespace tandemq::tests
