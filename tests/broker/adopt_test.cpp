#include "broker/adopt.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

namespace {

constexpr int kMany = 5'000;  // More than two pages.

std::string name_of(int number) {
  return "client-" + std::to_string(number);
}

// All of them are connected when the process dies.
void join_many(Lab& lab) {
  lab.batch([&lab] {
    for (int i = 0; i < kMany; ++i) lab.connect(v5(name_of(i), 100));
  });
}

std::size_t connected(const Lab& lab) {
  std::size_t count = 0;
  lab.state().for_each_session([&](const Session& session) { count += session.connected(); });
  return count;
}

mqtt::Connect connect_of(const std::string& client_id) {
  mqtt::Will last = will("wills/" + client_id, "gone");
  last.qos = mqtt::QoS::at_least_once;
  return with_will(v5(client_id, 100), last);
}

}  // namespace

TEST_CASE("a State of many sessions is adopted in pages, all of it within a second") {
  Lab lab;
  join_many(lab);
  REQUIRE(connected(lab) == kMany);
  lab.restart();
  CHECK(lab.world().adoption);
  CHECK(connected(lab) > 0);
  lab.advance_s(1);
  CHECK_FALSE(lab.world().adoption);
  CHECK(connected(lab) == 0);
  lab.advance_s(98);
  CHECK(lab.state().session_count() == kMany);
  lab.advance_s(2);
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("a client that is back before its page stays connected, and its session goes on") {
  Lab lab;
  join_many(lab);
  lab.restart();
  REQUIRE(lab.world().adoption);
  const Client& client = lab.join(v5(name_of(kMany - 1), 100));
  CHECK(client.connack.session_present);
  lab.advance_s(1);
  CHECK_FALSE(client.closed());
  CHECK(connected(lab) == 1);
  lab.advance_s(200);
  CHECK(lab.state().session_count() == 1);
}

TEST_CASE("a small State is adopted at once") {
  Lab lab;
  lab.join(v5("c", 100));
  lab.restart();
  CHECK_FALSE(lab.world().adoption);
  CHECK(connected(lab) == 0);
}

TEST_CASE("the will of a client that comes back before its page has been published") {
  Lab lab;
  lab.join(v5("reader", 1'000)).subscribe("wills/#", 1);
  lab.batch([&lab] {
    for (int i = 0; i < kMany; ++i) lab.connect(connect_of(name_of(i)));
  });
  lab.restart();
  REQUIRE(lab.world().adoption);
  const std::string last = "client-999";  // In the order of the client ids.
  REQUIRE(lab.state().wills().contains(last));
  lab.join(v5(last, 100));
  CHECK_FALSE(lab.state().wills().contains(last));
  lab.advance_s(1);
  CHECK(lab.state().wills().empty());
  CHECK(lab.state().find_session("reader")->outgoing.size() == kMany);
}
