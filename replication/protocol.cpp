#include "replication/protocol.hpp"

#include "base/checksum.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

namespace tandemq {
namespace {

// The kind of a frame is its index here, from 1 on.
constexpr std::array<const char*, 16> kNames = {
    "Hello",      "Welcome",   "Refused",    "Records",  "Durable",     "Ping",
    "ImageBegin", "ImageRows", "ImageTaken", "ImageEnd", "StateDigest", "Differs",
    "Outdated",   "About",     "HandOver",   "Ephemeral"};
static_assert(kNames.size() == std::variant_size_v<Frame>);

constexpr std::size_t kBootIdBytesMax = 255;
constexpr std::size_t kKeyBytesMax = 4 + 65'535;  // u32 session | filter.
constexpr std::size_t kTermBytesMin = 10;         // Of an entry of the history.
constexpr std::size_t kClientBytesMin = 14;       // Number, flag, two ends of IPv4.
// Room that is taken before the entries have been read: a count costs its sender nothing.
constexpr std::uint64_t kReservedMax = 1'024;

constexpr auto kLastTable = static_cast<Table>(kTableCount - 1);

// One visit() a kind lists its fields once, for both directions: `Out` writes them, `In` reads.
class Out {
 public:
  explicit Out(Writer& writer) : writer_(writer) {}

  void number(const char*, std::uint64_t value) { writer_.varint(value); }
  void fixed(const char*, std::uint64_t value) { writer_.u64(value); }
  void flag(const char*, bool value) { writer_.u8(value ? 1 : 0); }
  template <class Enum>
  void one_of(const char*, Enum value, Enum) {
    writer_.u8(static_cast<std::uint8_t>(value));
  }
  void text(const char*, ByteView value) { writer_.varint_bytes(value.substr(0, kTextBytesMax)); }
  void name(const char*, ByteView value, std::size_t size_max) {
    ENSURE(value.size() <= size_max, "a key or a boot id has a size that the peer accepts");
    writer_.varint_bytes(value);
  }
  void term(const char*, const Term& value) {
    writer_.varint(value.counter);
    writer_.u64(value.node);
  }
  void position(const char* field, const Position& value) {
    term(field, value.term);
    writer_.varint(value.lsn);
    writer_.u64(value.chain);
  }
  void progress(const char* field, const std::optional<ImageProgress>& value);
  void history(const char* field, const TermHistory& value);
  void records(const char* field, const std::vector<std::string>& value);
  void rows(const char* field, const std::vector<std::pair<std::string, std::string>>& value);
  void opened(const char* field, const std::vector<std::pair<std::uint64_t, FourTuple>>& value);
  void closed(const char* field, const std::vector<std::uint64_t>& value);

 private:
  void end_of(const TcpEnd& end, std::size_t size);

  Writer& writer_;
};

class In {
 public:
  explicit In(Reader& reader) : reader_(reader) {}

  template <class Number>
  void number(const char* field, Number& value) {
    const std::uint64_t raw = reader_.varint();
    if (raw > std::numeric_limits<Number>::max()) reader_.fail();
    if (reader_.ok()) value = static_cast<Number>(raw);
    note(field);
  }
  void fixed(const char* field, std::uint64_t& value) { value = reader_.u64(), note(field); }
  void flag(const char* field, bool& value) {
    const std::uint8_t byte = reader_.u8();
    if (byte > 1) reader_.fail();
    value = byte == 1;
    note(field);
  }
  template <class Enum>
  void one_of(const char* field, Enum& value, Enum last) {
    const std::uint8_t byte = reader_.u8();
    if (byte > static_cast<std::uint8_t>(last)) reader_.fail();
    if (reader_.ok()) value = static_cast<Enum>(byte);
    note(field);
  }
  void text(const char* field, std::string& value) { name(field, value, kTextBytesMax); }
  void name(const char* field, std::string& value, std::size_t size_max) {
    const ByteView raw = reader_.varint_bytes();
    if (raw.size() > size_max) reader_.fail();
    if (reader_.ok()) value = raw;
    note(field);
  }
  void term(const char* field, Term& value) {
    value.counter = reader_.varint();
    value.node = reader_.u64();
    note(field);
  }
  void position(const char* field, Position& value) {
    term(field, value.term);
    value.lsn = reader_.varint();
    value.chain = reader_.u64();
    note(field);
  }
  void progress(const char* field, std::optional<ImageProgress>& value);
  void history(const char* field, TermHistory& value);
  void records(const char* field, std::vector<std::string>& value);
  void rows(const char* field, std::vector<std::pair<std::string, std::string>>& value);
  void opened(const char* field, std::vector<std::pair<std::uint64_t, FourTuple>>& value);
  void closed(const char* field, std::vector<std::uint64_t>& value);

  // The first field that did not fit; null: none.
  [[nodiscard]] const char* wrong() const { return wrong_; }

 private:
  void note(const char* field) {
    if (!reader_.ok() && wrong_ == nullptr) wrong_ = field;
  }
  void end_of(TcpEnd& end, std::size_t size);

  Reader& reader_;
  const char* wrong_ = nullptr;
};

template <class F, class M>
void visit_progress(F& f, M& m) {
  auto& [image, table, last_key, rows] = m;
  f.number("image", image);
  f.one_of("image table", table, kLastTable);
  f.name("image key", last_key, kKeyBytesMax);
  f.number("image rows", rows);
}

void Out::progress(const char* field, const std::optional<ImageProgress>& value) {
  flag(field, value.has_value());
  if (value) visit_progress(*this, *value);
}

void In::progress(const char* field, std::optional<ImageProgress>& value) {
  bool present = false;
  flag(field, present);
  if (present) visit_progress(*this, value.emplace());
}

// What is older than the newest kTermsKept is forgotten (term_history.hpp).
void Out::history(const char* field, const TermHistory& value) {
  const std::size_t count = std::min(value.size(), kTermsKept);
  writer_.varint(count);
  for (std::size_t i = value.size() - count; i < value.size(); ++i) {
    term(field, value[i].term);
    writer_.varint(value[i].first);
  }
}

void In::history(const char* field, TermHistory& value) {
  const std::uint64_t count = reader_.varint();
  if (count > kTermsKept || count > reader_.size() / kTermBytesMin) reader_.fail();
  TermBegin last;
  for (std::uint64_t i = 0; reader_.ok() && i < count; ++i) {
    TermBegin begin;
    term(field, begin.term);
    begin.first = reader_.varint();
    const bool rises = begin.first > last.first && (i == 0 || begin.term > last.term);
    if (!rises) reader_.fail();
    value.push_back(last = begin);
  }
  note(field);
}

void Out::records(const char*, const std::vector<std::string>& value) {
  writer_.varint(value.size());
  for (const std::string& record : value) writer_.varint_bytes(record);
}

void In::records(const char* field, std::vector<std::string>& value) {
  const std::uint64_t count = reader_.varint();
  if (count > reader_.size()) reader_.fail();  // Each takes a byte at least.
  if (reader_.ok()) value.reserve(static_cast<std::size_t>(std::min(count, kReservedMax)));
  for (std::uint64_t i = 0; reader_.ok() && i < count; ++i)
    value.emplace_back(reader_.varint_bytes());
  note(field);
}

void Out::rows(const char* field, const std::vector<std::pair<std::string, std::string>>& value) {
  writer_.varint(value.size());
  for (const auto& [key, row] : value) {
    name(field, key, kKeyBytesMax);
    writer_.varint_bytes(row);
  }
}

void In::rows(const char* field, std::vector<std::pair<std::string, std::string>>& value) {
  const std::uint64_t count = reader_.varint();
  if (count > reader_.size() / 2) reader_.fail();  // Two lengths each at least.
  if (reader_.ok()) value.reserve(static_cast<std::size_t>(std::min(count, kReservedMax)));
  for (std::uint64_t i = 0; reader_.ok() && i < count; ++i) {
    std::string key;
    name(field, key, kKeyBytesMax);
    value.emplace_back(std::move(key), reader_.varint_bytes());
  }
  note(field);
}

std::size_t address_size(bool is_v6) {
  return is_v6 ? 16 : 4;
}

void Out::end_of(const TcpEnd& end, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) writer_.u8(end.address[i]);
  writer_.u16(end.port);
}

void In::end_of(TcpEnd& end, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) end.address[i] = reader_.u8();
  end.port = reader_.u16();
}

void Out::opened(const char* field, const std::vector<std::pair<std::uint64_t, FourTuple>>& value) {
  writer_.varint(value.size());
  for (const auto& [number, client] : value) {
    writer_.varint(number);
    flag(field, client.is_v6);
    end_of(client.ours, address_size(client.is_v6));
    end_of(client.theirs, address_size(client.is_v6));
  }
}

void In::opened(const char* field, std::vector<std::pair<std::uint64_t, FourTuple>>& value) {
  const std::uint64_t count = reader_.varint();
  if (count > reader_.size() / kClientBytesMin) reader_.fail();
  if (reader_.ok()) value.reserve(static_cast<std::size_t>(std::min(count, kReservedMax)));
  for (std::uint64_t i = 0; reader_.ok() && i < count; ++i) {
    const std::uint64_t number = reader_.varint();
    FourTuple client;
    flag(field, client.is_v6);
    end_of(client.ours, address_size(client.is_v6));
    end_of(client.theirs, address_size(client.is_v6));
    value.emplace_back(number, client);
  }
  note(field);
}

void Out::closed(const char*, const std::vector<std::uint64_t>& value) {
  writer_.varint(value.size());
  for (const std::uint64_t number : value) writer_.varint(number);
}

void In::closed(const char* field, std::vector<std::uint64_t>& value) {
  const std::uint64_t count = reader_.varint();
  if (count > reader_.size()) reader_.fail();
  if (reader_.ok()) value.reserve(static_cast<std::size_t>(std::min(count, kReservedMax)));
  for (std::uint64_t i = 0; reader_.ok() && i < count; ++i) value.push_back(reader_.varint());
  note(field);
}

// The bindings let no field be forgotten.
template <class F, class M>
void visit(F& f, M& m) {
  using T = std::remove_const_t<M>;
  if constexpr (std::is_same_v<T, Hello>) {
    auto& [level, incarnation, boot, primary, outdated, paired, seen, end, tables, wants, image,
           terms] = m;
    f.number("feature level", level), f.fixed("incarnation", incarnation);
    f.name("boot id", boot, kBootIdBytesMax), f.flag("is primary", primary);
    f.flag("outdated", outdated), f.flag("led paired", paired), f.term("term seen", seen),
        f.position("end", end);
    f.number("tables at", tables), f.flag("wants image", wants);
    f.progress("image progress", image), f.history("history", terms);
  } else if constexpr (std::is_same_v<T, Welcome>) {
    auto& [level, term, way, lsn, end, committed] = m;
    f.number("feature level", level), f.term("term", term);
    f.one_of("way", way, Welcome::Way::image), f.number("lsn", lsn);
    f.position("end", end), f.number("committed", committed);
  } else if constexpr (std::is_same_v<T, Refused>) {
    auto& [why, term, end, text] = m;
    f.one_of("why", why, Refused::Why::busy), f.term("term", term);
    f.position("end", end), f.text("text", text);
  } else if constexpr (std::is_same_v<T, Records>) {
    auto& [first, committed, flush, records] = m;
    f.number("first", first), f.number("committed", committed);
    f.flag("flush", flush), f.records("records", records);
  } else if constexpr (std::is_same_v<T, Durable>) {
    auto& [received, written, flushed, ping] = m;
    f.number("received", received), f.number("written", written), f.number("flushed", flushed);
    f.number("ping", ping);
  } else if constexpr (std::is_same_v<T, Ping>) {
    auto& [committed, in_sync, number] = m;
    f.number("committed", committed), f.flag("in sync", in_sync), f.number("number", number);
  } else if constexpr (std::is_same_v<T, ImageBegin>) {
    auto& [image, at, rows, bytes, resumed] = m;
    f.number("image", image), f.position("at", at), f.number("rows", rows);
    f.number("bytes", bytes), f.flag("resumed", resumed);
  } else if constexpr (std::is_same_v<T, ImageRows>) {
    auto& [table, rows] = m;
    f.one_of("table", table, kLastTable), f.rows("rows", rows);
  } else if constexpr (std::is_same_v<T, ImageTaken>) {
    auto& [rows] = m;
    f.number("rows", rows);
  } else if constexpr (std::is_same_v<T, ImageEnd>) {
    auto& [rows, checksum] = m;
    f.number("rows", rows), f.fixed("checksum", checksum);
  } else if constexpr (std::is_same_v<T, StateDigest>) {
    auto& [lsn, first, last, digest] = m;
    f.number("lsn", lsn), f.number("first session", first);
    f.number("last session", last), f.fixed("digest", digest);
  } else if constexpr (std::is_same_v<T, Differs>) {
    auto& [lsn, text] = m;
    f.number("lsn", lsn), f.text("text", text);
  } else if constexpr (std::is_same_v<T, Outdated>) {
    auto& [term, lsn] = m;
    f.term("term", term), f.number("lsn", lsn);
  } else if constexpr (std::is_same_v<T, About>) {
    auto& [at, address, version] = m;
    f.fixed("at", at), f.one_of("address", address, About::Address::here);
    f.text("version", version);
  } else if constexpr (std::is_same_v<T, HandOver>) {
    auto& [say, end, text] = m;
    f.one_of("say", say, HandOver::Say::declined), f.position("end", end), f.text("text", text);
  } else {
    auto& [begins, opened, closed] = m;  // Ephemeral.
    f.flag("begins", begins), f.opened("opened", opened), f.closed("closed", closed);
  }
}

template <class T>
Result<Frame> read_fields(const std::string& name, Reader& reader) {
  T fields;
  In in(reader);
  visit(in, fields);
  if (in.wrong() != nullptr)
    return failure(name + ": its field '" + in.wrong() + "' is cut short or out of bounds");
  if (!reader.done())
    return failure(name + ": " + std::to_string(reader.size()) + " bytes behind its end");
  return Frame(std::move(fields));
}

template <std::size_t index = 0>
Result<Frame> read_kind(std::size_t kind, Reader& reader) {
  if constexpr (index < std::variant_size_v<Frame>) {
    if (kind != index + 1) return read_kind<index + 1>(kind, reader);
    return read_fields<std::variant_alternative_t<index, Frame>>(kNames[index], reader);
  } else {
    return failure("no frame is of kind " + std::to_string(kind));
  }
}

}  // namespace

void write_frame(Writer& writer, const Frame& frame) {
  writer.u8(static_cast<std::uint8_t>(frame.index() + 1));
  Out out(writer);
  std::visit([&](const auto& fields) { visit(out, fields); }, frame);
}

Result<Frame> read_frame(ByteView bytes) {
  if (bytes.empty()) return failure("a frame has a kind at least");
  Reader reader(bytes);
  const std::size_t kind = reader.u8();
  return read_kind(kind, reader);
}

std::uint64_t image_checksum(std::uint64_t before, Table table, ByteView key, ByteView value) {
  const char number = static_cast<char>(table);
  return checksum(value, checksum(key, checksum(ByteView(&number, 1), before)));
}

}  // namespace tandemq
