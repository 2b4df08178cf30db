// Primary: the role of the node that serves clients. It takes events in batches, lets the broker
// step over the State, seals what changed as one record, and lets outputs out when their record is
// committed. It has no socket, clock, thread or disk: node/runner gives it events and time, carries
// its records to the store and its outputs to the sinks.
//
// A batch: any number of step() and tick(), then seal() once; then whatever the take_ functions
// give is carried out, records first. committed(), tables_written() and bodies_read() may come at
// any time between batches.
// Owner: node/runner; core thread.
#pragma once

#include "broker/broker.hpp"
#include "core/gate.hpp"
#include "core/materialiser.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace tandemq {

// Bodies that have to be read back from the tables, and the number to answer with.
struct BodyRequest {
  std::uint64_t number = 0;
  std::vector<MessageId> ids;
};

class Primary {
 public:
  // Goes on behind `last` in `term`, a new one; the tables hold the State as it was at `tables_at`.
  // With store.in_memory there are no tables.
  Primary(State& state, const Config& config, std::shared_ptr<const Access> access, Term term,
          const Position& last, Lsn tables_at);

  // The first batch: TermStart, then takes over what the State holds, see Broker::start().
  void start(Instant now);
  void step(Event&& event, Instant now);
  void tick(Instant now);  // Lets happen what is due: keep-alives, expiries, delayed wills.
  [[nodiscard]] Instant next_due() const;

  // Ends the batch. The record, if there is one, must be appended to the log; its outputs wait.
  // What nothing waits for, such as acknowledgements of receivers, may ride with a later record,
  // 10 ms at the most, unless `at_once`.
  std::optional<Record> seal(Instant now, bool at_once = true);
  // Nothing happens by itself, and nothing is sealed: another one may lead from here. Outputs
  // leave.
  void rest(bool rests) { rests_ = rests; }
  // How durable the log is, as far as somebody may ask.
  void committed(const Committed& committed);
  // What may leave now, in order. The caller carries it out.
  std::vector<Outputs> take_outputs();
  // To be written behind all records that were sealed before, then tables_written().
  std::optional<TableChanges> take_tables();
  void tables_written();
  // To be answered by bodies_read().
  std::optional<BodyRequest> take_body_request();
  void bodies_read(std::uint64_t request, const std::vector<MessageRef>& bodies,
                   const std::vector<MessageId>& lost, Instant now);

  // For administration, between batches; what it changes is sealed with the next batch.
  Broker& broker() { return broker_; }
  Effects& effects() { return effects_; }
  [[nodiscard]] const Position& position() const { return position_; }
  [[nodiscard]] const Gate& gate() const { return gate_; }
  [[nodiscard]] Awaited awaited() const;
  [[nodiscard]] Lsn settled() const;  // Committed at the level of the node: it is never undone.

 private:
  void hold_outputs();

  Broker broker_;
  Effects effects_;
  Gate gate_;
  std::optional<Materialiser> materialiser_;
  Term term_;
  Position position_;
  Instant draft_until_ = Instant::never();  // When what rides must be sealed.
  bool rests_ = false;
  std::vector<Outputs> ready_;
};

}  // namespace tandemq
