// Runner: the core thread's work. It drains events in batches, lets the Primary step over them,
// carries its records and table changes to the committer, its questions to the body reader, and its
// outputs to the sinks that own the connections. It decides nothing about MQTT; it is the only one
// who calls the Primary.
// Owned by node; the core's io_context, but for put_events() and post(), which any thread may call.
#pragma once

#include "base/mailbox.hpp"
#include "core/primary.hpp"
#include "node/body_reader.hpp"
#include "node/clock.hpp"
#include "node/committer.hpp"
#include "node/connection_log.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class Runner {
 public:
  using Closure = std::function<void(Primary&, Instant)>;

  // Whoever owns connections: a hub, or administration. Called on the core thread.
  struct Sink {
    std::function<void(Outputs&&)> carry_out;
    std::function<void(std::size_t)> events_taken;  // So many of its events are worked through.
  };

  // The tables of the store hold the State as it was at `tables_at`. `archived`: see Committer.
  Runner(asio::io_context& io, const Clock& clock, Primary& primary, Store& store,
         const StoreConfig& config, Lsn tables_at, ConnectionLog& log,
         std::function<Lsn()> archived);

  // Core thread. The number that the sink's connection ids must carry.
  std::uint8_t add_sink(Sink sink);
  void start();
  // A batch of its own, at once; takes the content.
  void run_events(std::uint8_t sink, std::vector<Event>& events);
  void run(const Closure& closure);
  // The disk is nearly full: see Store.
  void reclaim() { committer_.reclaim(); }
  // Everything that was sealed is on the disk when it returns; nothing may come after it.
  void finish();

  // Any thread: with the next batch.
  void put_events(std::uint8_t sink, std::vector<Event>& events);  // Takes the content.
  void put_answer(PasswordChecked answer);
  void post(Closure closure);
  // Nothing that was posted and has not run will run any more.
  [[nodiscard]] bool stopped() const { return io_.stopped(); }

  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  struct Batch {
    std::uint8_t sink = 0;
    bool counted = true;  // False: these were not among the sink's events under way.
    std::vector<Event> events;
  };

  void drain();
  void step_all(std::vector<Event>& events, Instant now);
  void step(Event& event, Instant now);
  void finish_batch(Instant now);
  void take_events(std::uint8_t sink, std::size_t count);
  void pay_events();
  void carry_out(Outputs&& outputs);
  void set_timer(Instant now);

  asio::io_context& io_;
  const Clock& clock_;
  Primary& primary_;
  ConnectionLog& log_;
  Mailbox<Batch> batches_;
  Mailbox<Closure> closures_;
  std::vector<Batch> drained_batches_;  // Kept for their capacity.
  std::vector<Closure> drained_closures_;
  std::vector<Sink> sinks_;
  std::vector<Outputs> by_sink_;
  asio::steady_timer timer_;
  Instant timer_at_ = Instant::never();
  std::vector<std::size_t> owed_;  // By sink: events worked through and not told yet.
  bool owes_ = false;
  // The last ones: their threads call what stands above.
  Committer committer_;
  BodyReader body_reader_;
};

}  // namespace tandemq
