#include "tests/free_port.hpp"

#include <fstream>
#include <set>

#include <doctest/doctest.h>

namespace tandemq::tests {

TEST_CASE("a free port is given once, and never to a client by the kernel") {
  unsigned first_of_clients = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first_of_clients;
  std::set<unsigned> given;
  for (int i = 0; i < 1'000; ++i) given.insert(free_port());
  CHECK(given.size() == 1'000);
  CHECK(*given.rbegin() < first_of_clients);
}

}  // namespace tandemq::tests
