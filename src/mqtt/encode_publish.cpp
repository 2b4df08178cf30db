#include "mqtt/encode.hpp"

#include "base/ensure.hpp"

namespace tandemq::mqtt {
namespace {

std::size_t properties_size(const PublishParts& parts) {
  std::size_t size = parts.forwarded.size();
  if (parts.topic_alias != 0) size += 1 + 2;
  if (parts.expiry_s) size += 1 + 4;
  for (const std::uint32_t id : parts.subscription_ids) size += 1 + variable_u32_size(id);
  return size;
}

// Sizes of the parts that need counting before the first byte is written.
struct PublishLayout {
  std::size_t properties = 0;  // The list without its length.
  std::size_t body = 0;        // The Remaining Length.
};

PublishLayout layout_of(const PublishParts& parts, Version version) {
  PublishLayout layout;
  layout.body = 2 + parts.topic.size() + parts.payload.size();
  if (parts.qos != QoS::at_most_once) layout.body += 2;
  if (version == Version::v5) {
    layout.properties = properties_size(parts);
    layout.body +=
        variable_u32_size(static_cast<std::uint32_t>(layout.properties)) + layout.properties;
  }
  ENSURE(layout.body <= kVariableU32Max, "what came in as one packet goes out as one");
  return layout;
}

std::size_t whole_size(const PublishLayout& layout) {
  return 1 + variable_u32_size(static_cast<std::uint32_t>(layout.body)) + layout.body;
}

void write_properties(Writer& writer, const PublishParts& parts, std::size_t size) {
  writer.variable_u32(static_cast<std::uint32_t>(size));
  if (size == 0) return;
  if (parts.topic_alias != 0) {
    writer.u8(static_cast<std::uint8_t>(PropertyId::topic_alias));
    writer.u16(parts.topic_alias);
  }
  if (parts.expiry_s) {
    writer.u8(static_cast<std::uint8_t>(PropertyId::message_expiry_interval));
    writer.u32(*parts.expiry_s);
  }
  for (const std::uint32_t id : parts.subscription_ids) {
    writer.u8(static_cast<std::uint8_t>(PropertyId::subscription_identifier));
    writer.variable_u32(id);
  }
  writer.bytes(parts.forwarded);
}

char* put_u16(char* at, std::size_t value) {
  at[0] = static_cast<char>(value >> 8U);
  at[1] = static_cast<char>(value);
  return at + 2;
}

// Written once for each receiver: the place is made for all of it, then filled.
void write_head(const PublishParts& parts, Version version, const PublishLayout& layout,
                std::string& out) {
  ENSURE(parts.topic.size() <= UINT16_MAX, "a topic came in with a length of two bytes");
  const bool has_id = parts.qos != QoS::at_most_once;
  const auto remaining = static_cast<std::uint32_t>(layout.body);
  const std::size_t begin = out.size();
  out.resize(begin + 1 + variable_u32_size(remaining) + 2 + parts.topic.size() + (has_id ? 2 : 0));
  char* at = out.data() + begin;
  const unsigned first = (static_cast<unsigned>(PacketType::publish) << 4U) |
                         (parts.dup ? 0x08U : 0U) | (static_cast<unsigned>(parts.qos) << 1U) |
                         (parts.retain ? 0x01U : 0U);
  *at++ = static_cast<char>(first);
  std::uint32_t left = remaining;
  for (; left >= 0x80U; left >>= 7U) *at++ = static_cast<char>(left | 0x80U);
  *at++ = static_cast<char>(left);
  at = put_u16(at, parts.topic.size());
  parts.topic.copy(at, parts.topic.size());
  if (has_id) put_u16(at + parts.topic.size(), parts.packet_id);
  if (version != Version::v5) return;
  Writer writer(out);
  write_properties(writer, parts, layout.properties);
}

}  // namespace

void encode_publish(const PublishParts& parts, Version version, std::string& out) {
  const PublishLayout layout = layout_of(parts, version);
  out.reserve(out.size() + whole_size(layout));
  write_head(parts, version, layout, out);
  out.append(parts.payload);
}

void encode_publish_head(const PublishParts& parts, Version version, std::string& out) {
  const PublishLayout layout = layout_of(parts, version);
  out.reserve(out.size() + whole_size(layout) - parts.payload.size());
  write_head(parts, version, layout, out);
}

std::size_t publish_size(const PublishParts& parts, Version version) {
  return whole_size(layout_of(parts, version));
}

}  // namespace tandemq::mqtt
