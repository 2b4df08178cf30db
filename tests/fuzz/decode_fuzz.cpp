// Any bytes into decode(): the first one chooses the version, the others are a stream of packets.
// What decodes must encode to something that decodes to the same value.
#include "base/ensure.hpp"
#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"
#include "mqtt/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace tandemq::mqtt {
namespace {

void check_round_trip(const Packet& packet, Version version) {
  std::string once;
  encode(packet, version, once);
  ENSURE(encoded_size(packet, version) == once.size(), "the size is known beforehand");
  const Frame frame = cut_frame(once, UINT32_MAX);
  ENSURE(frame.status == FrameStatus::complete && frame.size == once.size(),
         "an encoded packet is one frame");
  const auto again = decode(once, version);
  ENSURE(again.has_value(), "an encoded packet decodes");
  ENSURE(*again == packet, "a packet survives the way there and back");
  std::string twice;
  encode(*again, version, twice);
  ENSURE(once == twice, "a packet has one encoding");
}

void check_forwarding(const Publish& publish, Version version) {
  const std::string forwarded = forwarded_properties(publish.properties);
  PublishParts parts;
  parts.topic = publish.topic.empty() ? "topic" : std::string_view(publish.topic);
  parts.payload = publish.payload;
  parts.forwarded = forwarded;
  parts.qos = publish.qos;
  parts.packet_id = publish.packet_id;
  parts.expiry_s = publish.properties.number(PropertyId::message_expiry_interval);
  std::string out;
  encode_publish(parts, version, out);
  ENSURE(publish_size(parts, version) == out.size(), "the size is known beforehand");
  const auto again = decode(out, version);
  ENSURE(again.has_value(), "a forwarded message decodes");
  const auto& received = std::get<Publish>(*again);
  ENSURE(received.topic == parts.topic && received.payload == publish.payload,
         "a forwarded message is the same");
  ENSURE(forwarded_properties(received.properties) == forwarded, "its properties are the same");
}

void check(ByteView frame, Version version) {
  const auto packet = decode(frame, version);
  if (!packet) {
    ENSURE(is_error(packet.error().reason), "a refusal has an error as its reason");
    ENSURE(!packet.error().why.empty(), "a refusal says why");
    return;
  }
  check_round_trip(*packet, version);
  if (const auto* publish = std::get_if<Publish>(&*packet)) check_forwarding(*publish, version);
}

}  // namespace
}  // namespace tandemq::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq::mqtt;
  tandemq::Reader reader({reinterpret_cast<const char*>(data), size});
  const auto version = static_cast<Version>(3 + reader.u8() % 3);
  tandemq::ByteView stream = reader.remaining();
  for (;;) {
    const Frame frame = cut_frame(stream, UINT32_MAX);
    if (frame.status != FrameStatus::complete) break;
    check(stream.substr(0, frame.size), version);
    stream.remove_prefix(frame.size);
  }
  check(stream, version);  // Bytes that are no frame at all.
  return 0;
}
