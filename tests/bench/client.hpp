// Client: one MQTT connection of the load. Connecting and subscribing block, with a time limit,
// because they are not measured; after start_traffic() the socket never blocks. Moves bytes and
// looks into none after that. Owner: a scenario; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include "base/result.hpp"
#include "base/wire.hpp"
#include "tests/bench/packets.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

class Client {
 public:
  // `source` is the local IPv4 address to bind, host order; 0 leaves it to the kernel.
  static Result<Client> connect(const Settings& settings, std::string client_id, bool persistent,
                                std::uint32_t source);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  Result<void> subscribe(const Settings& settings, std::string_view filter);
  void start_traffic();

  // What arrived, after what was kept; valid until the next read into `scratch`. May be empty.
  Result<ByteView> read(std::vector<char>& scratch);
  void keep(ByteView rest) { kept_.assign(rest); }

  [[nodiscard]] std::string& outbox() { return outbox_; }
  // Writes what the socket takes; the rest stays in the outbox.
  Result<void> flush();

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  explicit Client(std::string client_id) : client_id_(std::move(client_id)) {}
  Result<void> open(const Settings& settings, std::uint32_t source);
  Result<void> shake_hands(const std::string& authorities);
  ssize_t receive(char* to, std::size_t room);
  ssize_t send(const char* from, std::size_t size);
  Result<void> exchange(PacketType answer, std::uint8_t reason);
  Result<void> check_answer(const FrameView& frame, PacketType answer, std::uint8_t reason) const;
  [[nodiscard]] std::string problem(std::string_view what) const;

  std::string client_id_;
  int descriptor_ = -1;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};  // Null: plain TCP.
  std::string kept_;    // The head of a frame whose tail has not arrived.
  std::string outbox_;  // Not yet written.
};

}  // namespace tandemq
