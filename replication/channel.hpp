// Channel: one connection between the two nodes, as bytes. Both sides greet each other with a
// nonce, prove that they know the secret of the cluster, and from then on exchange frames, each
// with a tag that covers its number: what is damaged, truncated, replayed, out of order, too large
// or from somebody else ends the connection and never becomes a Frame. README.md draws the bytes.
// It does not encrypt (peer_link does, with TLS), and knows no socket, clock or randomness.
// Pure; one thread.
//
// Mutual challenge-response with HMAC-SHA256, as SCRAM (RFC 5802) and TLS-PSK have it: each side's
// proof covers both greetings whole, so neither can be played back or reflected.
#pragma once

#include "access/digest.hpp"
#include "base/result.hpp"
#include "replication/protocol.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tandemq {

inline constexpr std::uint16_t kProtocolOldest = 1;
inline constexpr std::uint16_t kProtocolNewest = 1;
inline constexpr std::size_t kNonceBytes = 32;
inline constexpr std::size_t kHandshakeBytesMax = 1'024;  // Of one step, before the proof.

class Channel {
 public:
  enum class Side : std::uint8_t { dialler, acceptor };
  struct Identity {
    std::string cluster;  // At most 255 bytes each.
    std::string node;
    std::string secret;  // May be empty under TLS: then the tags prove integrity alone.
    std::string nonce;   // kNonceBytes of it, random, for this connection only.
  };

  Channel(Side side, Identity us);

  // Appends what has to be sent now, and forgets it.
  void take_output(std::string& out);
  [[nodiscard]] std::size_t output_size() const { return output_.size(); }
  // `visit` is called with each frame that is whole and true. The error ends the connection; it is
  // a sentence for the log that names the peer's claim and what did not fit. What is left to send
  // may still be sent: it tells a peer whose proof was wrong that it was.
  Result<void> receive(ByteView bytes, const std::function<void(Frame&&)>& visit);
  void send(const Frame& frame);  // Only when it is open.

  [[nodiscard]] bool is_open() const;             // The peer has proved itself.
  [[nodiscard]] const std::string& peer() const;  // The node id that it claims.
  [[nodiscard]] std::uint16_t version() const;    // The highest that both speak.

 private:
  enum class Phase : std::uint8_t {
    greeting,  // The peer's greeting is awaited.
    proof,     // Its proof is awaited. The acceptor gives its own only after it has seen that.
    open,      // Frames.
    failed,    // error_ says why; nothing more is taken.
  };
  static constexpr std::size_t kTagBytes = 16;
  // Of one direction.
  struct Tags {
    std::array<char, kTagBytes> next(ByteView frame);  // Of the frame with its length.

    HmacSha256 hmac;
    std::uint64_t number = 0;  // Of the next frame.
  };

  // Of the step at the beginning of `have`; of its head, as long as the head is not whole.
  [[nodiscard]] Result<std::size_t> step_size(ByteView have) const;
  Result<void> take_step(ByteView step, const std::function<void(Frame&&)>& visit);
  Result<void> take_greeting(ByteView step);
  Result<void> take_proof(ByteView step);
  Result<void> take_frame(ByteView step, const std::function<void(Frame&&)>& visit);
  [[nodiscard]] std::string proof_of(Side side) const;
  [[nodiscard]] Tags tags_of(Side sender) const;
  Result<void> fail(const std::string& why);

  Side side_;
  Identity us_;
  Phase phase_ = Phase::greeting;
  std::string error_;
  std::string peer_;
  std::uint16_t version_ = 0;
  std::string greetings_;  // Ours; then both whole, the dialler's first.
  std::optional<Tags> sent_;
  std::optional<Tags> received_;
  std::string input_;  // A step that is not whole yet.
  std::string output_;
};

}  // namespace tandemq
