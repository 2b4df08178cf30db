// The bytes of a mosquitto.db, formats 5 (Mosquitto 1.6) and 6 (2.0), cut into its chunks. Says
// what stands there and nothing about what it means; mosquitto_db.hpp does. Each chunk has a length
// of its own, so a damaged one does not hide the next.
//
//   file     15 magic | u32 checksum, unused | u32 format | chunk ...
//   chunk    u32 kind | u32 length | fields
//   1 configuration  n64 last message id | u8 | u8 size of a message id | padding
//   2 message        n64 id | n64 expires at | u32 payload size | u16 packet id | u16 publisher
//   size
//                    | u16 user size | u16 topic size | u16 port | u8 qos | u8 retain
//                    | publisher | user | topic | payload | properties or nothing
//   3 delivery       n64 message | u16 packet id | u16 client size | u8 qos | u8 state
//                    | u8 retain << 4 and dup | u8 direction | client | properties or nothing
//   4 retained       n64 message
//   5 subscription   u32 identifier | u16 client size | u16 filter size | u8 qos | u8 options
//                    | u16 padding | client | filter
//   6 client         n64 expires at | u32 expiry interval | u16 last packet id | u16 client size
//                    | format 6: u16 port | u16 user size | u32 padding
//                    | client | format 6: user
//
// u is big-endian, n is in the byte order of the machine that wrote it. Times are in seconds since
// the epoch. Pure.
#pragma once

#include "base/result.hpp"
#include "base/wire.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace tandemq {

struct MosquittoMessage {
  std::uint64_t id = 0;
  std::int64_t expires_at_s = 0;  // 0: never.
  std::uint8_t qos = 0;
  bool retain = false;
  ByteView publisher;
  ByteView topic;
  ByteView payload;
  ByteView properties;
};

// The states of a delivery; those that lie between two of them are as good as the later one.
enum class MosquittoPhase : std::uint8_t {
  to_send_qos0 = 1,
  to_send_qos1 = 2,
  wait_for_puback = 3,
  to_send_qos2 = 4,
  wait_for_pubrec = 5,
  to_send_pubrel = 6,
  wait_for_pubrel = 7,
  to_send_pubcomp = 8,
  wait_for_pubcomp = 9,
  to_send_pubrec = 10,
  queued = 11,
};

struct MosquittoDelivery {
  std::uint64_t message = 0;
  std::uint16_t packet_id = 0;
  std::uint8_t qos = 0;
  MosquittoPhase phase{};
  bool retain = false;
  bool incoming = false;  // From the client to the broker.
  ByteView client;
  ByteView properties;
};

struct MosquittoRetained {
  std::uint64_t message = 0;
};

struct MosquittoSubscription {
  std::uint32_t identifier = 0;
  std::uint8_t qos = 0;
  std::uint8_t options = 0;
  ByteView client;
  ByteView filter;
};

struct MosquittoClient {
  std::int64_t expires_at_s = 0;  // 0: it was connected, or its session never expires.
  std::uint32_t expiry_s = 0;
  ByteView client;
  ByteView user;
};

struct MosquittoConfiguration {
  std::uint8_t message_id_size = 0;
};

struct MosquittoDamage {};  // The fields do not fit into the length.

struct MosquittoOther {
  std::uint32_t kind = 0;
};

using MosquittoChunk =
    std::variant<MosquittoConfiguration, MosquittoMessage, MosquittoDelivery, MosquittoRetained,
                 MosquittoSubscription, MosquittoClient, MosquittoDamage, MosquittoOther>;

// Walks over the chunks of a database; what it returns points into its bytes.
class MosquittoChunksView {
 public:
  static Result<MosquittoChunksView> open(ByteView database);

  std::optional<MosquittoChunk> next();  // Nothing at the end.
  // At the end: bytes that are less than a chunk. 0 in a database that is whole.
  [[nodiscard]] std::size_t torn_size() const { return torn_size_; }

 private:
  explicit MosquittoChunksView(ByteView chunks) : rest_(chunks) {}
  MosquittoChunk read(std::uint32_t kind, Reader& fields);
  std::uint64_t native_u64(Reader& reader) const;
  std::int64_t native_time(Reader& reader) const;
  MosquittoChunk configuration(Reader& reader);
  MosquittoChunk message(Reader& reader) const;
  MosquittoChunk delivery(Reader& reader) const;
  MosquittoChunk client(Reader& reader) const;

  Reader rest_;
  std::uint32_t format_ = 0;
  bool big_endian_ = false;
  std::size_t torn_size_ = 0;
};

}  // namespace tandemq
