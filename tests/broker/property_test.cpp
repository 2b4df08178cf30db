// Random scripts of many clients against one broker. After every batch the State must be whole, at
// the end the records alone must give the same State, and a model that knows only what was
// acknowledged must find every promise kept.
#include "tests/broker/lab.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace tandemq;
using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::QoS;
using mqtt::ReasonCode;

namespace {

constexpr int kPeople = 8;
constexpr int kTopics = 4;

class Luck {
 public:
  explicit Luck(std::uint32_t seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(n)); }
  bool once_in(int n) { return below(n) == 0; }

 private:
  std::mt19937 engine_;
};

// What happened to the messages that one durable watcher must get: its subscription stands through
// the whole script, so it owes nothing to luck.
struct Watch {
  std::map<std::string, int> times;                       // By payload, fresh ones.
  std::array<std::array<int, 3>, kTopics> last_number{};  // By topic and QoS.
  std::vector<std::string> wrong;

  void take(const mqtt::Publish& packet) {
    const auto qos = static_cast<std::size_t>(packet.qos);
    const int number = std::stoi(packet.payload);
    int& last = last_number[static_cast<std::size_t>(packet.topic.back() - '0')][qos];
    ++times[packet.payload];
    if (number <= last && !packet.dup)
      wrong.push_back(packet.topic + " " + packet.payload + " after " + std::to_string(last));
    last = std::max(last, number);
  }
};

class Script {
 public:
  explicit Script(std::uint32_t seed) : luck_(seed), lab_(config(luck_)) {
    watcher_ = &lab_.join(v5("watcher", 1'000'000));
    watcher_->subscribe("p/#", 2);
    lab_.holds_commits = luck_.once_in(2);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      lab_.batch([&] {
        for (int n = luck_.below(4); n >= 0; --n) step(luck_.below(kPeople));
      });
      if (lab_.holds_commits && luck_.once_in(3)) lab_.commit();
      if (luck_.once_in(7)) lab_.advance_ms(luck_.below(8'000));
      if (luck_.once_in(5)) watch();
    }
    finish();
  }

  std::vector<std::string> wrong() {
    std::vector<std::string> wrong = watch_.wrong;
    for (const auto& [payload, qos] : acknowledged_) {
      const int times = watch_.times[payload];
      if (times == 0) wrong.push_back("lost: " + payload);
      if (qos == QoS::exactly_once && times > 1) wrong.push_back("twice: " + payload);
    }
    return wrong;
  }

 private:
  struct Person {
    Client* client = nullptr;  // Null while it is away.
    bool is_v5 = true;
    std::uint16_t next_id = 1;
    std::map<std::uint16_t, std::pair<std::string, QoS>> sent;
  };

  static Config config(Luck& luck) {
    Config config;
    config.mqtt.queue_qos0 = luck.once_in(2);
    config.mqtt.dead_letter_topic = luck.once_in(2) ? "dead" : "";
    config.limits.max_inflight = static_cast<std::uint16_t>(1 + luck.below(5));
    config.limits.receive_maximum = 1'000;
    return config;
  }

  void step(int who) {
    Person& person = people_[static_cast<std::size_t>(who)];
    if (person.client != nullptr && person.client->closed()) leave(person);
    if (person.client == nullptr) return come(person, who);
    switch (luck_.below(12)) {
      case 0:
        return depart(person);
      case 1:
      case 2:
        return subscribe(person);
      case 3:
        return person.client->send(mqtt::Unsubscribe{60'000, {}, {filter()}});
      case 4:
        return person.client->send(
            retained(topic(), luck_.once_in(3) ? "" : "kept", luck_.below(2), 59'999));
      case 5:
      case 6:
      case 7:
        return answer(person);
      default:
        return publish(person);
    }
  }

  void come(Person& person, int who) {
    person.is_v5 = luck_.below(4) != 0;
    const std::string id = "c" + std::to_string(who);
    const bool clean = luck_.once_in(6);
    mqtt::Connect packet =
        person.is_v5
            ? v5(id, luck_.once_in(3) ? 0U : 1U + static_cast<unsigned>(luck_.below(20)), clean)
            : v311(id, clean);
    packet.keep_alive_s = static_cast<std::uint16_t>(luck_.below(3) * 10);
    if (person.is_v5 && luck_.once_in(3))
      packet.properties.add(PropertyId::receive_maximum,
                            1U + static_cast<unsigned>(luck_.below(3)));
    if (person.is_v5 && luck_.once_in(6))
      packet.properties.add(PropertyId::maximum_packet_size, 60U);
    if (luck_.once_in(3)) {
      mqtt::Will last =
          will(topic(), "gone", person.is_v5 ? static_cast<unsigned>(luck_.below(9)) : 0U);
      last.qos = static_cast<QoS>(luck_.below(3));
      last.retain = luck_.once_in(4);
      packet = with_will(std::move(packet), std::move(last));
    }
    person.client = &lab_.connect(std::move(packet));
  }

  void leave(Person& person) {
    harvest(person);
    person.client = nullptr;
    person.sent.clear();
  }

  void depart(Person& person) {
    harvest(person);
    if (luck_.once_in(2)) {
      person.client->lose();
    } else {
      person.client->disconnect();
    }
    person.client = nullptr;
    person.sent.clear();
  }

  std::string topic() { return "t/" + std::to_string(luck_.below(kTopics)); }
  std::string filter() {
    constexpr std::array<const char*, 7> kFilters = {"t/#", "t/1", "+/2",         "$share/g/t/+",
                                                     "#",   "p/+", "$share/h/p/#"};
    return kFilters[static_cast<std::size_t>(luck_.below(static_cast<int>(kFilters.size())))];
  }

  void subscribe(Person& person) {
    mqtt::SubscribeEntry wanted = entry(filter(), luck_.below(3));
    if (person.is_v5 && !wanted.filter.starts_with("$share")) wanted.no_local = luck_.once_in(4);
    if (person.is_v5) wanted.retain_handling = static_cast<std::uint8_t>(luck_.below(3));
    mqtt::Subscribe packet{60'001, {}, {std::move(wanted)}};
    if (person.is_v5 && luck_.once_in(3))
      packet.properties.add(PropertyId::subscription_identifier, 3U);
    person.client->send(std::move(packet));
  }

  void publish(Person& person) {
    const auto qos = luck_.below(3);
    const std::string payload = std::to_string(++number_);
    const std::uint16_t id = qos == 0 ? std::uint16_t{0} : person.next_id++;
    if (luck_.once_in(3))
      return person.client->send(
          with(message(topic(), payload, qos, id), PropertyId::message_expiry_interval, 3U));
    if (qos > 0) person.sent[id] = {payload, static_cast<QoS>(qos)};
    person.client->send(message("p/" + std::to_string(luck_.below(kTopics)), payload, qos, id));
  }

  // Reads what has come: learns which messages are acknowledged, answers most deliveries.
  void harvest(Person& person, bool answers = false) {
    for (mqtt::Packet& packet : person.client->drain()) {
      if (const auto* got = std::get_if<mqtt::Ack>(&packet)) {
        const auto sent = person.sent.find(got->packet_id);
        const bool says_taken = got->type == PacketType::puback || got->type == PacketType::pubrec;
        if (says_taken && sent != person.sent.end() && !is_error(got->reason))
          acknowledged_.insert(sent->second);
        if (!answers) continue;
        if (got->type == PacketType::pubrec)
          person.client->send(ack(PacketType::pubrel, got->packet_id));
        if (got->type == PacketType::pubrel)
          person.client->send(ack(PacketType::pubcomp, got->packet_id));
      }
      const auto* message = std::get_if<mqtt::Publish>(&packet);
      if (!answers || message == nullptr || message->qos == QoS::at_most_once) continue;
      if (luck_.once_in(8)) continue;  // Forgotten, until the next connection.
      const bool fits = !luck_.once_in(100);
      const bool once = (message->qos == QoS::at_least_once) == fits;
      person.client->send(ack(once ? PacketType::puback : PacketType::pubrec, message->packet_id));
    }
  }
  void answer(Person& person) { harvest(person, true); }

  // The watcher acknowledges all, and loses its connection now and then.
  void watch() {
    for (mqtt::Packet& packet : watcher_->drain()) {
      if (const auto* message = std::get_if<mqtt::Publish>(&packet)) {
        const bool again =
            message->qos == QoS::exactly_once && !open_.insert(message->packet_id).second;
        if (!again) watch_.take(*message);
        if (message->qos != QoS::at_most_once)
          watcher_->send(
              ack(message->qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec,
                  message->packet_id));
      }
      if (const auto* release = std::get_if<mqtt::Ack>(&packet)) {
        open_.erase(release->packet_id);
        watcher_->send(ack(PacketType::pubcomp, release->packet_id));
      }
    }
    if (!luck_.once_in(6)) return;
    watcher_->lose();
    watcher_ = &lab_.connect(v5("watcher", 1'000'000));
  }

  void finish() {
    lab_.holds_commits = false;
    lab_.commit();
    for (Person& person : people_)
      if (person.client != nullptr) harvest(person);
    for (int i = 0; i < 50; ++i) watch();
    for (std::size_t left = 1; left > 0 && !watcher_->closed();) {
      left = lab_.state().find_session("watcher")->outgoing.size();
      watch();
    }
  }

  Luck luck_;
  Lab lab_;
  Client* watcher_ = nullptr;
  Watch watch_;
  std::set<std::uint16_t> open_;  // QoS 2 ids that the watcher holds.
  std::array<Person, kPeople> people_;
  std::set<std::pair<std::string, QoS>> acknowledged_;
  int number_ = 0;
};

}  // namespace

TEST_CASE(
    "whatever the clients do, what was acknowledged is delivered, in order, and can be replayed") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    INFO("seed ", seed);
    Script script(seed);
    script.run(200);
    for (const std::string& wrong : script.wrong()) FAIL_CHECK(wrong);
  }
}
