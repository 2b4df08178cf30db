#include "journal/mutation.hpp"

#include "journal/wire_fields.hpp"

#include <type_traits>
#include <utility>

namespace tandemq {
namespace {

// One visit() a kind lists its fields once, for both directions: `Out` writes them, `In` reads.
class Out {
 public:
  explicit Out(StagedWriter& writer) : writer_(writer) {}
  void operator()(const SessionId& id) { writer_.varint(index(id)); }
  void operator()(const MessageId& id) { writer_.varint(number(id)); }
  void operator()(const std::string& text) { writer_.varint_bytes(text); }
  void operator()(const Instant& at) { write_instant(writer_, at); }
  void operator()(const std::uint64_t& value) { writer_.varint(value); }
  void operator()(const std::uint32_t& value) { writer_.varint(value); }
  void operator()(const std::uint16_t& value) { writer_.varint(value); }
  void operator()(const std::uint8_t& value) { writer_.u8(value); }
  void operator()(const bool& value) { writer_.u8(value ? 1 : 0); }
  void operator()(const mqtt::QoS& qos) { writer_.u8(static_cast<std::uint8_t>(qos)); }
  void operator()(const MessageRef& message) { write_message(writer_, *message); }
  void operator()(const std::optional<std::uint32_t>& value) {
    writer_.varint(value ? std::uint64_t{*value} + 1 : 0);
  }
  void operator()(const SubscriptionIds& ids) {
    writer_.varint(ids.size());
    for (const std::uint32_t id : ids) writer_.varint(id);
  }

 private:
  StagedWriter& writer_;
};

class In {
 public:
  explicit In(Reader& reader) : reader_(reader) {}
  void operator()(SessionId& id) { id = read_session(reader_); }
  void operator()(MessageId& id) { id = static_cast<MessageId>(reader_.varint()); }
  void operator()(std::string& text) { text = reader_.varint_bytes(); }
  void operator()(Instant& at) { at = read_instant(reader_); }
  void operator()(std::uint64_t& value) { value = reader_.varint(); }
  void operator()(std::uint32_t& value) { value = read_u32(reader_); }
  void operator()(std::uint16_t& value) { value = read_u16(reader_); }
  void operator()(std::uint8_t& value) { value = reader_.u8(); }
  void operator()(bool& value) {
    const std::uint8_t byte = reader_.u8();
    if (byte > 1) reader_.fail();
    value = byte == 1;
  }
  void operator()(mqtt::QoS& qos) { qos = read_qos(reader_, reader_.u8()); }
  void operator()(MessageRef& message) {
    message = std::make_shared<const Message>(read_message(reader_));
  }
  void operator()(std::optional<std::uint32_t>& value) {
    const std::uint64_t raw = reader_.varint();
    if (raw > std::uint64_t{UINT32_MAX} + 1) reader_.fail();
    if (reader_.ok() && raw > 0) value = static_cast<std::uint32_t>(raw - 1);
  }
  void operator()(SubscriptionIds& ids) {
    const std::uint64_t count = reader_.varint();
    if (count > reader_.size()) return reader_.fail();  // Each takes a byte at least.
    for (std::uint64_t i = 0; i < count; ++i) ids.push_back(read_u32(reader_));
  }

 private:
  Reader& reader_;
};

// clang-format off
template <class F, class M> void visit(F f, M& m) {
  using T = std::remove_const_t<M>;
  if constexpr (std::is_same_v<T, SessionOpened>) {
    f(m.session), f(m.client_id), f(m.user_name), f(m.expiry_s), f(m.at), f(m.durable);
  } else if constexpr (std::is_same_v<T, SessionResumed>) {
    f(m.session), f(m.user_name), f(m.expiry_s), f(m.at);
  } else if constexpr (std::is_same_v<T, SessionSuspended>) {
    f(m.session), f(m.expiry_s), f(m.at);
  } else if constexpr (std::is_same_v<T, SessionEnded>) {
    f(m.session);
  } else if constexpr (std::is_same_v<T, Subscribed>) {
    f(m.session), f(m.filter), f(m.options), f(m.identifier);
  } else if constexpr (std::is_same_v<T, Unsubscribed>) {
    f(m.session), f(m.filter);
  } else if constexpr (std::is_same_v<T, MessageStored>) {
    f(m.message);
  } else if constexpr (std::is_same_v<T, Queued>) {
    f(m.session), f(m.sequence), f(m.message), f(m.qos), f(m.retain), f(m.packet_id), f(m.share),
        f(m.subscription_ids);
  } else if constexpr (std::is_same_v<T, Discarded>) {
    f(m.session), f(m.sequence);
  } else if constexpr (std::is_same_v<T, RetainedSet>) {
    f(m.message);
  } else if constexpr (std::is_same_v<T, RetainedCleared>) {
    f(m.topic);
  } else if constexpr (std::is_same_v<T, WillSet>) {
    f(m.client_id), f(m.user_name), f(m.delay_s), f(m.message_expiry_s), f(m.message);
  } else if constexpr (std::is_same_v<T, WillScheduled>) {
    f(m.client_id), f(m.at);
  } else if constexpr (std::is_same_v<T, WillCleared>) {
    f(m.client_id);
  } else if constexpr (std::is_same_v<T, TermStart>) {
    f(m.term.counter), f(m.term.node), f(m.first);
  } else {  // Sent, Released, Acknowledged, IncomingTaken, IncomingReleased.
    f(m.session), f(m.packet_id);
  }
}
// clang-format on

template <std::size_t kind = 0>
Mutation read_kind(std::size_t wanted, Reader& reader) {
  if constexpr (kind < std::variant_size_v<Mutation>) {
    if (wanted != kind) return read_kind<kind + 1>(wanted, reader);
    std::variant_alternative_t<kind, Mutation> fields;
    visit(In(reader), fields);
    return fields;
  } else {
    reader.fail();
    return {};
  }
}

}  // namespace

void write_mutation(Writer& writer, const Mutation& mutation) {
  StagedWriter staged(writer);
  staged.u8(static_cast<std::uint8_t>(mutation.index() + 1));
  std::visit([&](const auto& fields) { visit(Out(staged), fields); }, mutation);
}

Mutation read_mutation(Reader& reader) {
  const std::size_t kind = reader.u8();
  if (kind == 0) reader.fail();
  return read_kind(kind - 1, reader);
}

}  // namespace tandemq
