// Ports for what a test starts, ends and starts again: none is given twice by a process, and all
// are below those that the kernel gives to clients. While a server is down, a client that tries to
// reach it could else be given the port itself, and the server would find it taken.
#pragma once

#include <cstdint>

namespace tandemq::tests {

// A port of 127.0.0.1 that is free now, for TCP and for UDP.
std::uint16_t free_port();

}  // namespace tandemq::tests
