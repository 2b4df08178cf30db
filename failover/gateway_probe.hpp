// GatewayProbe: asks each of failover.gateway again and again whether it is there, by ICMP echo,
// and writes down when one has answered. The kernel lets it do so by a ping socket, which needs a
// group in net.ipv4.ping_group_range, or by a raw socket, which needs CAP_NET_RAW.
// It decides nothing. Owned by node; the core's io_context and thread.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "failover/echo.hpp"
#include "failover/gateway_record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class GatewayProbe {
 public:
  struct Config {
    std::vector<std::string> gateways;
    std::uint32_t every_ms = 0;
    std::uint32_t gap_ms = 0;  // See GatewayRecord.
    std::uint64_t nonce = 0;   // Random.
  };

  struct Ports {
    std::function<Instant()> now;
    std::function<void(const std::string&)> warn;  // None answers any more, or one does again.
  };

  GatewayProbe(asio::io_context& io, Config config, Ports ports);

  // The error is for the operator, and says what to allow.
  Result<void> start();
  void stop();

  [[nodiscard]] const GatewayRecord& record() const { return record_; }
  [[nodiscard]] bool answers() const;  // Without a gap until now.

 private:
  static constexpr std::size_t kSentKept = 64;
  struct Sent {
    std::uint64_t number = 0;
    Instant at;
  };
  // Of one family; none of its gateways: no socket.
  struct Door {
    std::optional<asio::posix::stream_descriptor> socket;
    EchoFamily family{};
  };

  Result<void> open(Door& door);
  void ask();
  void ask_later();
  void receive(Door& door);
  void read(Door& door);
  void take(std::uint64_t number);
  void tell();

  asio::io_context& io_;
  const Config config_;
  const Ports ports_;
  GatewayRecord record_;
  std::vector<asio::ip::address> gateways_;
  std::array<Door, 2> doors_{Door{{}, EchoFamily::v4}, Door{{}, EchoFamily::v6}};
  asio::steady_timer timer_;
  std::uint64_t number_ = 0;
  std::deque<Sent> sent_;     // The last ones.
  bool told_answers_ = true;  // What the log says.
  bool stopped_ = false;
};

}  // namespace tandemq
