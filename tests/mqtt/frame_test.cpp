#include "mqtt/frame.hpp"

#include "tests/mqtt/bytes.hpp"

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

struct FrameCase {
  std::string_view text;
  FrameStatus status;
  std::size_t size;
};

constexpr std::uint32_t kNoLimit = 0xFFFFFFFF;

TEST_CASE("a frame is complete when all bytes of its Remaining Length are there") {
  const FrameCase cases[] = {
      {"", FrameStatus::need_more, 0},           {"C0", FrameStatus::need_more, 0},
      {"C0 00", FrameStatus::complete, 2},       {"C0 00 C0 00", FrameStatus::complete, 2},
      {"30 03 0001", FrameStatus::need_more, 5}, {"30 03 0001 'a'", FrameStatus::complete, 5},
      {"30 80", FrameStatus::need_more, 0},      {"30 FF FF FF", FrameStatus::need_more, 0},
  };
  for (const FrameCase& row : cases) {
    INFO(std::string(row.text));
    const Frame frame = cut_frame(bytes(row.text), kNoLimit);
    CHECK(frame.status == row.status);
    CHECK(frame.size == row.size);
  }
}

TEST_CASE("the Remaining Length is read at the ends of each of its four sizes") {
  const FrameCase cases[] = {
      // Table 2-4 of 3.1.1, table 1-1 of 5.0.
      {"30 7F", FrameStatus::need_more, 2 + 127},
      {"30 80 01", FrameStatus::need_more, 3 + 128},
      {"30 FF 7F", FrameStatus::need_more, 3 + 16383},
      {"30 80 80 01", FrameStatus::need_more, 4 + 16384},
      {"30 FF FF 7F", FrameStatus::need_more, 4 + 2097151},
      {"30 80 80 80 01", FrameStatus::need_more, 5 + 2097152},
      {"30 FF FF FF 7F", FrameStatus::need_more, 5 + 268435455},
  };
  for (const FrameCase& row : cases) {
    INFO(std::string(row.text));
    const Frame frame = cut_frame(bytes(row.text), kNoLimit);
    CHECK(frame.status == row.status);
    CHECK(frame.size == row.size);
  }
}

TEST_CASE("[MQTT-1.5.5-1] a Remaining Length that is longer than needed is malformed") {
  for (const char* text : {"30 80 00", "30 FF 00", "30 80 80 00", "30 80 80 80 00"}) {
    INFO(text);
    CHECK(cut_frame(bytes(text), kNoLimit).status == FrameStatus::malformed);
  }
}

TEST_CASE("a Remaining Length of five bytes is malformed before the fifth has come") {
  CHECK(cut_frame(bytes("30 FF FF FF FF"), kNoLimit).status == FrameStatus::malformed);
  CHECK(cut_frame(bytes("30 80 80 80 80 01"), kNoLimit).status == FrameStatus::malformed);
}

TEST_CASE("packet type 0 is malformed before its length has come") {
  CHECK(cut_frame(bytes("00"), kNoLimit).status == FrameStatus::malformed);
  CHECK(cut_frame(bytes("0F 00"), kNoLimit).status == FrameStatus::malformed);
}

TEST_CASE("a frame over the limit is refused by its header alone, fixed header counted") {
  CHECK(cut_frame(bytes("30 08"), 10).status == FrameStatus::need_more);
  CHECK(cut_frame(bytes("30 09"), 10).status == FrameStatus::too_large);
  CHECK(cut_frame(bytes("30 09"), 10).size == 11);
  CHECK(cut_frame(bytes("30 FF FF FF 7F"), 268435455).status == FrameStatus::too_large);
}

}  // namespace
}  // namespace tandemq::mqtt
