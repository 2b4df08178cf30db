#include "recovery/recover.hpp"

#include "session/rows.hpp"
#include "store/memory_store.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

struct Recovered {
  explicit Recovered(const Store& store, RecoverOptions options = {})
      : result(recover(store, state, options)) {
    for (const Damage& damage : result.damage) report += damage.where + ": " + damage.what + "\n";
    CHECK(result.broken.empty());
  }
  [[nodiscard]] bool tells(const std::string& sentence) const {
    return report.find(sentence) != std::string::npos;
  }
  // Payloads that wait for it, in order.
  [[nodiscard]] std::vector<std::string> queue(const char* client) const {
    std::vector<std::string> payloads;
    const Session* session = state.find_session(client);
    for (std::size_t i = 0; session != nullptr && i < session->outgoing.size(); ++i)
      payloads.push_back(session->outgoing[i].message()->payload);
    return payloads;
  }

  State state;
  Recovery result;
  std::string report;
};

using Payloads = std::vector<std::string>;
const Payloads kAnns{"first", "second", "fourth"};
const Payloads kBobs{"first", "third", "fifth"};

struct Sample {
  Sample() {
    history.begin();
    history.go_on();
  }
  MemoryStore store;
  History history{store};
};

}  // namespace

TEST_CASE("tables and log together give the state that was") {
  const Sample sample;
  const Recovered recovered(sample.store);
  CHECK(recovered.report.empty());
  CHECK(recovered.state.digest() == sample.history.state.digest());
  CHECK(recovered.result.position == sample.history.position);
  CHECK(recovered.result.tables_at == 3);
  CHECK(recovered.result.records == 3);
  CHECK(recovered.queue("ann") == kAnns);
  CHECK(recovered.queue("bob") == kBobs);
}

TEST_CASE("an empty store gives an empty state at the beginning of the log") {
  const MemoryStore store;
  const Recovered recovered(store);
  CHECK(recovered.report.empty());
  CHECK(recovered.result.position == Position{});
  CHECK(recovered.state.session_count() == 0);
}

TEST_CASE("bodies that are not kept in memory change nothing of the state") {
  const Sample sample;
  RecoverOptions options;
  options.bodies_max_bytes = 0;
  const Recovered recovered(sample.store, options);
  CHECK(recovered.report.empty());
  CHECK(recovered.state.digest() == sample.history.state.digest());
  CHECK(recovered.state.body_bytes() < sample.history.state.body_bytes());
  CHECK(recovered.state.check().empty());
}

TEST_CASE("a damaged session is named, with what hung on it, and the others are whole") {
  Sample sample;
  damage_row(sample.store, Table::sessions, session_key(kAnn));
  const Recovered recovered(sample.store);
  CHECK(recovered.tells("sessions row 00000001: "));
  CHECK(recovered.tells("subscriptions row "));
  CHECK(recovered.tells("queue row "));
  CHECK(recovered.tells("record 4: its session is missing"));
  CHECK(recovered.tells("record 6: its session is missing"));
  CHECK(recovered.state.find_session("ann") == nullptr);
  CHECK(recovered.queue("bob") == kBobs);
  CHECK(recovered.state.find_retained("kept") != nullptr);
  CHECK(recovered.result.position == sample.history.position);
}

TEST_CASE("a damaged subscription is named, and its session keeps all else") {
  Sample sample;
  damage_row(sample.store, Table::subscriptions, subscription_key(kAnn, "a/#"));
  const Recovered recovered(sample.store);
  CHECK(recovered.result.damage.size() == 1);
  CHECK(recovered.tells("subscriptions row "));
  CHECK(recovered.state.subscriptions().find("a/#", kAnn) == nullptr);
  CHECK(recovered.state.subscriptions().find("b/+", kBob) != nullptr);
  CHECK(recovered.queue("ann") == kAnns);
  CHECK(recovered.queue("bob") == kBobs);
}

TEST_CASE("a damaged message is lost to those who waited for it, and nobody else") {
  Sample sample;
  damage_row(sample.store, Table::messages, message_key(static_cast<MessageId>(2)));
  const Recovered recovered(sample.store);
  CHECK(recovered.tells("messages row 0000000000000002: "));
  CHECK(recovered.result.damage.size() == 3);  // And a row of the queue of each.
  CHECK(recovered.queue("ann") == Payloads{"second", "fourth"});
  CHECK(recovered.queue("bob") == Payloads{"third", "fifth"});
}

TEST_CASE("a damaged row of a queue is lost to its session alone") {
  Sample sample;
  damage_row(sample.store, Table::queue, queue_key(kAnn, 0));
  const Recovered recovered(sample.store);
  CHECK(recovered.result.damage.size() == 1);
  CHECK(recovered.tells("queue row 000000010000000000000000: "));
  CHECK(recovered.queue("ann") == Payloads{"second", "fourth"});
  CHECK(recovered.queue("bob") == kBobs);
}

TEST_CASE("a damaged retained message is named by its topic, and is retained no more") {
  Sample sample;
  damage_row(sample.store, Table::retained, "kept");
  const Recovered recovered(sample.store);
  CHECK(recovered.tells("retained row 'kept': "));
  CHECK(recovered.tells("1 messages that nobody waits for"));
  CHECK(recovered.state.find_retained("kept") == nullptr);
  CHECK(recovered.queue("ann") == kAnns);
}

TEST_CASE("a damaged will is named by its client, and is none any more") {
  Sample sample;
  damage_row(sample.store, Table::wills, "ann");
  const Recovered recovered(sample.store);
  CHECK(recovered.result.damage.size() == 1);
  CHECK(recovered.tells("wills row 'ann': "));
  CHECK(recovered.result.damage.front().bytes == table_of(sample.store, Table::wills)[0].second);
  CHECK(recovered.state.wills().empty());
  CHECK(recovered.queue("ann") == kAnns);
}

TEST_CASE("without the row of meta the log is replayed from its beginning, over the tables") {
  Sample sample;
  damage_row(sample.store, Table::meta, "state");
  const Recovered recovered(sample.store);
  CHECK(recovered.tells("table meta: "));
  CHECK(recovered.queue("ann") == kAnns);
  CHECK(recovered.queue("bob") == kBobs);
  CHECK(recovered.state.find_retained("kept") != nullptr);
  CHECK(recovered.state.wills().contains("ann"));
  CHECK(recovered.result.position == sample.history.position);
}

TEST_CASE("a damaged record in the middle takes along only what it said") {
  MemoryStore store;
  History history(store);
  history.begin();
  history.replace_next_by = "no record at all";
  history.go_on();  // Ann's message is lost, and with it what was sent; Bob's is not.
  const Recovered recovered(store);
  CHECK(recovered.tells("record 4: "));
  CHECK(recovered.result.damage.front().bytes == "no record at all");
  CHECK(recovered.queue("ann") == Payloads{"first", "second"});
  CHECK(recovered.queue("bob") == kBobs);
  CHECK(recovered.result.position == history.position);
  CHECK(recovered.state.find_session("ann")->outgoing.inflight_count() == 1);
}

TEST_CASE("a record that stands in the place of a missing one is taken, and the hole is named") {
  MemoryStore whole;
  History original(whole);
  original.begin();
  original.go_on();
  MemoryStore store;
  History history(store);
  history.begin();
  const LogContent log = log_of(whole);
  append(store, 4, log[4].second);  // That is record 5.
  append(store, 5, log[5].second);
  const Recovered recovered(store);
  CHECK(recovered.tells("record 4: "));
  CHECK(recovered.tells("found 5 instead"));
  CHECK(recovered.queue("ann") == Payloads{"first", "second"});
  CHECK(recovered.queue("bob") == kBobs);
  CHECK(recovered.result.position == original.position);
}

TEST_CASE("a state that was written whole into a new store is recovered from it as it was") {
  Sample sample;
  damage_row(sample.store, Table::queue, queue_key(kAnn, 0));
  Recovered damaged(sample.store);
  MemoryStore fresh;
  write_whole(fresh, damaged.state, damaged.result.position);
  const Recovered recovered(fresh);
  CHECK(recovered.report.empty());
  CHECK(recovered.state.digest() == damaged.state.digest());
  CHECK(recovered.result.position == sample.history.position);
  CHECK(recovered.result.tables_at == sample.history.position.lsn);
}

TEST_CASE("a report has the first findings, and says how many there are") {
  Recovery recovery;
  for (int i = 0; i < 12; ++i) recovery.damage.push_back({"row " + std::to_string(i), "bad", ""});
  recovery.broken.emplace_back("one and one are three");
  const std::string report = report_of(recovery);
  CHECK(report.starts_with("row 0: bad\n"));
  CHECK(report.find("row 9: bad\nand 2 more\nbroken invariant: one and one are three\n") !=
        std::string::npos);
}
