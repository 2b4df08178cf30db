#include "tests/sim/slow_reader.hpp"

#include <string>
#include <utility>

namespace tandemq::sim {

void SlowReader::ask(BodyRequest&& request, Instant now) {
  readings_.push_back({std::move(request), now.plus_ms(luck_.below(20)), false, {}, {}});
}

Instant SlowReader::next_due() const {
  return readings_.empty() ? Instant::never() : readings_.front().due;
}

bool SlowReader::act(Primary& primary, Instant now) {
  Reading& reading = readings_.front();
  if (reading.read) {
    primary.bodies_read(reading.request.number, reading.bodies, reading.lost, now);
    readings_.pop_front();
    return true;
  }
  reading.read = true;
  reading.due = now.plus_ms(luck_.below(20));
  std::vector<std::string> keys;
  for (const MessageId id : reading.request.ids) keys.push_back(message_key(id));
  const std::vector<std::string> rows = store_.get(Table::messages, keys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto body = read_message_row(keys[i], rows[i])) {
      reading.bodies.push_back(std::move(*body));
      ++bodies_read_;
    } else {
      reading.lost.push_back(reading.request.ids[i]);
    }
  }
  return false;
}

}  // namespace tandemq::sim
