#include "broker/audit_event.hpp"

#include "broker/route.hpp"
#include "tests/broker/lab.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace tandemq;

namespace {

using What = AuditEvent::What;

Policy with_rules(const std::string& text) {
  auto acl = Acl::parse(text);
  REQUIRE(acl);
  return {Anonymous::everywhere, {}, *acl};
}

// Keeps what is told, as "event client topic line reason".
class Trail {
 public:
  explicit Trail(Lab& lab) {
    lab.world().audit.listen([this](AuditEvent&& event) { take(event); }, true);
  }
  std::vector<std::string> take_all() { return std::exchange(lines_, {}); }

 private:
  void take(const AuditEvent& event) {
    std::string line = std::string(name(event.what)) + " " + event.client_id;
    if (!event.topic.empty()) line += " " + event.topic;
    if (event.rule > 0) line += " line " + std::to_string(event.rule);
    if (event.reason) line += " reason " + std::to_string(static_cast<int>(*event.reason));
    if (event.count > 0) line += " count " + std::to_string(event.count);
    lines_.push_back(line);
  }
  std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("coming, going and being refused are told, each once") {
  Lab lab;
  Trail trail(lab);
  lab.join(v5("a")).disconnect();
  CHECK(trail.take_all() == Lines{"connected a", "disconnected a reason 0"});
  lab.join(v5("b")).lose();
  CHECK(trail.take_all() == Lines{"connected b", "disconnected b"});
  lab.join(v5("c"));
  lab.join(v5("c"));
  CHECK(trail.take_all() == Lines{"connected c", "disconnected c reason 142", "connected c"});
  Lab closed(quiet(), {Anonymous::nowhere, {}, {}});
  Trail refusals(closed);
  closed.connect(v5("d"));
  CHECK(refusals.take_all() == Lines{"login_refused d reason 135"});
}

TEST_CASE("a denied PUBLISH, SUBSCRIBE, delivery and will are told with topic and rule") {
  Lab lab(quiet(), with_rules("topic read open/#\n"
                              "topic write in\n"
                              "topic write open/#\n"
                              "topic deny open/secret\n"));
  Client& client = lab.join(v5("c"));
  Trail trail(lab);
  client.publish("other", "x", 1);
  CHECK(trail.take_all() == Lines{"publish_denied c other"});
  client.subscribe("in");
  CHECK(trail.take_all() == Lines{"subscribe_denied c in"});
  client.subscribe("open/#");
  mqtt::Connect leaves = v5("w");
  leaves.will = std::make_unique<mqtt::Will>();
  leaves.will->topic = "open/secret";
  lab.join(std::move(leaves)).lose();
  CHECK(trail.take_all() ==
        Lines{"connected w", "disconnected w", "publish_denied w open/secret line 4"});
}

TEST_CASE("a fan-out that is denied is one line for each client") {
  Lab lab(quiet(), with_rules("pattern read #\n"
                              "pattern deny secret\n"
                              "user writer\n"
                              "topic write #\n"));
  Client& one = lab.join(v5("one"));
  Client& two = lab.join(v5("two"));
  one.subscribe("#");
  two.subscribe("#");
  Trail trail(lab);
  Message message;
  message.topic = "secret";
  for (int i = 0; i < 5; ++i) {
    Turn turn(lab.world(), lab.now, lab.primary().effects());
    Publication publication;
    publication.message = std::make_shared<Message>(message);
    route(turn, publication);
    lab.settle();
  }
  CHECK(trail.take_all() == Lines{"receive_denied one secret line 2 count 1",
                                  "receive_denied two secret line 2 count 1"});
}
