#include "node/diverged_rows.hpp"

#include "tests/recovery/history.hpp"

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

OpenedRecord record_of(std::vector<Mutation> mutations) {
  OpenedRecord record;
  record.position.lsn = 7;
  record.at = Instant{1'234};
  record.mutations = std::move(mutations);
  return record;
}

std::vector<Json> rows_of(std::vector<Mutation> mutations, bool messages_only = false) {
  std::vector<Json> rows;
  DivergedRows(messages_only).take(record_of(std::move(mutations)), rows);
  return rows;
}

}  // namespace

TEST_CASE("a message is shown with what was published") {
  const auto rows = rows_of({stored(5, "a/b", "text"), queued(kAnn, 0, 5)});
  REQUIRE(rows.size() == 2);
  CHECK(json_text(rows[0]) ==
        R"({"lsn":7,"at":1234,"what":"message","message":5,"topic":"a/b","qos":1,)"
        R"("retain":false,"payload":"text"})");
  CHECK(rows[1]["what"] == "queued");
  CHECK(rows[1]["message"] == 5);
}

TEST_CASE("a payload that is no text is shown in base64") {
  const auto rows = rows_of({stored(5, "a", "\xFF")});
  CHECK(rows[0]["payload_base64"] == "/w==");
}

TEST_CASE("a session has its client's name as long as the tail knows it") {
  std::vector<Json> rows;
  DivergedRows all(false);
  all.take(record_of({Acknowledged{kAnn, 3}, SessionOpened{kAnn, "ann", "user", 60, {}, true}}),
           rows);
  all.take(record_of({Acknowledged{kAnn, 4}, SessionEnded{kAnn}, SessionEnded{kAnn}}), rows);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0]["client"] == "session 1");
  CHECK(rows[0]["detail"] == "packet id 3");
  CHECK(rows[1]["client"] == "ann");
  CHECK(rows[1]["detail"] == "user user, expires after 60 s");
  CHECK(rows[2]["client"] == "ann");
  CHECK(rows[3]["client"] == "ann");
  CHECK(rows[4]["client"] == "session 1");
}

TEST_CASE("messages alone are shown if nothing else is wanted") {
  const auto rows =
      rows_of({Subscribed{kAnn, "a", 1, 0}, stored(5, "a", "x"), Sent{kAnn, 1}}, true);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["what"] == "message");
}

TEST_CASE("every kind of mutation is shown in words") {
  WillSet will;
  will.client_id = "ann";
  will.message = stored(0, "will", "gone").message;
  const std::vector<Mutation> all = {SessionOpened{kAnn, "ann", "", 0xFFFFFFFF, {}, true},
                                     SessionResumed{kAnn, "", 5, {}},
                                     SessionSuspended{kAnn, 5, {}},
                                     Subscribed{kAnn, "a/#", 2, 7},
                                     Unsubscribed{kAnn, "a/#"},
                                     stored(5, "a", "x"),
                                     queued(kAnn, 0, 5),
                                     Sent{kAnn, 1},
                                     Released{kAnn, 1},
                                     Acknowledged{kAnn, 1},
                                     Discarded{kAnn, 2},
                                     IncomingTaken{kAnn, 9},
                                     IncomingReleased{kAnn, 9},
                                     RetainedSet{static_cast<MessageId>(5)},
                                     RetainedCleared{"a"},
                                     will,
                                     WillScheduled{"ann", Instant{9}},
                                     WillCleared{"ann"},
                                     SessionEnded{kAnn},
                                     TermStart{{4, 0}, 7}};
  REQUIRE(all.size() == std::variant_size_v<Mutation>);
  const auto rows = rows_of(all);
  REQUIRE(rows.size() == all.size());
  for (const Json& row : rows) CHECK_FALSE(row["what"].get<std::string>().empty());
  CHECK(rows[0]["detail"] == "never expires");
  CHECK(rows[3]["topic"] == "a/#");
  CHECK(rows[3]["qos"] == 2);
  CHECK(rows[14]["topic"] == "a");
  CHECK(rows[15]["payload"] == "gone");
  CHECK(rows[16]["due_at"] == 9);
  CHECK(rows[19]["detail"] == "term 4");
}
