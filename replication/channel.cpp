#include "replication/channel.hpp"

#include "access/lines.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tandemq {
namespace {

constexpr ByteView kMagic = "TMQR";
constexpr std::size_t kGreetingHeadBytes = 6;  // Magic | u16 length.
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kIdBytesMax = 255;
// Stands in the place of the acceptor's proof if the dialler's was wrong, so that both logs say so.
constexpr std::array<char, kSha256Size> kNoProof{};
// A buffer that one huge frame has made larger is given back.
constexpr std::size_t kBufferBytesKept = 4U << 20U;

struct Greeting {
  std::uint16_t oldest = 0;
  std::uint16_t newest = 0;
  std::uint8_t side = 0;
  ByteView cluster;
  ByteView node;
  ByteView nonce;
};

template <std::size_t size>
ByteView view_of(const std::array<char, size>& bytes) {
  return {bytes.data(), size};
}

ByteView u8_bytes(Reader& reader) {
  const std::size_t size = reader.u8();
  return reader.bytes(size);
}

Greeting read_greeting(Reader& reader) {
  Greeting greeting;
  greeting.oldest = reader.u16();
  greeting.newest = reader.u16();
  greeting.side = reader.u8();
  greeting.cluster = u8_bytes(reader);
  greeting.node = u8_bytes(reader);
  greeting.nonce = reader.bytes(kNonceBytes);
  return greeting;
}

std::string greeting_of(Channel::Side side, const Channel::Identity& us) {
  std::string fields;
  Writer writer(fields);
  writer.u16(kProtocolOldest);
  writer.u16(kProtocolNewest);
  writer.u8(static_cast<std::uint8_t>(side));
  for (const std::string* id : {&us.cluster, &us.node}) {
    ENSURE(id->size() <= kIdBytesMax, "the id of a cluster or node has at most 255 bytes");
    writer.u8(static_cast<std::uint8_t>(id->size()));
    writer.bytes(*id);
  }
  ENSURE(us.nonce.size() == kNonceBytes, "a nonce has 32 bytes");
  writer.bytes(us.nonce);
  std::string greeting(kMagic);
  Writer(greeting).u16_bytes(fields);
  return greeting;
}

Channel::Side other(Channel::Side side) {
  return side == Channel::Side::dialler ? Channel::Side::acceptor : Channel::Side::dialler;
}

std::string name(Channel::Side side) {
  return side == Channel::Side::dialler ? "dialler" : "acceptor";
}

bool is_node_id(ByteView id) {
  return !id.empty() &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
}

std::string versions(std::uint16_t oldest, std::uint16_t newest) {
  return std::to_string(oldest) + " to " + std::to_string(newest);
}

// What does not fit; empty if all does. `rest` is what stands behind the fields that we know: a
// newer version may have added some, or even changed those behind its versions.
std::string mismatch(const Greeting& theirs, const Reader& rest, Channel::Side side,
                     const Channel::Identity& us) {
  if (theirs.oldest > kProtocolNewest || theirs.newest < kProtocolOldest)
    return "speaks the versions " + versions(theirs.oldest, theirs.newest) +
           " of the replication protocol, we speak " + versions(kProtocolOldest, kProtocolNewest);
  if (!rest.ok() || theirs.oldest > theirs.newest ||
      (rest.size() > 0 && theirs.newest <= kProtocolNewest))
    return "sent a greeting whose fields do not fit their length";
  if (theirs.nonce == us.nonce)
    return "sent our own greeting back to us: something reflects the connection";
  if (theirs.cluster != us.cluster)
    return "belongs to the cluster " + quoted(theirs.cluster) + ", we belong to " +
           quoted(us.cluster) +
           ": set the same cluster.id on both nodes, or put the address of the right node into "
           "replication.peer";
  if (!is_node_id(theirs.node)) return "has a node.id that is none: " + quoted(theirs.node);
  if (theirs.node == us.node)
    return "has our own node.id, " + quoted(us.node) +
           ": if replication.peer is an address of this node, put the other node's there; "
           "otherwise give the two nodes different ones";
  if (theirs.side != static_cast<std::uint8_t>(other(side)))
    return "takes itself for the " + name(side) + " of the connection, as we do";
  return {};
}

void release_if_large(std::string& buffer) {
  if (buffer.capacity() > kBufferBytesKept) std::string().swap(buffer);
}

}  // namespace

Channel::Channel(Side side, Identity us)
    : side_(side), us_(std::move(us)), greetings_(greeting_of(side_, us_)), output_(greetings_) {}

void Channel::take_output(std::string& out) {
  if (out.empty()) {
    out.swap(output_);
  } else {
    out.append(output_);
    output_.clear();
  }
  release_if_large(output_);
}

Result<void> Channel::receive(ByteView bytes, const std::function<void(Frame&&)>& visit) {
  if (phase_ == Phase::failed) return failure(error_);
  while (true) {
    // A step that is whole in `bytes` is taken from there. Of another, input_ gets what it lacks
    // and no more, so that no byte is moved twice.
    const bool begun = !input_.empty();
    const ByteView have = begun ? ByteView(input_) : bytes;
    const auto size = step_size(have);
    if (!size) return fail(size.error().text);
    if (have.size() >= *size) {
      const auto taken = take_step(have.substr(0, *size), visit);
      if (!taken) return fail(taken.error().text);
      if (!begun) bytes.remove_prefix(*size);
      input_.clear();
      release_if_large(input_);
    } else if (bytes.empty()) {
      return {};
    } else {
      const ByteView piece = bytes.substr(0, *size - input_.size());
      input_.append(piece);
      bytes.remove_prefix(piece.size());
    }
  }
}

void Channel::send(const Frame& frame) {
  ENSURE(is_open(), "a frame goes to a peer that has proved itself");
  const std::size_t begin = output_.size();
  Writer writer(output_);
  writer.u32(0);
  write_frame(writer, frame);
  const std::size_t size = output_.size() - begin - kLengthBytes;
  ENSURE(size <= kFrameBytesMax, "a frame is cut before it is too large for the peer");
  std::string length;
  Writer(length).u32(static_cast<std::uint32_t>(size));
  output_.replace(begin, kLengthBytes, length);
  output_.append(view_of(sent_->next(ByteView(output_).substr(begin))));
}

bool Channel::is_open() const {
  return phase_ == Phase::open;
}

const std::string& Channel::peer() const {
  return peer_;
}

std::uint16_t Channel::version() const {
  return version_;
}

Result<std::size_t> Channel::step_size(ByteView have) const {
  Reader reader(have);
  if (phase_ == Phase::proof) return kSha256Size;
  if (phase_ == Phase::greeting) {
    if (have.size() < kGreetingHeadBytes) return kGreetingHeadBytes;
    if (reader.bytes(kMagic.size()) != kMagic)
      return failure("does not greet as a tandemq node: is this another protocol?");
    const std::size_t size = kGreetingHeadBytes + reader.u16();
    if (size > kHandshakeBytesMax)
      return failure("announces a greeting of " + std::to_string(size) + " bytes, at most " +
                     std::to_string(kHandshakeBytesMax) + " are allowed");
    return size;
  }
  if (have.size() < kLengthBytes) return kLengthBytes;
  const std::size_t size = reader.u32();
  if (size > kFrameBytesMax)
    return failure("announces a frame of " + std::to_string(size) + " bytes, at most " +
                   std::to_string(kFrameBytesMax) + " are allowed");
  return kLengthBytes + size + kTagBytes;
}

Result<void> Channel::take_step(ByteView step, const std::function<void(Frame&&)>& visit) {
  switch (phase_) {
    case Phase::greeting:
      return take_greeting(step);
    case Phase::proof:
      return take_proof(step);
    case Phase::open:
      return take_frame(step, visit);
    case Phase::failed:
      break;
  }
  return failure(error_);
}

Result<void> Channel::take_greeting(ByteView step) {
  Reader reader(step.substr(kGreetingHeadBytes));
  const Greeting theirs = read_greeting(reader);
  if (is_node_id(theirs.node)) peer_ = theirs.node;
  if (const std::string why = mismatch(theirs, reader, side_, us_); !why.empty())
    return failure(why);
  version_ = std::min(kProtocolNewest, theirs.newest);
  if (side_ == Side::dialler) {
    greetings_.append(step);
    output_.append(proof_of(side_));
  } else {
    greetings_.insert(0, step);
  }
  phase_ = Phase::proof;
  return {};
}

Result<void> Channel::take_proof(ByteView step) {
  const bool proved = equal_in_constant_time(step, proof_of(other(side_)));
  // The dialler has proved itself first: whoever merely connects gets nothing to guess at.
  if (side_ == Side::acceptor)
    output_.append(proved ? proof_of(side_) : std::string(view_of(kNoProof)));
  if (!proved)
    return failure("does not know our secret: copy the same replication.secret_file to both nodes");
  sent_.emplace(tags_of(side_));
  received_.emplace(tags_of(other(side_)));
  phase_ = Phase::open;
  return {};
}

Result<void> Channel::take_frame(ByteView step, const std::function<void(Frame&&)>& visit) {
  const std::string number = std::to_string(received_->number);
  const ByteView frame = step.substr(0, step.size() - kTagBytes);
  const auto tag = received_->next(frame);
  if (!equal_in_constant_time(step.substr(frame.size()), view_of(tag)))
    return failure("sent frame " + number +
                   " with a wrong tag: it is damaged, out of order or from somebody else");
  auto read = read_frame(frame.substr(kLengthBytes));
  if (!read) return failure("sent frame " + number + " that is none: " + read.error().text);
  visit(std::move(*read));
  return {};
}

std::string Channel::proof_of(Side side) const {
  return hmac_sha256(us_.secret, "tandemq proof of the " + name(side) + greetings_);
}

Channel::Tags Channel::tags_of(Side sender) const {
  const std::string label = "tandemq frames of the " + name(sender);
  return {HmacSha256(hmac_sha256(us_.secret, label + greetings_)), 0};
}

std::array<char, Channel::kTagBytes> Channel::Tags::next(ByteView frame) {
  std::string prefix;
  Writer(prefix).u64(number++);
  hmac.add(prefix);
  hmac.add(frame);
  const auto whole = hmac.finish();
  std::array<char, kTagBytes> tag{};
  std::copy_n(whole.begin(), tag.size(), tag.begin());
  return tag;
}

Result<void> Channel::fail(const std::string& why) {
  error_ = "the peer " + (peer_.empty() ? std::string() : quoted(peer_) + " ") + why;
  phase_ = Phase::failed;
  return failure(error_);
}

}  // namespace tandemq
