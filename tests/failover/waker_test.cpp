#include "failover/waker.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq::failover {
namespace {

struct Bed {
  asio::io_context io;
  std::vector<std::string> said;

  // Until nothing is left to do; how many segments have left.
  std::uint64_t wake(const std::string& vip, const FourTuple& client) {
    Waker waker(io, vip, [this](const std::string& text) { said.push_back(text); });
    waker.wake({client});
    io.run();
    return waker.sent();
  }
};

// Both addresses are documentation's (RFC 5737), and on no machine.
FourTuple stranger() {
  FourTuple client;
  client.ours = {{192, 0, 2, 10}, 1'883};
  client.theirs = {{198, 51, 100, 3}, 40'001};
  return client;
}

}  // namespace

TEST_CASE("nobody is woken in the name of an address that is not on this machine") {
  Bed bed;
  CHECK(bed.wake("", stranger()) == 0);
  CHECK(bed.said.empty());
}

TEST_CASE("with a virtual address nobody else's clients are woken") {
  Bed bed;
  FourTuple client = stranger();
  client.ours.address = {127, 0, 0, 1};
  CHECK(bed.wake("192.0.2.11/24", client) == 0);
  CHECK(bed.said.empty());
}

TEST_CASE("who is told to stop while he waits for the address wakes nobody") {
  asio::io_context io;
  std::vector<std::string> said;
  Waker waker(io, "192.0.2.10", [&said](const std::string& text) { said.push_back(text); });
  waker.wake({stranger()});
  waker.stop();
  io.run();
  CHECK(waker.sent() == 0);
  CHECK(said.empty());
}

}  // namespace tandemq::failover
