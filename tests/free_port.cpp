#include "tests/free_port.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq::tests {
namespace {

constexpr unsigned kFirst = 10'000;

// The first port that the kernel may give to a client.
unsigned end_of_ours() {
  unsigned first_of_clients = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first_of_clients;
  return std::max(first_of_clients, kFirst + 100);
}

bool is_free(unsigned port, int type) {
  const int socket = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  REQUIRE(socket >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return bound;
}

}  // namespace

std::uint16_t free_port() {
  static const unsigned count = end_of_ours() - kFirst;
  static unsigned next = std::random_device{}() % count;  // Other programs look for ports, too.
  for (unsigned tries = 0; tries < count; ++tries) {
    const unsigned port = kFirst + next;
    next = (next + 1) % count;
    if (is_free(port, SOCK_STREAM) && is_free(port, SOCK_DGRAM))
      return static_cast<std::uint16_t>(port);
  }
  FAIL("no port of 127.0.0.1 is free");
  return 0;
}

}  // namespace tandemq::tests
