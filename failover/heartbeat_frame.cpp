#include "failover/heartbeat_frame.hpp"

#include "base/checksum.hpp"

namespace tandemq {
namespace {

constexpr ByteView kMagic("TQBEAT\0", 7);
constexpr std::string_view kKeyOf = "tandemq heartbeat";
constexpr std::uint8_t kLeads = 1;
constexpr std::uint8_t kInSync = 2;
constexpr std::uint8_t kOutdated = 4;

void write(Writer& writer, const HeartbeatFrame::Number& number) {
  writer.u64(number.incarnation);
  writer.u64(number.sequence);
}

HeartbeatFrame::Number read_number(Reader& reader) {
  HeartbeatFrame::Number number;
  number.incarnation = reader.u64();
  number.sequence = reader.u64();
  return number;
}

}  // namespace

HeartbeatCodec::HeartbeatCodec(std::string_view secret) : hmac_(hmac_sha256(secret, kKeyOf)) {}

std::string HeartbeatCodec::encode(const HeartbeatFrame& frame) {
  std::string bytes;
  bytes.reserve(kHeartbeatSize);
  Writer writer(bytes);
  writer.bytes(kMagic);
  writer.u8(kHeartbeatVersion);
  writer.u64(frame.cluster);
  writer.u64(frame.node);
  write(writer, frame.number);
  write(writer, frame.answers);
  writer.u64(frame.term.counter);
  writer.u64(frame.term.node);
  writer.u8(static_cast<std::uint8_t>((frame.leads ? kLeads : 0) | (frame.in_sync ? kInSync : 0) |
                                      (frame.outdated ? kOutdated : 0)));
  writer.u64(frame.asks);
  writer.u64(frame.noted);
  hmac_.add(bytes);
  const auto tag = hmac_.finish();
  writer.bytes(ByteView(tag.data(), tag.size()));
  return bytes;
}

Result<HeartbeatFrame> HeartbeatCodec::decode(ByteView bytes) {
  if (!bytes.starts_with(kMagic)) return failure("it is no heartbeat");
  if (bytes.size() <= kMagic.size()) return failure("it is cut short");
  const auto version = static_cast<std::uint8_t>(bytes[kMagic.size()]);
  if (version != kHeartbeatVersion)
    return failure("it has version " + std::to_string(version) + ", this node knows " +
                   std::to_string(kHeartbeatVersion));
  if (bytes.size() != kHeartbeatSize) return failure("its size is wrong");
  const ByteView said = bytes.substr(0, kHeartbeatSize - kSha256Size);
  hmac_.add(said);
  const auto tag = hmac_.finish();
  if (!equal_in_constant_time(ByteView(tag.data(), tag.size()), bytes.substr(said.size())))
    return failure("its sender does not have the secret of this node (replication.secret_file)");
  Reader reader(said.substr(kMagic.size() + 1));
  HeartbeatFrame frame;
  frame.cluster = reader.u64();
  frame.node = reader.u64();
  frame.number = read_number(reader);
  frame.answers = read_number(reader);
  frame.term.counter = reader.u64();
  frame.term.node = reader.u64();
  const std::uint8_t flags = reader.u8();
  frame.leads = (flags & kLeads) != 0;
  frame.in_sync = (flags & kInSync) != 0;
  frame.outdated = (flags & kOutdated) != 0;
  frame.asks = reader.u64();
  frame.noted = reader.u64();
  if (flags > (kLeads | kInSync | kOutdated)) return failure("it has flags that nobody knows");
  return frame;
}

std::uint64_t cluster_number_of(std::string_view cluster_id) {
  return checksum(cluster_id);
}

}  // namespace tandemq
