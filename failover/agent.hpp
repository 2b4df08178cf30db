// Agent: carries out what the Machine says: it looks at the facts now and then and whenever
// somebody says that they have changed, proves what the policy asks for, tells keepalived by its
// files, and has the node lead, pair, go alone or step down. Each step is logged with its reason.
// It decides nothing. Owned by node; the core's io_context and thread.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "failover/machine.hpp"
#include "failover/outside_command.hpp"
#include "failover/vip.hpp"
#include "failover/vip_command.hpp"
#include "replication/feed.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq::failover {

class Agent {
 public:
  struct Config {
    Settings settings;
    std::vector<std::string> fence_command;  // Of parse_command().
    std::vector<std::string> vip_command;
    VipConfig vip;
  };
  enum class Weight : std::uint8_t { info, warning, error };
  struct Ports {
    std::function<Instant()> now;
    std::function<Facts()> facts;
    std::function<Result<void>()> lead;
    std::function<void(const std::string& why)> step_down;
    std::function<void()> wish_permitted;  // See permits().
    std::function<void(Weight, const std::string&)> log;
  };

  Agent(asio::io_context& io, Config config, Ports ports);
  // The role file says 0 from now on. The error is for the operator.
  Result<void> start();
  // The role file says 0 and nothing more is done. When the clients are gone.
  void stop();

  // The facts may have changed.
  void look();
  void take(Event event);
  // The operator's wish, whatever speaks against it.
  Result<void> promote();
  // Whether the wish of the Feed may be made durable and granted.
  [[nodiscard]] bool permits(Feed::Wish wish) const;

  [[nodiscard]] const Machine& machine() const { return machine_; }

 private:
  Action change(Event event);
  void act(Action action);
  Result<void> lead();
  void prove();
  void proven(std::uint64_t proof, bool holds, const std::string& how);
  void tell_keepalived();
  void end_claim();
  void watch_address();
  void look_later();

  asio::io_context& io_;
  const Config config_;
  const Ports ports_;
  Machine machine_;
  std::optional<Vip> vip_;
  VipCommand vip_command_;
  OutsideCommand fence_;
  asio::steady_timer timer_;
  Feed::Wish permitted_ = Feed::Wish::none;
  Instant claimed_at_ = Instant::never();  // The claim file says so since then.
  Instant fence_again_at_;                 // Not sooner.
  std::uint64_t proof_ = 0;  // The number of the one under way; one that is old says nothing.
  bool proving_ = false;
  bool holds_vip_ = false;           // What the role file says.
  Instant address_seen_at_;          // It was looked for.
  std::uint32_t strange_looks_ = 0;  // So often it was here and should not.
  bool looking_ = false;
  bool stopped_ = false;
};

}  // namespace tandemq::failover
