// SlowReader: the thread that reads bodies back (node/body_reader) in virtual time: a request is
// read from the tables at one time and answered at another, in order.
// Owned by a simulation; ends with the process.
#pragma once

#include "core/primary.hpp"
#include "store/store.hpp"
#include "tests/sim/luck.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace tandemq::sim {

class SlowReader {
 public:
  SlowReader(const Store& store, Luck& luck) : store_(store), luck_(luck) {}

  void ask(BodyRequest&& request, Instant now);
  [[nodiscard]] Instant next_due() const;
  // True: the Primary was given an answer.
  bool act(Primary& primary, Instant now);
  [[nodiscard]] bool is_idle() const { return readings_.empty(); }
  [[nodiscard]] std::uint64_t bodies_read() const { return bodies_read_; }

 private:
  struct Reading {
    BodyRequest request;
    Instant due;
    bool read = false;
    std::vector<MessageRef> bodies;
    std::vector<MessageId> lost;
  };

  const Store& store_;
  Luck& luck_;
  std::deque<Reading> readings_;
  std::uint64_t bodies_read_ = 0;
};

}  // namespace tandemq::sim
