// Hub: the connections of one net thread. It reads packets and hands them to the core as events,
// carries out the core's outputs, and bounds both: it does not read while the core is behind or the
// client does not take its answers. Everything that is to be sent to a connection in one turn of
// the loop leaves in one system call. It knows no rule of MQTT beyond cutting and encoding packets.
// Owned by node; its io_context's thread, but for offer() and counters().
#pragma once

#include "base/four_tuple.hpp"
#include "base/timers.hpp"
#include "broker/event.hpp"
#include "broker/output.hpp"
#include "config/listener_limits.hpp"
#include "net/client_socket.hpp"
#include "net/connection_slots.hpp"
#include "net/poller.hpp"
#include "net/tls_stream.hpp"
#include "net/websocket_stream.hpp"
#include "net/websocket_upgrade.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

struct ProxyHeader;

struct HubPorts {
  std::function<void(std::vector<Event>&)> put_events;  // Takes the content over.
  std::function<void(ConnectionId, CheckPassword)> check_password;
  // Null: nobody wants to know. `opened` is not called for a socket whose ends are not known.
  std::function<void(ConnectionId, const FourTuple&)> opened = nullptr;
  std::function<void(ConnectionId)> closed = nullptr;
  // Null: nobody wants to know. A handshake of TLS, an upgrade or a PROXY header that failed: who
  // and why, once a second at most.
  std::function<void(const std::string&)> handshake_failed = nullptr;
};

// Written by the hub's thread alone; any thread may look.
struct HubCounters {
  explicit HubCounters(std::size_t listeners) : by_listener(listeners) {}
  [[nodiscard]] std::size_t place_of(std::uint16_t listener) const {
    return listener < by_listener.size() ? listener : 0;
  }

  std::atomic<std::uint64_t> connections{0};            // Open, or offered and not adopted yet.
  std::vector<std::atomic<std::uint32_t>> by_listener;  // The same; 0: of none.
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> handshakes_full{0};  // Of TLS.
  std::atomic<std::uint64_t> handshakes_resumed{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> upgrades_done{0};  // To WebSocket.
  std::atomic<std::uint64_t> upgrades_refused{0};
  std::atomic<std::uint64_t> proxy_headers_refused{0};
};

// What is taken from the PROXY header of a connection; none: it has no such header.
enum class ProxyUse : std::uint8_t { none, address, address_and_user };

// What is between a socket and the packets of MQTT; without any of it they are right on TCP.
struct Transport {
  std::shared_ptr<const TlsContext> tls = nullptr;
  std::shared_ptr<const ListenerWebSocket> websocket = nullptr;
  ProxyUse proxy = ProxyUse::none;
};

class Hub {
 public:
  // Events that may be under way to the core; while there are more, nothing is read.
  static constexpr std::size_t kEventsMax = 16'384;
  // Handshakes of TLS that may have begun; others wait, and what their clients have sent unread.
  static constexpr std::size_t kHandshakesMax = 256;

  Hub(asio::io_context& io, std::uint8_t sink, const ListenerLimits& limits, HubPorts ports);

  // Any thread: a socket that was accepted and does not block.
  void offer(int socket, std::unique_ptr<Origin> origin, Transport transport = {});
  [[nodiscard]] const HubCounters& counters() const { return counters_; }

  void carry_out(Outputs&& outputs);
  void events_taken(std::size_t count);  // The core has worked through so many.
  void set_limits(const ListenerLimits& limits);

 private:
  using Clock = std::chrono::steady_clock;
  struct Dropped {
    std::string topic;
    std::uint32_t count = 0;
  };

  void adopt(int socket, std::unique_ptr<Origin> origin, Transport transport);
  // TLS and the PROXY header, if there are any, are done.
  void begin_serving(ClientSocket& socket, std::unique_ptr<Origin> origin);
  void open(ClientSocket& socket, std::unique_ptr<Origin> origin);  // The core hears of it.
  [[nodiscard]] std::atomic<std::uint32_t>& count_of(std::uint16_t listener) {
    return counters_.by_listener[counters_.place_of(listener)];
  }
  static void add_to(std::atomic<std::uint64_t>& counter, std::uint64_t count);
  [[nodiscard]] ClientSocket* find(ConnectionId id);
  void remove(ClientSocket& socket, std::string why);  // Ends it with a Closed event.

  // Input.
  [[nodiscard]] bool congested() const { return events_.size() + under_way_ >= kEventsMax; }
  [[nodiscard]] bool wants_input(const ClientSocket& socket) const;
  void update_interest(ClientSocket& socket);  // Whatever it depends on has changed.
  void ready(ConnectionId id, Interest ready);
  void read(ClientSocket& socket);
  // What they bring; with nothing new, what is kept of a publisher that was too fast.
  void take_packets(ClientSocket& socket, ByteView bytes);
  template <class OneEvent>
  void add_event(OneEvent event) {
    events_.emplace_back(std::in_place_type<OneEvent>, std::move(event));
    schedule_turn();
  }

  // PROXY headers, in hub_proxy.cpp.
  struct Announced {
    std::unique_ptr<Origin> origin;  // Null: its TlsStream has it.
    ProxyUse use = ProxyUse::address;
    Clock::time_point accepted_at;
    std::string bytes;  // What has come of the header.
  };
  void await_header(ClientSocket& socket, std::unique_ptr<Origin> origin, ProxyUse use);
  void read_header(ClientSocket& socket);
  void take_header(ClientSocket& socket, const ProxyHeader& header);
  void refuse_header(ClientSocket& socket, const std::string& why);
  void look_at_announced(ClientSocket& socket, Clock::time_point now);
  // Publishers that are too fast, in hub_throttle.cpp.
  static Instant to_instant(Clock::time_point time);
  void set_gate(ClientSocket& socket);
  void throttle(ClientSocket& socket);
  void end_pauses();
  void set_pause_timer(Instant now);

  // Handshakes of TLS, in hub_handshake.cpp.
  void go_on_with_handshake(ClientSocket& socket);
  void end_handshake(ClientSocket& socket);
  void fail_handshake(ClientSocket& socket, const std::string& why);
  void tell_of_refusal(const std::string& text);  // Once a second at most.
  void take_place(TlsStream& tls);
  void leave_handshake(ClientSocket& socket);  // Another one gets its place.
  void forget_queued();                        // Those that are gone.
  void look_at_handshake(ClientSocket& socket, Clock::time_point now);

  // WebSocket, in hub_websocket.cpp.
  void begin_upgrade(ClientSocket& socket, std::unique_ptr<Origin> origin);
  void take_frames(ClientSocket& socket, std::span<char> bytes);
  void end_behind_packets(ClientSocket& socket);  // If a frame has ended it.
  std::span<char> take_upgrade(ClientSocket& socket, std::span<char> bytes);  // What is behind it.
  void end_upgrade(ClientSocket& socket, std::string answer);
  void refuse_upgrade(ClientSocket& socket, UpgradeAnswer answer);
  void look_at_upgrade(ClientSocket& socket, Clock::time_point now);

  // Output, in hub_output.cpp.
  void carry_out(ClientSocket& socket, Output& output, const Outputs& outputs);
  void deliver(ClientSocket& socket, const Deliver& delivery, const MessageRef& message);
  void send_ack(ClientSocket& socket, const mqtt::Ack& ack);
  void send_packet(ClientSocket& socket, const mqtt::Packet& packet);
  void begin_close(ClientSocket& socket, std::string why,
                   std::uint16_t websocket_code = kWebSocketNormal);
  void bound_output(ClientSocket& socket, std::size_t size_before);
  void mark_dirty(ClientSocket& socket);
  void flush(ClientSocket& socket);
  void lose_output(ClientSocket& socket);
  void all_sent(ClientSocket& socket);

  // Turns and time.
  void schedule_turn();
  void end_turn();
  void flush_dirty();
  void report_drops();
  void watch(ClientSocket& socket);
  void sweep();

  asio::io_context& io_;
  ListenerLimits limits_by_listener_;
  LimitsConfig limits_;  // Of the node.
  HubPorts ports_;
  HubCounters counters_;
  Poller poller_;
  ConnectionSlots slots_;
  std::vector<std::unique_ptr<ClientSocket>> sockets_;  // By slot.
  std::unique_ptr<char[]> buffer_;                      // What every socket reads into.
  PendingPool pool_;
  std::vector<Event> events_;  // Of this turn.
  std::vector<Event> batch_;   // Being handed on; kept for its capacity.
  std::size_t under_way_ = 0;  // Events that the core has not worked through.
  bool turn_scheduled_ = false;
  bool in_turn_ = false;
  std::vector<ConnectionId> dirty_;                    // Have something to send.
  std::vector<ConnectionId> deferred_;                 // Would be read if the core were not behind.
  std::vector<ConnectionId> watched_;                  // Have a deadline or send too slowly.
  std::unordered_map<ConnectionId, Dropped> dropped_;  // QoS 0 of this turn.
  std::unique_ptr<TlsBuffers> tls_buffers_;            // Null: there was no TLS yet.
  std::size_t handshakes_ = 0;                         // Begun.
  std::size_t handshake_steps_ = 0;                    // Of this turn.
  std::vector<ConnectionId> handshakes_queued_;        // Would begin one.
  Clock::time_point handshake_told_at_;                // That one has failed.
  SpareDecoder spare_decoder_;                         // Null: there was no WebSocket yet.
  std::unordered_map<ConnectionId, Announced> announced_;  // Await a header.
  asio::steady_timer sweep_timer_;
  Timers<ConnectionId> pauses_;  // When they end.
  Instant pause_timer_at_ = Instant::never();
  asio::steady_timer pause_timer_;
};

}  // namespace tandemq
