// Following: what a Standby wants, carried out: its records and table changes to the writer, its
// frames over the link to the primary, its demands on the disk. It decides nothing.
//
// What cannot be done to a State in memory ends this life of the node: a tail that is cut off, an
// image that was taken. The next one recovers from what is on the disk then.
// Owned by node; core thread, as long as this node follows.
#pragma once

#include "core/standby.hpp"
#include "node/clock.hpp"
#include "node/committer.hpp"
#include "node/data.hpp"
#include "node/image_receiver.hpp"
#include "node/node_file.hpp"
#include "node/peer_about.hpp"
#include "node/peer_port.hpp"
#include "replication/client_tuples.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <spdlog/logger.h>

namespace tandemq {

class Following {
 public:
  struct Ports {
    std::function<Lsn()> archived;                  // See Committer.
    std::function<void(const std::string&)> again;  // This life has to end: why.
    std::function<void(const Frame&)> answered;     // Welcome or Refused, before it is obeyed.
    std::function<void()> link_lost;                // The primary has closed it.
    std::function<void()> take_over;                // It offers that this node leads.
    std::function<void(const std::string& why)> move_refused;
    PeerAbout& about;
    Measures& measures;
  };

  // `about_us`: what a Hello says of the process.
  Following(asio::io_context& io, const Clock& clock, const Config& config, Data& data,
            NodeFile& file, Hello about_us, std::shared_ptr<spdlog::logger> log, Ports ports);
  ~Following();

  [[nodiscard]] bool wants_link() const { return !link_ && !stopped_ && !disk_low_; }
  void take(PeerPort::Link link);
  void set_disk_low(bool low);
  // The primary has said on another path that it goes on alone. True: that is written down.
  bool outdate();
  // The operator wants this node to lead: the primary is asked. The error says why it cannot be.
  Result<void> ask_to_lead();
  void decline(const std::string& why);  // Of Ports::take_over, if its link is there still.
  // The link stays open, and is the caller's: nothing is followed any more.
  [[nodiscard]] PeerPort::Link give_link();
  // Before a promotion or the end: the link is closed, all that was received is on the disk, and
  // the State stands at the Standby's end().
  void stop();

  [[nodiscard]] Standby& standby() { return standby_; }
  [[nodiscard]] const Standby& standby() const { return standby_; }
  [[nodiscard]] bool has_link() const { return link_ != nullptr; }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  // Of the primary that is followed, or was.
  [[nodiscard]] const ClientMirror& clients() const { return clients_; }
  struct Image {
    ImageBegin begin;
    ImageProgress progress;
    Instant began_at;
  };
  [[nodiscard]] const std::optional<Image>& image() const { return image_; }

 private:
  void drain();
  void obey(Demand&& demand);
  bool export_tail(Lsn from, const Position& end);
  void obey(const CutTail& cut);
  void obey(const StartImage& start);
  void obey(const HangUp& hang_up);
  void note(const std::function<void(NodeState&)>& how);
  void note_in_sync();
  void installed(const Position& at);
  void send_frames();
  void drop_link(const std::string& why);
  void set_timer();
  // To the core thread, as long as this object works.
  void post(std::function<void()> work);

  asio::io_context& io_;
  const Clock& clock_;
  const Config config_;
  Data& data_;
  NodeFile& file_;
  const Hello about_us_;
  std::shared_ptr<spdlog::logger> log_;
  Ports ports_;
  Standby standby_;
  PeerPort::Link link_;
  std::string peer_;
  ClientMirror clients_;
  std::string last_words_;  // Why the last link was closed.
  bool stopped_ = false;
  bool disk_low_ = false;
  bool offered_ = false;  // On this link, that this node leads.
  bool flushing_ = false;
  std::optional<Image> image_;
  asio::steady_timer timer_;
  Instant timer_at_ = Instant::never();
  // The last ones: their threads call what stands above.
  std::optional<ImageReceiver> receiver_;
  Committer committer_;
};

}  // namespace tandemq
