#include "transfer/mosquitto_db_chunks.hpp"

#include <string>

namespace tandemq {
namespace {

using namespace std::string_view_literals;

constexpr ByteView kMagic = "\0\xB5\0mosquitto db\0"sv.substr(0, 15);
constexpr std::uint32_t kFormatMin = 5;
constexpr std::uint32_t kFormatMax = 6;
constexpr std::size_t kChunkHeaderSize = 8;

enum class Kind : std::uint32_t {
  configuration = 1,
  message,
  delivery,
  retained,
  subscription,
  client
};

std::uint64_t reversed(std::uint64_t value) {
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i, value >>= 8U) out = (out << 8U) | (value & 0xFFU);
  return out;
}

MosquittoChunk subscription(Reader& reader) {
  MosquittoSubscription out;
  out.identifier = reader.u32();
  const std::size_t client_size = reader.u16();
  const std::size_t filter_size = reader.u16();
  out.qos = reader.u8();
  out.options = reader.u8();
  reader.u16();
  out.client = reader.bytes(client_size);
  out.filter = reader.bytes(filter_size);
  return out;
}

}  // namespace

Result<MosquittoChunksView> MosquittoChunksView::open(ByteView database) {
  Reader reader(database);
  if (reader.bytes(kMagic.size()) != kMagic) return failure("It is not a mosquitto.db.");
  reader.u32();
  const std::uint32_t format = reader.u32();
  if (!reader.ok()) return failure("It ends within its header.");
  if (format < kFormatMin || format > kFormatMax)
    return failure("It has format " + std::to_string(format) +
                   ", formats 5 (Mosquitto 1.6) and 6 (2.0) can be read. Start Mosquitto 2.0 with "
                   "it once and stop it again, it then writes format 6.");
  MosquittoChunksView view(reader.remaining());
  view.format_ = format;
  return view;
}

std::optional<MosquittoChunk> MosquittoChunksView::next() {
  if (rest_.size() < kChunkHeaderSize) {
    torn_size_ = rest_.size();
    return std::nullopt;
  }
  const std::uint32_t kind = rest_.u32();
  const std::uint32_t size = rest_.u32();
  if (size > rest_.size()) {
    torn_size_ = kChunkHeaderSize + rest_.size();
    rest_.fail();
    return std::nullopt;
  }
  Reader fields(rest_.bytes(size));
  const MosquittoChunk chunk = read(kind, fields);
  return fields.ok() ? chunk : MosquittoDamage{};
}

MosquittoChunk MosquittoChunksView::read(std::uint32_t kind, Reader& fields) {
  switch (static_cast<Kind>(kind)) {
    case Kind::configuration:
      return configuration(fields);
    case Kind::message:
      return message(fields);
    case Kind::delivery:
      return delivery(fields);
    case Kind::retained:
      return MosquittoRetained{native_u64(fields)};
    case Kind::subscription:
      return subscription(fields);
    case Kind::client:
      return client(fields);
  }
  return MosquittoOther{kind};
}

std::uint64_t MosquittoChunksView::native_u64(Reader& reader) const {
  const std::uint64_t value = reader.u64();
  return big_endian_ ? value : reversed(value);
}

std::int64_t MosquittoChunksView::native_time(Reader& reader) const {
  return static_cast<std::int64_t>(native_u64(reader));
}

// Nothing in the file tells the byte order of the machine; but the last message id counts from 1
// and is small when it is read the right way round.
MosquittoChunk MosquittoChunksView::configuration(Reader& reader) {
  const std::uint64_t last_id = reader.u64();
  big_endian_ = last_id < reversed(last_id);
  reader.u8();
  return MosquittoConfiguration{reader.u8()};
}

MosquittoChunk MosquittoChunksView::message(Reader& reader) const {
  MosquittoMessage out;
  out.id = native_u64(reader);
  out.expires_at_s = native_time(reader);
  const std::size_t payload_size = reader.u32();
  reader.u16();
  const std::size_t publisher_size = reader.u16();
  const std::size_t user_size = reader.u16();
  const std::size_t topic_size = reader.u16();
  reader.u16();
  out.qos = reader.u8();
  out.retain = reader.u8() != 0;
  out.publisher = reader.bytes(publisher_size);
  reader.bytes(user_size);
  out.topic = reader.bytes(topic_size);
  out.payload = reader.bytes(payload_size);
  out.properties = reader.remaining();
  return out;
}

MosquittoChunk MosquittoChunksView::delivery(Reader& reader) const {
  MosquittoDelivery out;
  out.message = native_u64(reader);
  out.packet_id = reader.u16();
  const std::size_t client_size = reader.u16();
  out.qos = reader.u8();
  out.phase = static_cast<MosquittoPhase>(reader.u8());
  out.retain = (reader.u8() >> 4U) != 0;
  out.incoming = reader.u8() == 0;
  out.client = reader.bytes(client_size);
  out.properties = reader.remaining();
  return out;
}

MosquittoChunk MosquittoChunksView::client(Reader& reader) const {
  MosquittoClient out;
  out.expires_at_s = native_time(reader);
  out.expiry_s = reader.u32();
  reader.u16();
  const std::size_t client_size = reader.u16();
  std::size_t user_size = 0;
  if (format_ == kFormatMax) {
    reader.u16();
    user_size = reader.u16();
    reader.u32();
  }
  out.client = reader.bytes(client_size);
  out.user = reader.bytes(user_size);
  return out;
}

}  // namespace tandemq
