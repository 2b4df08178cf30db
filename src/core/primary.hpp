// Primary: the role of the node that serves clients. It takes events in batches, lets the broker
// step over the State, seals what changed as one record, and lets outputs out when their record is
// committed. It has no socket, clock, thread or disk: node/runner gives it events and time, carries
// its records to the store and its outputs to the sinks.
//
// A batch: any number of step() and tick(), then seal() once. committed() may come at any time
// between batches.
// Owner: node/runner; core thread.
#pragma once

#include "broker/broker.hpp"
#include "core/gate.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace tandemq {

class Primary {
 public:
  // Goes on behind `last` in `term`.
  Primary(State& state, const Config& config, std::shared_ptr<const Access> access, Term term,
          const Position& last);

  // Before the first batch: takes over what the State holds, see Broker::start().
  void start(Instant now);
  void step(Event&& event, Instant now);
  void tick(Instant now);  // Lets happen what is due: keep-alives, expiries, delayed wills.
  [[nodiscard]] Instant next_due() const { return broker_.next_due(); }

  // Ends the batch. The record, if there is one, must be appended to the log; its outputs wait.
  std::optional<Record> seal(Instant now);
  // Every record up to `lsn` is as durable as the role requires.
  void committed(Lsn lsn);
  // What may leave now, in order. The caller carries it out.
  std::vector<Outputs> take_outputs();

  // For administration, between batches; what it changes is sealed with the next batch.
  Broker& broker() { return broker_; }
  Effects& effects() { return effects_; }
  [[nodiscard]] const Position& position() const { return position_; }
  [[nodiscard]] const Gate& gate() const { return gate_; }

 private:
  Broker broker_;
  Effects effects_;
  Gate gate_;
  Term term_;
  Position position_;
  std::vector<Outputs> ready_;
};

}  // namespace tandemq
