#include "failover/witness_record.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using Mode = ReplicationMode;

const WitnessMember kA{"a", 11, "boot-a"};
const WitnessMember kB{"b", 22, "boot-b"};
constexpr Term kOurs{5, 100};
constexpr Term kNext{6, 200};

WitnessRecord alone() {
  return first_record(kA, kOurs, Mode::written);
}

WitnessRecord pair(Mode mode = Mode::written) {
  return admit(alone(), kOurs, kB, mode).value();
}

std::string parse_error(const std::string& text) {
  const auto record = parse_witness_record(text);
  REQUIRE_FALSE(record.has_value());
  return record.error().text;
}

std::string error_of(const Result<WitnessRecord>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a witness record is read as it was written, whatever its numbers and modes") {
  for (const Mode mode : {Mode::async, Mode::received, Mode::written, Mode::flushed}) {
    for (const std::uint64_t number : {UINT64_C(0), UINT64_C(1) << 53U | 1U, UINT64_MAX}) {
      WitnessRecord record = pair(mode);
      record.term = {number, ~number};
      record.insync[1] = {"\"quoted\" ü", number, ""};
      record.renew = number;
      record.released = number != 0;
      CHECK(parse_witness_record(witness_text(record)).value() == record);
    }
  }
}

TEST_CASE("the text of a witness record is the one that its header draws") {
  CHECK(witness_text(alone()) ==
        R"({"format":1,"term":{"counter":"5","node":"100"},"primary":"a",)"
        R"("insync":[{"node":"a","incarnation":"11","boot":"boot-a"}],"mode":"written",)"
        R"("renew":"0","released":false,"settled":true})");
}

TEST_CASE("a witness record of a newer format is refused with a sentence that says so") {
  const std::string text = replaced(witness_text(alone()), "\"format\":1", "\"format\":2");
  CHECK(contains(parse_error(text), "has format 2"));
  CHECK(contains(parse_error(text), "upgrade this one"));
}

TEST_CASE("a damaged witness record is refused, and the error names the field") {
  struct Row {
    const char* from;
    const char* to;
    const char* named;
  };
  const std::string text = witness_text(pair());
  for (const Row& row : {
           Row{"\"format\":1", "\"format\":0", "format"},
           Row{"\"format\":1", "\"format\":-1", "format"},
           Row{"\"format\":1,", "", "format"},
           Row{"{\"counter\":\"5\",\"node\":\"100\"}", "7", "term"},
           Row{"\"counter\":\"5\"", "\"counter\":5", "counter"},
           Row{"\"counter\":\"5\"", "\"counter\":\"-5\"", "counter"},
           Row{"\"counter\":\"5\"", "\"counter\":\"5x\"", "counter"},
           Row{"\"counter\":\"5\"", "\"counter\":\"18446744073709551616\"", "counter"},
           Row{"\"primary\":\"a\"", "\"primary\":null", "primary"},
           Row{"\"primary\":\"a\"", "\"primary\":\"b\"", "insync"},
           Row{"\"primary\":\"a\"", "\"primary\":\"\"", "insync"},
           Row{"\"insync\":", "\"elsewhere\":", "insync"},
           Row{"\"node\":\"b\"", "\"node\":\"a\"", "insync"},
           Row{"\"node\":\"b\"", "\"node\":\"\"", "node"},
           Row{"\"node\":\"b\"", "\"node\":[]", "node"},
           Row{"\"incarnation\":\"22\"", "\"incarnation\":\"\"", "incarnation"},
           Row{"\"boot\":\"boot-b\"", "\"boot\":false", "boot"},
           Row{"{\"node\":\"b\"", "8,{\"node\":\"b\"", "node"},
           Row{"\"mode\":\"written\"", "\"mode\":\"carved\"", "mode"},
           Row{"\"renew\":\"1\"", "\"renew\":\" 1\"", "renew"},
           Row{"\"released\":false", "\"released\":\"no\"", "released"},
       }) {
    CAPTURE(row.to);
    const std::string error = parse_error(replaced(text, row.from, row.to));
    CHECK(contains(error, "damaged"));
    CHECK(contains(error, std::string("\"") + row.named + "\""));
  }
}

TEST_CASE("what is no JSON object is no witness record") {
  for (const std::string text : {"", "null", "[]", "7", "\"text\"", "{", "{}", "\xff\xfe"})
    CHECK(contains(parse_error(text), "damaged"));
  const std::string three =
      replaced(witness_text(pair()), "\"insync\":[", "\"insync\":[" + witness_text(alone()) + ",");
  CHECK(contains(parse_error(three), "damaged"));
  CHECK(contains(parse_error(std::string(60'000, '[')), "damaged"));
  std::string deep = "1";
  for (int i = 0; i < 10'000; ++i) deep = "[" + deep + "]";
  CHECK(contains(parse_error(deep), "damaged"));
}

TEST_CASE("a claim puts the claimer alone into a higher term") {
  const auto claimed = claim(pair(), kB, kNext);
  REQUIRE(claimed.has_value());
  CHECK(claimed->term == kNext);
  CHECK(claimed->primary == "b");
  CHECK(claimed->insync == std::vector{kB});
  CHECK(claimed->mode == Mode::written);
  CHECK(claimed->renew == pair().renew + 1);
}

TEST_CASE("a claim of a released record is no longer released") {
  CHECK_FALSE(claim(release(pair(), kOurs).value(), kB, kNext)->released);
}

TEST_CASE("a node that is not in sync claims nothing") {
  CHECK(contains(error_of(claim(alone(), kB, kNext)), "gone on without it"));
  CHECK(contains(error_of(claim(pair(), {"c", 22, "boot-b"}, kNext)), "not in sync"));
}

TEST_CASE("a claim in a term that is not higher is refused") {
  for (const Term term : {kOurs, Term{5, 99}, Term{4, 200}, Term{}})
    CHECK(contains(error_of(claim(pair(), kB, term)), "is not above"));
  CHECK(claim(pair(), kB, Term{5, 101}).has_value());
}

TEST_CASE("who may claim after a restart or a reboot depends on what the mode keeps") {
  struct Row {
    Mode mode;
    bool standby_restarted;  // May it still claim?
    bool standby_rebooted;
    bool primary_restarted;
    bool primary_rebooted;
  };
  for (const Row& row : {
           Row{Mode::async, true, false, true, false},
           Row{Mode::received, false, false, true, false},
           Row{Mode::written, true, false, true, false},
           Row{Mode::flushed, true, true, true, true},
       }) {
    CAPTURE(static_cast<int>(row.mode));
    const WitnessRecord record = pair(row.mode);
    CHECK(claim(record, kB, kNext).has_value());
    CHECK(claim(record, {"b", 23, "boot-b"}, kNext).has_value() == row.standby_restarted);
    CHECK(claim(record, {"b", 23, "boot-x"}, kNext).has_value() == row.standby_rebooted);
    CHECK(claim(record, kA, kNext).has_value());
    CHECK(claim(record, {"a", 12, "boot-a"}, kNext).has_value() == row.primary_restarted);
    CHECK(claim(record, {"a", 12, "boot-x"}, kNext).has_value() == row.primary_rebooted);
  }
}

TEST_CASE("a node that was alone claims after a reboot, as the node that it is now") {
  const WitnessMember rebooted{"a", 12, "boot-x"};
  const auto claimed = claim(alone(), rebooted, kNext);
  REQUIRE(claimed.has_value());
  CHECK(claimed->insync == std::vector{rebooted});
}

TEST_CASE("going alone removes the standby, which claims nothing after that") {
  const auto next = go_alone(pair(), kOurs);
  REQUIRE(next.has_value());
  CHECK(next->insync == std::vector{kA});
  CHECK(next->primary == "a");
  CHECK(next->term == kOurs);
  CHECK(next->renew == pair().renew + 1);
  CHECK_FALSE(claim(*next, kB, kNext).has_value());
  CHECK(go_alone(*next, kOurs)->insync == std::vector{kA});
}

TEST_CASE("an admitted standby is in sync, as it is now and by the mode of now") {
  const WitnessMember restarted{"b", 23, "boot-b"};
  const auto next = admit(pair(Mode::flushed), kOurs, restarted, Mode::received);
  REQUIRE(next.has_value());
  CHECK(next->insync == std::vector{kA, restarted});
  CHECK(next->mode == Mode::received);
  CHECK_FALSE(claim(*next, kB, kNext).has_value());
  CHECK(claim(*next, restarted, kNext).has_value());
}

TEST_CASE("a standby with the node.id of the primary is not admitted") {
  CHECK(contains(error_of(admit(alone(), kOurs, {"a", 99, "boot-b"}, Mode::written)), "node.id"));
}

TEST_CASE("a renewal changes nothing but the counter") {
  WitnessRecord expected = pair();
  ++expected.renew;
  CHECK(renewed(pair(), kOurs).value() == expected);
}

TEST_CASE("a release says so, and leaves who is in sync as it was") {
  const auto next = release(pair(), kOurs);
  REQUIRE(next.has_value());
  CHECK(next->released);
  CHECK(next->insync == pair().insync);
}

TEST_CASE("whoever led in another term changes nothing") {
  const WitnessRecord others = claim(pair(), kB, kNext).value();
  for (const Term term : {kOurs, Term{6, 199}, Term{7, 200}}) {
    CHECK(contains(error_of(go_alone(others, term)), "node 'b' leads"));
    CHECK_FALSE(admit(others, term, kA, Mode::written).has_value());
    CHECK_FALSE(renewed(others, term).has_value());
    CHECK_FALSE(release(others, term).has_value());
  }
}

TEST_CASE("after a release the primary changes nothing, but may claim again") {
  const WitnessRecord released = release(pair(), kOurs).value();
  CHECK(contains(error_of(renewed(released, kOurs)), "released"));
  CHECK_FALSE(go_alone(released, kOurs).has_value());
  CHECK_FALSE(admit(released, kOurs, kB, Mode::written).has_value());
  CHECK_FALSE(release(released, kOurs).has_value());
  CHECK(claim(released, kA, kNext).has_value());
}

TEST_CASE("a claim is settled by its first renewal; until then it is as good as a standby") {
  const WitnessRecord claimed = claim(pair(), kB, kNext).value();
  constexpr Term kLater{7, 200};
  const WitnessMember rebooted{"b", 23, "boot-x"};
  CHECK_FALSE(claimed.settled);
  CHECK_FALSE(claim(claimed, rebooted, kLater).has_value());
  CHECK(claim(claimed, {"b", 23, "boot-b"}, kLater).has_value());
  CHECK_FALSE(claim(claim(pair(Mode::received), kB, kNext).value(), {"b", 23, "boot-b"}, kLater)
                  .has_value());
  CHECK(claim(renewed(claimed, kNext).value(), rebooted, kLater).has_value());
}

}  // namespace tandemq
