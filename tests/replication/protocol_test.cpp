#include "replication/protocol.hpp"

#include "replication/channel.hpp"
#include "tests/replication/sample_frames.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::bytes_of;
using tests::sample_frames;

constexpr const char* kNames[] = {"Hello",      "Welcome",  "Refused",     "Records",
                                  "Durable",    "Ping",     "ImageBegin",  "ImageRows",
                                  "ImageTaken", "ImageEnd", "StateDigest", "Differs",
                                  "Outdated",   "About",    "HandOver",    "Ephemeral"};

template <std::size_t index = 0>
void add_empty_frames(std::vector<Frame>& frames) {
  if constexpr (index < std::variant_size_v<Frame>) {
    frames.emplace_back(std::variant_alternative_t<index, Frame>{});
    add_empty_frames<index + 1>(frames);
  }
}

template <class Write>
std::string frame_of(Write write) {
  std::string bytes;
  Writer writer(bytes);
  write(writer);
  return bytes;
}

std::string error_of(ByteView bytes) {
  const auto frame = read_frame(bytes);
  return frame ? "no error" : frame.error().text;
}

void expect_error(ByteView bytes, const std::string& kind, const std::string& field) {
  const std::string error = error_of(bytes);
  INFO(error);
  CHECK(error.starts_with(kind + ": "));
  CHECK(error.find("'" + field + "'") != std::string::npos);
}

// The samples are kept for ever: a change of the protocol adds one, with TANDEMQ_WRITE_SAMPLE=1.
// They are: u32 size | bytes of write_frame(), frame for frame.
std::string sample_path(std::uint16_t version) {
  return "tests/data/replication-protocol-" + std::to_string(version);
}

std::string written_sample() {
  std::string bytes;
  Writer writer(bytes);
  for (const Frame& frame : sample_frames()) {
    const std::string one = bytes_of(frame);
    writer.u32(static_cast<std::uint32_t>(one.size()));
    writer.bytes(one);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a frame of each kind is read as it was written, and so is one without content") {
  std::vector<Frame> frames = sample_frames();
  REQUIRE(frames.size() == std::variant_size_v<Frame>);
  add_empty_frames(frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    INFO(kNames[i % std::variant_size_v<Frame>]);
    CHECK(frames[i].index() == i % std::variant_size_v<Frame>);
    const auto read = read_frame(bytes_of(frames[i]));
    REQUIRE(read.has_value());
    CHECK((*read == frames[i]));
  }
}

TEST_CASE("frames have the bytes that the README draws") {
  CHECK(bytes_of(Ping{300, true, 5}) == std::string("\x06\xAC\x02\x01\x05", 5));
  CHECK(bytes_of(Durable{3, 2, 1, 9}) == std::string("\x05\x03\x02\x01\x09", 5));
  CHECK(bytes_of(Records{5, 4, true, {"ab", "c"}}) == std::string("\x04\x05\x04\x01\x02\x02"
                                                                  "ab\x01"
                                                                  "c",
                                                                  10));
  CHECK(bytes_of(Outdated{{2, 0xB2}, 9}) == std::string("\x0D\x02\0\0\0\0\0\0\0\xB2\x09", 11));
  CHECK(bytes_of(HandOver{HandOver::Say::declined, {{2, 0xB2}, 9, 0xC1}, "no"}) ==
        std::string("\x0F\x04\x02\0\0\0\0\0\0\0\xB2\x09\0\0\0\0\0\0\0\xC1\x02no", 23));
}

TEST_CASE("the frames that this version and every earlier one wrote can be read") {
  if (std::getenv("TANDEMQ_WRITE_SAMPLE") != nullptr)
    std::ofstream(sample_path(kProtocolNewest), std::ios::binary) << written_sample();
  for (std::uint16_t version = kProtocolOldest; version <= kProtocolNewest; ++version) {
    INFO("version ", version);
    std::ifstream file(sample_path(version), std::ios::binary);
    REQUIRE(file.good());
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (version == kProtocolNewest) CHECK(bytes == written_sample());
    const std::vector<Frame> frames = sample_frames();
    Reader reader(bytes);
    std::size_t count = 0;
    for (; reader.size() > 0; ++count) {
      const std::size_t size = reader.u32();
      const auto frame = read_frame(reader.bytes(size));
      REQUIRE(frame.has_value());
      CHECK(frame->index() == count);
      if (version == kProtocolNewest) CHECK((*frame == frames[count]));
    }
    CHECK(reader.done());
    CHECK(count >= 13);
  }
}

TEST_CASE("a frame that ends early or late is an error that names its kind") {
  for (const Frame& frame : sample_frames()) {
    const std::string bytes = bytes_of(frame);
    const std::string kind = std::string(kNames[frame.index()]) + ": ";
    INFO(kind);
    CHECK(error_of("") == "a frame has a kind at least");
    for (std::size_t size = 1; size < bytes.size(); ++size)
      CHECK(error_of(ByteView(bytes).substr(0, size)).starts_with(kind + "its field '"));
    CHECK(error_of(bytes + "xy") == kind + "2 bytes behind its end");
  }
}

TEST_CASE("whatever bit is changed, what is read can be written and read again") {
  for (const Frame& frame : sample_frames()) {
    const std::string bytes = bytes_of(frame);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string changed = bytes;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      const auto read = read_frame(changed);
      if (!read) continue;
      const auto again = read_frame(bytes_of(*read));
      REQUIRE(again.has_value());
      CHECK((*again == *read));
    }
  }
}

TEST_CASE("a kind that does not exist is an error that says its number") {
  for (const int kind : {0, 17, 255})
    CHECK(error_of(std::string(5, static_cast<char>(kind))) ==
          "no frame is of kind " + std::to_string(kind));
}

TEST_CASE("a count that the frame cannot hold is an error before room is taken for it") {
  for (const std::uint64_t count : {std::uint64_t{2}, std::uint64_t{1} << 40U, UINT64_MAX}) {
    expect_error(frame_of([&](Writer& w) {
                   w.bytes(ByteView("\x04\x01\x01\x00", 4));
                   w.varint(count);
                   w.varint_bytes("");
                 }),
                 "Records", "records");
    expect_error(frame_of([&](Writer& w) {
                   w.bytes(ByteView("\x08\x01", 2));
                   w.varint(count);
                   w.varint_bytes("k");
                   w.varint_bytes("");
                 }),
                 "ImageRows", "rows");
    const std::string hello = bytes_of(Hello{});
    expect_error(frame_of([&](Writer& w) {
                   w.bytes(ByteView(hello).substr(0, hello.size() - 1));
                   w.varint(count);
                   w.bytes(std::string(19, '\x01'));
                 }),
                 "Hello", "history");
  }
}

TEST_CASE("a length that the frame cannot hold is an error") {
  expect_error(frame_of([](Writer& w) {
                 w.bytes(ByteView("\x0C\x01", 2));
                 w.varint(UINT64_MAX);
               }),
               "Differs", "text");
}

TEST_CASE("a field outside of its bounds is an error that names it") {
  expect_error(ByteView("\x04\x01\x01\x02\x00", 5), "Records", "flush");
  expect_error(ByteView("\x08\x07\x00", 3), "ImageRows", "table");
  expect_error(frame_of([](Writer& w) {
                 w.u8(11);
                 w.varint(1);
                 w.varint(1ULL << 32U);
               }),
               "StateDigest", "first session");
  for (const auto& [kind, name, field] :
       {std::tuple{3, "Refused", "why"}, std::tuple{2, "Welcome", "way"}}) {
    std::string bytes = bytes_of(sample_frames()[static_cast<std::size_t>(kind) - 1]);
    bytes[kind == 3 ? 1 : 11] = 9;
    expect_error(bytes, name, field);
  }
  expect_error(frame_of([](Writer& w) {
                 w.bytes(ByteView("\x0C\x01", 2));
                 w.varint_bytes(std::string(kTextBytesMax + 1, 't'));
               }),
               "Differs", "text");
  expect_error(frame_of([](Writer& w) {
                 w.bytes(ByteView("\x08\x01\x01", 3));
                 w.varint_bytes(std::string(65'540, 'k'));
                 w.varint_bytes("");
               }),
               "ImageRows", "rows");
}

TEST_CASE("a history whose terms or records do not rise is an error") {
  const TermHistory wrong[] = {
      {{{1, 1}, 0}},
      {{{1, 1}, 5}, {{1, 1}, 6}},
      {{{2, 1}, 5}, {{1, 9}, 6}},
      {{{1, 1}, 5}, {{2, 1}, 5}},
      {{{1, 1}, 5}, {{2, 1}, 4}},
  };
  for (const TermHistory& history : wrong) {
    Hello hello;
    hello.history = history;
    expect_error(bytes_of(hello), "Hello", "history");
  }
}

TEST_CASE("of a long history the newest terms are told, of a long sentence its beginning") {
  Hello hello;
  for (std::uint64_t i = 1; i <= kTermsKept + 5; ++i) hello.history.push_back({{i, 1}, i * 10});
  const auto read = read_frame(bytes_of(hello));
  REQUIRE(read.has_value());
  const TermHistory& history = std::get<Hello>(*read).history;
  CHECK(history.size() == kTermsKept);
  CHECK(history.front() == TermBegin{{6, 1}, 60});
  CHECK(history.back() == hello.history.back());

  const auto differs = read_frame(bytes_of(Differs{1, std::string(5'000, 's')}));
  REQUIRE(differs.has_value());
  CHECK(std::get<Differs>(*differs).text == std::string(kTextBytesMax, 's'));
}

TEST_CASE("the checksum of an image tells rows apart by table, key, value and order") {
  const std::uint64_t one = image_checksum(0, Table::retained, "ab", "c");
  CHECK(one == image_checksum(0, Table::retained, "ab", "c"));
  CHECK(one != image_checksum(1, Table::retained, "ab", "c"));
  CHECK(one != image_checksum(0, Table::wills, "ab", "c"));
  CHECK(one != image_checksum(0, Table::retained, "a", "bc"));
  CHECK(one != image_checksum(0, Table::retained, "ab", "d"));
  const std::uint64_t other = image_checksum(0, Table::retained, "x", "y");
  CHECK(image_checksum(one, Table::retained, "x", "y") !=
        image_checksum(other, Table::retained, "ab", "c"));
}

}  // namespace tandemq
