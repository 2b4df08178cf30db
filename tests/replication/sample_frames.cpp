#include "tests/replication/sample_frames.hpp"

namespace tandemq::tests {
namespace {

Ephemeral sample_clients() {
  Ephemeral clients;
  clients.begins = true;
  FourTuple v4;
  v4.ours = {{192, 0, 2, 10}, 1'883};
  v4.theirs = {{192, 0, 2, 3}, 40'001};
  FourTuple v6;
  v6.is_v6 = true;
  v6.ours = {{0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 8'883};
  v6.theirs = {{0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 40'002};
  clients.opened = {{1, v4}, {1ULL << 56U, v6}};
  clients.closed = {3, 300};
  return clients;
}

}  // namespace

std::vector<Frame> sample_frames() {
  const Position end{{7, 0xA1}, 70'000, 0xC0FFEE};
  Hello hello;
  hello.feature_level = 3;
  hello.incarnation = 0x1122334455667788;
  hello.boot_id = "3b6f0f9c-boot";
  hello.is_primary = true;
  hello.outdated = true;
  hello.led_paired = true;
  hello.term_seen = {9, 0xB2};
  hello.end = end;
  hello.tables_at = 69'000;
  hello.wants_image = true;
  hello.image = ImageProgress{5, Table::queue, std::string("\0\0\0\7key", 7), 1'234};
  hello.history = {{{1, 0xA1}, 1}, {{4, 0xB2}, 200}, {{7, 0xA1}, 65'000}};
  const Term term{8, 0xB2};
  return {
      hello,
      Welcome{2, term, Welcome::Way::cut, 65'536, end, 69'999},
      Refused{Refused::Why::superseded, term, end, "a newer primary is known"},
      Records{70'001, 70'000, true, {"one", std::string(300, 'r'), "three"}},
      Durable{70'003, 70'002, 70'001, 70'011},
      Ping{70'004, true, 70'012},
      ImageBegin{6, end, 1'000'000, 1ULL << 33U, true},
      ImageRows{Table::retained, {{"a/b", "value"}, {"a/c", std::string(200, 'v')}}},
      ImageTaken{128},
      ImageEnd{1'000'001, 0xFEDCBA9876543210},
      StateDigest{70'005, 100, 200, 0x0123456789ABCDEF},
      Differs{70'005, "sessions 100 to 200"},
      Outdated{term, 70'006},
      About{1'700'000'000'123, About::Address::here, "1.2.3"},
      HandOver{HandOver::Say::offered, end, "why not"},
      sample_clients(),
  };
}

std::string bytes_of(const Frame& frame) {
  std::string bytes;
  Writer writer(bytes);
  write_frame(writer, frame);
  return bytes;
}

}  // namespace tandemq::tests
