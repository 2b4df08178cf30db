#include "tests/recovery/history.hpp"

#include "tests/store/samples.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace tandemq::tests {

MessageStored stored(std::uint64_t id, const std::string& topic, std::string payload) {
  auto message = std::make_shared<Message>();
  message->id = static_cast<MessageId>(id);
  message->topic = topic;
  message->payload = std::move(payload);
  message->qos = mqtt::QoS::at_least_once;
  return {message};
}

Queued queued(SessionId session, std::uint64_t sequence, std::uint64_t message) {
  Queued out;
  out.session = session;
  out.sequence = sequence;
  out.message = static_cast<MessageId>(message);
  out.qos = mqtt::QoS::at_least_once;
  return out;
}

void History::record(const std::vector<Mutation>& mutations, std::int64_t at_ms) {
  for (const Mutation& mutation : mutations) {
    state.apply(mutation);
    draft_.add(mutation);
  }
  Record record = draft_.seal(position, position.term, Instant{at_ms});
  position = record.position;
  if (!replace_next_by.empty()) record.bytes = std::exchange(replace_next_by, {});
  store_.append({&record, 1});
  store_.sync();
}

void History::write_tables() {
  store_.write_tables(state.collect_changes(position));
  store_.sync();
  state.tables_written();
}

void History::begin() {
  const auto open = [](SessionId id, const char* client) {
    return SessionOpened{id, client, "user", 600, Instant{1}, true};
  };
  record({open(kAnn, "ann"), open(kBob, "bob"), Subscribed{kAnn, "a/#", 1, 7},
          Subscribed{kBob, "b/+", 2, 0}},
         1'000);
  WillSet will;
  will.client_id = "ann";
  will.user_name = "user";
  will.message = stored(0, "will", "gone").message;
  record({stored(1, "kept", "retained"), RetainedSet{static_cast<MessageId>(1)}, will}, 2'000);
  record({stored(2, "a/b", "first"), queued(kAnn, 0, 2), queued(kBob, 0, 2),
          stored(3, "a/b", "second"), queued(kAnn, 1, 3), stored(4, "b/c", "third"),
          queued(kBob, 1, 4)},
         3'000);
  write_tables();
}

void History::go_on() {
  record({stored(5, "a/b", "fourth"), queued(kAnn, 2, 5)}, 4'000);
  record({stored(6, "b/c", "fifth"), queued(kBob, 2, 6)}, 5'000);
  record({Sent{kAnn, 1}}, 6'000);
}

void damage_row(Store& store, Table table, const std::string& key) {
  for (const auto& [found, value] : table_of(store, table)) {
    if (found != key) continue;
    std::string damaged = value;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x10);
    store.write_tables(put(table, key, damaged));
    store.sync();
    return;
  }
  FAIL("there is no such row");
}

}  // namespace tandemq::tests
