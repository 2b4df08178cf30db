// PairNode: one node of two in the simulator: the order of steps of src/node (node_roles, feeding,
// following, runner, data) over the real roles, a MemoryStore, and threads that take their time.
// What survives the process is the store, node.state and an image under way.
// Owned by one PairSimulation.
#pragma once

#include "core/primary.hpp"
#include "core/standby.hpp"
#include "failover/gateway_record.hpp"
#include "failover/heartbeat.hpp"
#include "failover/machine.hpp"
#include "failover/memory_witness.hpp"
#include "recovery/recover.hpp"
#include "replication/feed.hpp"
#include "replication/feed_source.hpp"
#include "replication/image.hpp"
#include "replication/node_state.hpp"
#include "store/memory_store.hpp"
#include "tests/sim/front.hpp"
#include "tests/sim/pair_judge.hpp"
#include "tests/sim/pair_plan.hpp"
#include "tests/sim/peer_net.hpp"
#include "tests/sim/slow_reader.hpp"
#include "tests/sim/slow_writer.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <variant>

namespace tandemq::sim {

class BeatNet;

// What the nodes of one run share.
struct PairWorld {
  Luck& luck;
  const PairPlan& plan;
  PairFault fault = PairFault::none;
  PairJudge& judge;
  PeerNet* net = nullptr;
  MemoryWitness* witness = nullptr;  // Null: there is none.
  std::ostream* story = nullptr;
  std::shared_ptr<const Access> access = nullptr;
  Instant now{1'700'000'000'000};
  // Who has all that was ever acknowledged, as a witness would have it (invariants I4 and I5).
  std::set<NodeIndex> insync = {};
  // Told of a node: its process is about to end, and that it leads from now on.
  std::function<void(NodeIndex)> ends = nullptr;
  std::function<void(NodeIndex)> led = nullptr;
  // How far the log of a node has come, in truth.
  std::function<Durable(NodeIndex)> disk_of = nullptr;
  // Switches a node off.
  std::function<void(NodeIndex)> fence = nullptr;
  std::function<bool(NodeIndex)> runs = nullptr;
  BeatNet* beats = nullptr;
  // Until then no gateway answers this node.
  std::array<Instant, 2> off_until = {};
};

class PairNode {
 public:
  PairNode(NodeIndex index, PairWorld& world);

  // ---- The process.
  void start();
  void crash();
  void lose_power();
  [[nodiscard]] bool runs() const { return life_ != nullptr; }
  [[nodiscard]] Instant next_due() const;
  void act();  // Whatever is due, one thing.
  // It stands still (SIGSTOP) until it goes on.
  void set_hanging(bool hangs) { hangs_ = hangs; }
  [[nodiscard]] bool hangs() const { return hangs_; }
  void set_disk_lag(std::uint32_t ms);

  // ---- The operator.
  [[nodiscard]] bool leads() const { return life_ && life_->primary; }
  // It leads, and does not stop.
  [[nodiscard]] bool serves() const { return leads() && life_->again_at.is_never() && !hangs_; }
  [[nodiscard]] bool follows() const;
  // It led, and knows that the other one has more.
  [[nodiscard]] bool stands_back() const;
  [[nodiscard]] bool may_lead() const;
  void promote(bool forced);  // Only if it follows.
  void demote();
  void switch_over();  // Only if it serves.
  void repair_witness();

  // ---- The clients.
  Front& front() { return life_->front; }
  Primary& primary() { return *life_->primary; }
  void finish_batch();
  // Publishers are slowed down.
  [[nodiscard]] bool holds_back() const {
    return life_->feed->is_lagging() || life_->feed->moves();
  }

  // ---- The network.
  PeerNet::Handlers handlers();
  void take_beat(const std::string& bytes);

  // ---- For the judges.
  [[nodiscard]] const NodeState& file() const { return file_; }
  [[nodiscard]] const MemoryStore& store() const { return *store_; }
  [[nodiscard]] const State& state() const { return life_->state; }
  [[nodiscard]] const Feed& feed() const { return *life_->feed; }
  [[nodiscard]] bool takes_image() const { return life_ && life_->image.has_value(); }
  // Nothing is under way, of a primary.
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] Position end() const;  // Of its log, as it works.
  [[nodiscard]] Position stored() const;
  [[nodiscard]] Lsn stored_lsn() const;  // Of the same, without reading a record.
  [[nodiscard]] Position kept() const;   // What it has, or the next process would find.
  [[nodiscard]] const Durable& disk() const { return disk_; }
  [[nodiscard]] std::string shown() const;
  [[nodiscard]] int images() const { return images_; }

 private:
  using ImageWork = std::variant<ImageBegin, ImageRows, ImageEnd>;
  template <class T>
  struct Due {
    T what;
    Instant at;
  };
  struct Image {
    ImageBegin begin;
    ImageProgress progress;
  };
  // What is said to the witness: one question at a time is on its way there, or back.
  struct Asking {
    std::unique_ptr<Witness> way;
    std::optional<failover::WitnessDialogue> dialogue;
    Instant at = Instant::never();  // Of the next half of the way.
    bool arrived = false;
    bool lost = false;  // It arrives later, or never.
    bool proves = false;
    bool fences = false;
    bool promotes = false;
    bool admits = false;
    bool offered = false;
    WireId offer = 0;  // It came on this link.
    Instant again_at;
    std::optional<Term> term;  // That was claimed.
  };
  // All that ends with the process.
  struct Life {
    explicit Life(const failover::Settings& settings) : machine(settings) {}

    State state;
    Position position;
    Lsn tables_at = 0;
    std::uint64_t incarnation = 0;
    std::optional<SlowWriter> writer;
    std::unique_ptr<Standby> standby;
    std::unique_ptr<Primary> primary;
    std::unique_ptr<Feed> feed;
    std::optional<FeedSource> source;
    std::deque<Due<FeedRequest>> questions;
    std::optional<SlowReader> reader;
    Front front;
    WireId link = 0;  // To the primary, or to the standby.
    WireId call = 0;  // By which a primary has called.
    Instant dial_at;
    bool stopped = false;  // It has ceased to follow.
    bool flushing = false;
    bool alone = true;                 // A primary, when its last batch ended.
    std::optional<Position> peer_end;  // Of a peer that does not lead,
    Term peer_term;                    // and the highest one that it has seen.
    failover::Machine machine;
    bool peer_yields = false;
    bool let_peer_lead = false;
    bool tried_peer = false;
    bool forced = false;  // The operator's promote that is under way.
    Instant refused_at;
    Instant look_at;
    Instant proof_at = Instant::never();  // When the fence has ended.
    Asking witness;
    Feed::Wish permitted = Feed::Wish::none;
    Feed::Move moved{};  // When it was looked at last.
    std::optional<Image> image;
    std::optional<ImageTarget> target;
    std::deque<Due<ImageWork>> image_work;
    std::optional<Heartbeat> heartbeat;  // Of the second path.
    Beat said;
    Instant beat_at = Instant::never();
    std::optional<GatewayRecord> gateway;
    Instant ask_at = Instant::never();
    Instant again_at = Instant::never();  // This life ends then, and another one begins.
  };

  void tell(const std::string& what) const;
  void note(const std::function<void(NodeState&)>& how);
  void place_image();
  void begin_again(const std::string& why, bool aside = false);
  void end_life(bool power);
  void run_writer();
  [[nodiscard]] const MemoryStore& next_store() const;  // That the next process would find.
  void note_disk();

  // pair_leading.cpp
  void lead(bool forced);
  void fulfil();
  void watch_move();
  void commit();
  void release(const Committed& levels, bool alone, bool was_alone);
  void replicate();
  void take_call(WireId wire, Hello&& hello);
  void take_standby(WireId wire, Hello&& hello);
  void answer_question();
  void on_call_answered(const Frame& frame);
  [[nodiscard]] Hello about_us() const;
  void drop_link();

  // pair_failover.cpp
  [[nodiscard]] failover::Standing standing() const;
  [[nodiscard]] failover::Facts failover_facts() const;
  void look();
  void take(failover::Event event);
  void prove();
  void end_proof();
  void begin_fence();

  // pair_witness.cpp
  void meet_witness();
  void begin_claim(bool forced);
  void claim_as_offered();
  void end_offer(bool agrees);
  void begin_admission();
  void ask_witness();
  void carry_question();
  void take_verdict();
  void proven(bool holds);
  [[nodiscard]] bool has_witness() const { return life_->witness.dialogue.has_value(); }
  [[nodiscard]] std::string boot() const { return "boot " + std::to_string(boots_); }

  // pair_paths.cpp
  void open_paths();
  void ask_gateway();
  [[nodiscard]] Beat beat() const;
  void send_beat();
  void tell_news();
  void add_paths(failover::Facts& facts) const;

  // pair_following.cpp
  void greet(WireId wire);
  void drain();
  void obey(Demand&& demand);
  void cut_tail(Lsn lsn);
  void start_image(const ImageBegin& begin);
  void work_on_image();
  void open_image(const ImageBegin& begin);
  void installed(const Position& at);
  void image_failed(const std::string& why);
  void stop_following();
  void take_over();
  void lead_as_offered();

  // pair_tamper.cpp: the deliberate faults.
  void apply_twice(const Record& record);
  void tamper(Frame& frame);
  void tamper_answer(FeedAnswer& answer);
  void tamper_image(FeedAnswer& answer);
  static void tamper_record(Record& record);

  void on_frame(WireId wire, Frame&& frame);
  void on_closed(WireId wire);
  void on_dialled(WireId wire);
  [[nodiscard]] bool wants_to_dial() const;
  [[nodiscard]] bool has(PairFault fault) const { return world_.fault == fault; }
  [[nodiscard]] std::uint64_t number() const { return index_ + 1; }

  const NodeIndex index_;
  PairWorld& world_;
  const Config& config_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<MemoryStore> image_store_;
  NodeState file_;
  std::unique_ptr<Life> life_;
  bool hangs_ = false;
  std::uint32_t disk_lag_ms_;  // Between two things that its writer does, at the most.
  Durable disk_;  // What its log has ever had; a true answer may come when it is lost already.
  int images_ = 0;
  int boots_ = 0;         // Of the machine.
  ImageEnd wrong_image_;  // What a wrong image must say at its end.
};

}  // namespace tandemq::sim
