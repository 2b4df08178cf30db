// Frames for tests: one of each kind, in the order of the kinds, with no field as it is by default.
#pragma once

#include "replication/protocol.hpp"

#include <string>
#include <vector>

namespace tandemq::tests {

std::vector<Frame> sample_frames();

// The bytes of write_frame().
std::string bytes_of(const Frame& frame);

}  // namespace tandemq::tests
