#include "broker/ack_policy.hpp"

#include "config/ack_rule.hpp"
#include "tests/broker/lab.hpp"

using namespace tandemq;

namespace {

using By = AckPolicy::By;
using Lines = std::vector<std::string>;

Config with_rules(std::initializer_list<const char*> rules) {
  Config config = quiet();
  for (const char* rule : rules) config.acks.push_back(*parse_ack_rule(rule));
  return config;
}

// The whole log is committed at this level and the lesser ones.
void commit_at(Lab& lab, CommitLevel level) {
  Committed committed = lab.primary().gate().released();
  for (std::size_t i = 0; i <= index(level); ++i)
    committed.set(static_cast<CommitLevel>(i), lab.primary().position().lsn);
  lab.primary().committed(committed);
  lab.settle();
}

}  // namespace

TEST_CASE("a topic counts before the user, the user before the listener, that before the node") {
  Config config = with_rules({"memory topic t/#", "standby_flushed topic t/x", "local user u"});
  config.listeners.push_back({"mqtt://h:1", "mqtt", "h", 1, CommitLevel::flushed});
  const AckPolicy policy(config);
  CHECK(policy.of_client("mqtt://h:2", "v").by == By::node);
  CHECK(policy.of_client("mqtt://h:2", "v").level == CommitLevel::written);
  CHECK(policy.of_client("mqtt://h:1", "v").by == By::listener);
  CHECK(policy.of_client("mqtt://h:1", "v").level == CommitLevel::flushed);
  CHECK(policy.of_client("mqtt://h:1", "u").by == By::user);
  CHECK(policy.of_client("mqtt://h:1", "u").level == CommitLevel::local);
  CHECK(policy.of_topic("x", CommitLevel::local) == CommitLevel::local);
  CHECK(policy.of_topic("t/x", CommitLevel::local) == CommitLevel::memory);  // The first.
}

TEST_CASE("an acknowledgement that waits for nothing leaves at once, what it is about does not") {
  Lab lab(with_rules({"memory topic t"}));
  Client& receiver = lab.join(v5("r", 10));
  receiver.subscribe("#", 1);
  Client& publisher = lab.join(v5("p"));
  lab.holds_commits = true;
  publisher.send(message("t", "x", 1, 1));
  publisher.send(message("t", "x", 2, 2));
  CHECK(publisher.all() == Lines{"PUBACK #1", "PUBREC #2"});
  publisher.send(message("u", "x", 1, 3));
  CHECK(publisher.all().empty());
  CHECK(receiver.all().empty());
  lab.commit();
  CHECK(publisher.all() == Lines{"PUBACK #3"});
  CHECK(receiver.all().size() == 3);
  CHECK(lab.world().counters.acknowledged[index(CommitLevel::memory)] == 2);
  CHECK(lab.world().counters.acknowledged[index(CommitLevel::written)] == 1);
}

TEST_CASE("one that waits for more does so, and holds up no receiver") {
  Lab lab(with_rules({"standby_flushed topic t", "local topic l"}));
  Client& receiver = lab.join(v5("r", 10));
  receiver.subscribe("#", 1);
  Client& publisher = lab.join(v5("p"));
  Client& other = lab.join(v5("o"));
  lab.holds_commits = true;
  publisher.send(message("t", "x", 1, 1));
  other.send(message("l", "x", 1, 1));
  commit_at(lab, CommitLevel::local);
  CHECK(other.all() == Lines{"PUBACK #1"});
  CHECK(receiver.all().empty());
  commit_at(lab, CommitLevel::written);
  CHECK(receiver.all().size() == 2);
  CHECK(publisher.all().empty());
  commit_at(lab, CommitLevel::flushed);
  CHECK(publisher.all() == Lines{"PUBACK #1"});
}

TEST_CASE("what goes to one client stays in order, whatever each of it waits for") {
  Lab lab(with_rules({"standby_flushed topic f", "local topic l", "memory topic m"}));
  lab.join(v5("r", 10)).subscribe("#", 1);
  Client& publisher = lab.join(v5("p"));
  lab.holds_commits = true;
  publisher.send(message("l", "x", 1, 1));
  publisher.send(message("f", "x", 1, 2));
  publisher.send(message("m", "x", 1, 3));
  publisher.send(message("t", "x", 1, 4));
  publisher.send(message("l", "x", 1, 5));
  CHECK(publisher.all().empty());
  commit_at(lab, CommitLevel::local);
  CHECK(publisher.all() == Lines{"PUBACK #1"});
  commit_at(lab, CommitLevel::written);
  CHECK(publisher.all().empty());
  commit_at(lab, CommitLevel::flushed);
  CHECK(publisher.all() == Lines{"PUBACK #2", "PUBACK #3", "PUBACK #4", "PUBACK #5"});
  publisher.send(message("m", "x", 1, 6));
  CHECK(publisher.all() == Lines{"PUBACK #6"});  // Nothing is before it any more.
}

TEST_CASE("a PUBCOMP waits for what the node asks, however little the client does") {
  Lab lab(with_rules({"memory topic #"}));
  lab.join(v5("r", 10)).subscribe("#", 2);
  Client& publisher = lab.join(v5("p", 10));
  lab.holds_commits = true;
  publisher.send(message("t", "x", 2, 1));
  CHECK(publisher.all() == Lines{"PUBREC #1"});
  publisher.send(ack(mqtt::PacketType::pubrel, 1));
  CHECK(publisher.all().empty());
  commit_at(lab, CommitLevel::local);
  CHECK(publisher.all().empty());
  commit_at(lab, CommitLevel::written);
  CHECK(publisher.all() == Lines{"PUBCOMP #1"});
}

TEST_CASE("what a listener asks holds for its clients, and changes when the settings do") {
  Config config = quiet();
  config.listeners.push_back({"mqtt://h:1", "mqtt", "h", 1, CommitLevel::memory});
  Lab lab(config);
  lab.join(v5("r", 10)).subscribe("#", 1);
  Origin origin;
  origin.listener = "mqtt://h:1";
  Client& publisher = lab.open(origin);
  publisher.send(v5("p"));
  CHECK(publisher.next() == "CONNACK");
  lab.holds_commits = true;
  publisher.send(message("t", "x", 1, 1));
  CHECK(publisher.all() == Lines{"PUBACK #1"});
  lab.batch([&] {
    lab.primary().broker().reload(quiet(), lab.world().access, lab.now, lab.primary().effects());
  });
  publisher.send(message("t", "x", 1, 2));
  CHECK(publisher.all().empty());
  lab.commit();
  CHECK(publisher.all() == Lines{"PUBACK #2"});
}
