// Feeding: what the primary's Feed wants, carried out: its frames over the link of the standby, its
// questions to the reader, its wishes into node.state. It decides nothing.
// Owned by node; core thread, as long as this node leads.
#pragma once

#include "node/client_roll.hpp"
#include "node/feed_reader.hpp"
#include "node/node_file.hpp"
#include "node/peer_about.hpp"
#include "node/peer_port.hpp"
#include "node/runner.hpp"
#include "replication/feed.hpp"

#include <functional>
#include <memory>
#include <string>

#include <spdlog/logger.h>

namespace tandemq {

class Feeding {
 public:
  struct Ports {
    std::function<bool(Feed::Wish)> permits;  // Whether it may be granted now.
    std::function<void()> granted;            // It was.
    std::function<void()> wishes;             // It has one, or a move has come on; looked at later.
    std::function<void()> move_wished;        // By the standby's operator; looked at later.
    std::function<void()> link_lost;
    // Somebody leads in a newer term; must not end this object.
    std::function<void(const std::string& why)> superseded;
    PeerAbout& about;
  };
  Feeding(Runner& runner, Feed& feed, const Store& store, NodeFile& file, ClientRoll& clients,
          std::shared_ptr<spdlog::logger> log, Ports ports);
  ~Feeding();

  // The peer has called. It takes the place of whoever was there.
  void take(PeerPort::Link link, Hello&& hello);
  // Once a batch of the runner.
  void replicate(Instant now);
  // This node has called the peer while it led: the answer tells whether it still may.
  void call(const PeerPort::Link& link, Hello&& about_us);

  [[nodiscard]] bool has_link() const { return link_ != nullptr; }
  [[nodiscard]] const std::string& peer() const { return peer_; }  // Node id; empty: never seen.
  [[nodiscard]] Position peer_end() const { return peer_end_; }

 private:
  void drop_link();
  void fulfil(Instant now);
  void send(std::vector<Frame>&& frames);

  Runner& runner_;
  Feed& feed_;
  const Store& store_;
  NodeFile& file_;
  ClientRoll& clients_;
  std::shared_ptr<spdlog::logger> log_;
  Ports ports_;
  PeerPort::Link link_;  // Of the standby.
  PeerPort::Link call_;  // By which we have called.
  std::string peer_;
  Position peer_end_;
  Feed::Move moved_{};     // When it was looked at last.
  bool told_ = false;      // the port was called.
  std::string complaint_;  // The last one about node.state.
  FeedReader reader_;
};

}  // namespace tandemq
