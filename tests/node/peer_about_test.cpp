#include "node/peer_about.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr Instant kNow{1'700'000'000'000};

struct Lab {
  std::optional<bool> here;
  std::vector<std::string> complaints;
  PeerAbout about{
      {[this] { return here; }, [this](const std::string& text) { complaints.push_back(text); }}};

  void hear(std::int64_t offset_ms, About::Address address = About::Address::unknown) {
    about.take({static_cast<std::uint64_t>(kNow.ms + offset_ms), address, "1"}, "b", kNow);
  }
};

}  // namespace

TEST_CASE("a node says what it is when it has met the other one, and again after ten seconds") {
  Lab lab;
  lab.here = false;
  lab.about.connected();
  const auto said = lab.about.due(kNow);
  REQUIRE(said.has_value());
  CHECK(said->at_ms == 1'700'000'000'000);
  CHECK(said->address == About::Address::absent);
  CHECK_FALSE(said->version.empty());
  CHECK_FALSE(lab.about.due(kNow.plus_ms(9'999)).has_value());
  CHECK(lab.about.due(kNow.plus_ms(10'000)).has_value());
  lab.about.connected();
  CHECK(lab.about.due(kNow.plus_ms(10'001)).has_value());
}

TEST_CASE("clocks a second apart are told once, until they have come together again") {
  Lab lab;
  lab.hear(999);
  CHECK(lab.complaints.empty());
  lab.hear(-1'000);
  lab.hear(3'600'000);
  REQUIRE(lab.complaints.size() == 1);
  CHECK(lab.complaints[0].starts_with("the clock of b is 1000 ms behind the clock here"));
  CHECK(lab.about.clock_offset_ms() == 3'600'000);
  lab.hear(700);
  lab.hear(2'000);
  CHECK(lab.complaints.size() == 1);
  lab.hear(100);
  lab.hear(2'000);
  CHECK(lab.complaints.size() == 2);
}

TEST_CASE("an address that is on both machines is told once") {
  Lab lab;
  lab.hear(0, About::Address::here);
  CHECK(lab.complaints.empty());
  lab.here = true;
  lab.hear(0, About::Address::here);
  lab.hear(0, About::Address::here);
  REQUIRE(lab.complaints.size() == 1);
  CHECK(lab.complaints[0].starts_with("vip.address is on this machine and on that of b"));
  lab.hear(0, About::Address::absent);
  lab.hear(0, About::Address::here);
  CHECK(lab.complaints.size() == 2);
}
