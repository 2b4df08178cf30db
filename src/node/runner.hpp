// Runner: the core thread's work while this node leads. It drains events in batches, lets the
// Primary step over them, carries its records and table changes to the committer and the feed, its
// questions to the body reader, and its outputs to the sinks that own the connections. It decides
// nothing about MQTT; it is the only one who calls the Primary. Before lead() it has none, and says
// so. Owned by node; the core's io_context, but for put_events() and post(), which any thread may
// call.
#pragma once

#include "base/mailbox.hpp"
#include "core/primary.hpp"
#include "node/body_reader.hpp"
#include "node/clock.hpp"
#include "node/committer.hpp"
#include "node/connection_log.hpp"
#include "node/measures.hpp"
#include "replication/feed.hpp"
#include "store/store.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
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

  // The role, once its TermStart is on the disk. All of it outlives the Runner's work.
  struct Role {
    Primary& primary;
    Feed& feed;
    Store& store;
    Lsn tables_at = 0;                       // The tables hold the State as it was there.
    std::function<Lsn()> archived;           // See Committer.
    std::function<void(Instant)> replicate;  // Carries out what the feed wants; once a batch.
  };

  Runner(asio::io_context& io, const Clock& clock, ConnectionLog& log);
  // From now on this node serves; core thread, once.
  void lead(const Config& config, Role role);
  [[nodiscard]] bool leads() const { return role_.has_value(); }

  // Core thread. The number that the sink's connection ids must carry.
  std::uint8_t add_sink(Sink sink);
  // A batch of its own, at once; takes the content.
  void run_events(std::uint8_t sink, std::vector<Event>& events);
  void run(const Closure& closure);
  // The disk is nearly full: see Store.
  void reclaim() {
    if (committer_) committer_->reclaim();
  }
  // Everything that was sealed is on the disk when it returns; nothing may come after it.
  void finish();

  // Any thread: with the next batch.
  void put_events(std::uint8_t sink, std::vector<Event>& events);  // Takes the content.
  void put_answer(PasswordChecked answer);
  // `otherwise` is called in its place by a node that does not lead.
  void post(Closure closure, std::function<void()> otherwise = nullptr);
  // When it has stopped, nothing that was posted and has not run will run any more.
  [[nodiscard]] const asio::io_context& io() const { return io_; }

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] Measures& measures() { return measures_; }

 private:
  struct Batch {
    std::uint8_t sink = 0;
    bool counted = true;  // False: these were not among the sink's events under way.
    std::vector<Event> events;
  };
  struct Posted {
    Closure closure;
    std::function<void()> otherwise;
  };

  void drain();
  void turn_away();
  void step_all(std::vector<Event>& events, Instant now);
  void step(Event& event, Instant now);
  void step_accepting(Event& event, Instant now);  // It may make a connection ready.
  [[nodiscard]] const Connection* find_connection(ConnectionId id) const;  // Null: it is gone.
  void finish_batch(Instant now);
  void commit();
  void take_events(std::uint8_t sink, std::size_t count);
  void pay_events();
  void carry_out(Outputs&& outputs);
  void set_timer(Instant now);

  asio::io_context& io_;
  const Clock& clock_;
  ConnectionLog& log_;
  std::optional<Role> role_;
  bool flushing_ = false;                  // What the committer was told.
  std::atomic<Lsn> followed_{UINT64_MAX};  // The feed needs the log from here on.
  std::atomic<std::uint64_t> allowance_{0};
  Mailbox<Batch> batches_;
  Mailbox<Posted> closures_;
  bool held_ = false;                   // Something may wait in them without another wake-up.
  std::vector<Batch> drained_batches_;  // Kept for their capacity.
  std::vector<Posted> drained_closures_;
  std::vector<Sink> sinks_;
  std::vector<Outputs> by_sink_;
  asio::steady_timer timer_;
  Instant timer_at_ = Instant::never();
  Measures measures_;
  CommitTimer commit_timer_{measures_.commit_ns};
  std::vector<std::size_t> owed_;  // By sink: events worked through and not told yet.
  bool owes_ = false;
  // The last ones: their threads call what stands above.
  std::optional<Committer> committer_;
  std::optional<BodyReader> body_reader_;
};

}  // namespace tandemq
