#include "failover/memory_witness.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

WitnessRecord record_of(const std::string& node, std::uint64_t counter) {
  return first_record({node, 1, "boot"}, {counter, 1}, ReplicationMode::written);
}

// Nodes a and b, and what they have heard.
struct Lab {
  void swap(Witness& by, std::uint64_t revision, const WitnessRecord& record) {
    by.swap(revision, record, [this](WitnessOutcome outcome) { heard.push_back(outcome); });
  }
  void read(Witness& by) {
    by.read([this](WitnessOutcome outcome) { heard.push_back(outcome); });
  }
  template <class Kind>
  [[nodiscard]] bool last_is() const {
    return !heard.empty() && std::holds_alternative<Kind>(heard.back());
  }

  MemoryWitness witness;
  std::unique_ptr<Witness> a = witness.connect("a");
  std::unique_ptr<Witness> b = witness.connect("b");
  std::vector<WitnessOutcome> heard;
};

}  // namespace

TEST_CASE("a memory witness answers nobody before it is delivered") {
  Lab lab;
  lab.read(*lab.a);
  CHECK(lab.heard.empty());
  lab.witness.deliver();
  REQUIRE(lab.last_is<WitnessDone>());
  CHECK(std::get<WitnessDone>(lab.heard.back()).entry == WitnessEntry{});
  lab.witness.deliver();
  CHECK(lab.heard.size() == 1);
}

TEST_CASE("of two swaps at one revision the first to arrive is done, the other meets it") {
  Lab lab;
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.swap(*lab.b, 0, record_of("b", 2));
  lab.witness.deliver("b");
  REQUIRE(lab.last_is<WitnessDone>());
  lab.witness.deliver("a");
  REQUIRE(lab.last_is<WitnessConflict>());
  CHECK(std::get<WitnessConflict>(lab.heard.back()).entry == lab.witness.entry());
  CHECK(lab.witness.entry().record == record_of("b", 2));
}

TEST_CASE("a swap at an old revision changes nothing") {
  Lab lab;
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.swap(*lab.a, 1, record_of("a", 2));
  lab.swap(*lab.a, 1, record_of("a", 3));
  lab.witness.deliver();
  CHECK(lab.last_is<WitnessConflict>());
  CHECK(lab.witness.entry().revision == 2);
  CHECK(lab.witness.entry().record == record_of("a", 2));
}

TEST_CASE("a swap that timed out on its way still arrives, unless another one was done") {
  for (const bool fenced : {false, true}) {
    CAPTURE(fenced);
    Lab lab;
    lab.swap(*lab.a, 0, record_of("a", 1));
    lab.witness.time_out("a");
    CHECK(lab.last_is<WitnessUnknown>());
    CHECK(lab.heard.size() == 1);
    CHECK_FALSE(lab.witness.entry().record.has_value());
    if (fenced) lab.swap(*lab.b, 0, record_of("b", 1));
    lab.witness.deliver("b");
    lab.witness.deliver("a");
    CHECK(lab.witness.entry().record == record_of(fenced ? "b" : "a", 1));
    CHECK(lab.heard.size() == (fenced ? 2 : 1));
  }
}

TEST_CASE("a swap whose answer was lost is done all the same") {
  Lab lab;
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.witness.arrive("a");
  lab.witness.set_reachable("a", false);
  lab.witness.answer("a");
  CHECK(lab.last_is<WitnessUnknown>());
  CHECK(lab.witness.entry().record == record_of("a", 1));
}

TEST_CASE("what an unreachable node asks never arrives, not even after the heal") {
  Lab lab;
  lab.witness.set_reachable("a", false);
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.swap(*lab.b, 0, record_of("b", 1));
  lab.witness.set_reachable("a", true);
  lab.witness.deliver("a");
  CHECK(lab.last_is<WitnessUnknown>());
  lab.witness.deliver();
  CHECK(lab.last_is<WitnessDone>());
  CHECK(lab.witness.entry().record == record_of("b", 1));
}

TEST_CASE("a stalled witness answers when it goes on") {
  Lab lab;
  lab.witness.set_stalled(true);
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.witness.deliver();
  CHECK(lab.heard.empty());
  lab.witness.set_stalled(false);
  lab.witness.deliver();
  CHECK(lab.last_is<WitnessDone>());
}

TEST_CASE("a witness that lost its data has no key, and its revisions begin again") {
  Lab lab;
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.witness.deliver();
  lab.witness.lose_data();
  lab.swap(*lab.a, 1, record_of("a", 2));
  lab.witness.deliver();
  REQUIRE(lab.last_is<WitnessConflict>());
  CHECK(std::get<WitnessConflict>(lab.heard.back()).entry == WitnessEntry{});
  lab.swap(*lab.b, 0, record_of("b", 1));
  lab.witness.deliver();
  CHECK(lab.witness.entry().revision == 1);
}

TEST_CASE("a node that lets go of its way hears no more, and what it sent still arrives") {
  Lab lab;
  lab.swap(*lab.a, 0, record_of("a", 1));
  lab.read(*lab.a);
  lab.a.reset();
  lab.witness.deliver();
  CHECK(lab.heard.empty());
  CHECK(lab.witness.entry().record == record_of("a", 1));
}

TEST_CASE("a callback may ask anew, and may let go of its way") {
  Lab lab;
  int answers = 0;
  lab.a->read([&](const WitnessOutcome&) {
    ++answers;
    lab.read(*lab.a);
  });
  lab.witness.deliver();
  CHECK(answers == 1);
  CHECK(lab.heard.empty());
  lab.witness.deliver();
  CHECK(lab.heard.size() == 1);

  lab.a->read([&](const WitnessOutcome&) { lab.a.reset(); });
  lab.read(*lab.a);
  lab.witness.deliver();
  CHECK(lab.heard.size() == 1);
}

}  // namespace tandemq
