#include "replication/channel.hpp"

#include "tests/replication/sample_frames.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using Side = Channel::Side;

Channel::Identity identity(const std::string& node, char nonce) {
  return {"plant", node, "a secret", std::string(kNonceBytes, nonce)};
}

// A channel, and all that it has said and been told.
struct End {
  End(Side side, Channel::Identity us) : channel(side, std::move(us)) { take(); }

  bool give(ByteView bytes) {
    const auto result =
        channel.receive(bytes, [&](Frame&& frame) { frames.push_back(std::move(frame)); });
    if (!result) error = result.error().text;
    take();
    return result.has_value();
  }
  void send(const Frame& frame) {
    channel.send(frame);
    take();
  }
  // What it has said since the last call.
  std::string said() {
    std::string out = all_said.substr(heard);
    heard = all_said.size();
    return out;
  }

  Channel channel;
  std::string all_said;
  std::vector<Frame> frames;
  std::string error;

 private:
  void take() { channel.take_output(all_said); }

  std::size_t heard = 0;
};

struct Pair {
  Pair() : Pair(identity("a", 'A'), identity("b", 'B')) {}
  Pair(Channel::Identity dialling, Channel::Identity accepting)
      : dialler(Side::dialler, std::move(dialling)),
        acceptor(Side::acceptor, std::move(accepting)) {}

  // Until neither has anything to say.
  void talk() {
    while (true) {
      const std::string to_acceptor = dialler.said();
      const std::string to_dialler = acceptor.said();
      if (to_acceptor.empty() && to_dialler.empty()) return;
      acceptor.give(to_acceptor);
      dialler.give(to_dialler);
    }
  }
  [[nodiscard]] bool opened() const {
    return dialler.channel.is_open() && acceptor.channel.is_open();
  }

  End dialler;
  End acceptor;
};

Pair open_pair() {
  Pair pair;
  pair.talk();
  REQUIRE(pair.opened());
  return pair;
}

std::string greeting(std::uint16_t oldest, std::uint16_t newest, Side side,
                     const Channel::Identity& us, ByteView more = {}) {
  std::string fields;
  Writer writer(fields);
  writer.u16(oldest);
  writer.u16(newest);
  writer.u8(static_cast<std::uint8_t>(side));
  for (const std::string& id : {us.cluster, us.node}) {
    writer.u8(static_cast<std::uint8_t>(id.size()));
    writer.bytes(id);
  }
  writer.bytes(us.nonce);
  writer.bytes(more);
  std::string bytes = "TMQR";
  Writer(bytes).u16_bytes(fields);
  return bytes;
}

std::string greeting(Side side, const Channel::Identity& us) {
  return greeting(kProtocolOldest, kProtocolNewest, side, us);
}

void expect_refused(const std::string& bytes, const std::string& why) {
  End acceptor(Side::acceptor, identity("b", 'B'));
  CHECK_FALSE(acceptor.give(bytes));
  INFO(acceptor.error);
  CHECK(acceptor.error.starts_with("the peer "));
  CHECK(acceptor.error.find(why) != std::string::npos);
  CHECK(acceptor.all_said == greeting(Side::acceptor, identity("b", 'B')));
  CHECK_FALSE(acceptor.channel.is_open());
}

std::string frame_bytes(Pair& pair, const Frame& frame) {
  pair.dialler.send(frame);
  return pair.dialler.said();
}

}  // namespace

TEST_CASE("two nodes of one cluster and secret open, and frames of each kind come both ways") {
  Pair pair;
  CHECK_FALSE(pair.dialler.channel.is_open());
  pair.talk();
  REQUIRE(pair.opened());
  CHECK(pair.dialler.channel.peer() == "b");
  CHECK(pair.acceptor.channel.peer() == "a");
  CHECK(pair.dialler.channel.version() == kProtocolNewest);
  for (const Frame& frame : tests::sample_frames()) {
    pair.dialler.send(frame);
    pair.acceptor.send(frame);
    pair.acceptor.send(frame);
    pair.talk();
  }
  const std::size_t count = tests::sample_frames().size();
  REQUIRE(pair.acceptor.frames.size() == count);
  REQUIRE(pair.dialler.frames.size() == 2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    CHECK((pair.acceptor.frames[i] == tests::sample_frames()[i]));
    CHECK((pair.dialler.frames[2 * i + 1] == tests::sample_frames()[i]));
  }
}

TEST_CASE("the handshake and the frames have the bytes that the README draws") {
  const auto us = identity("a", 'A');
  const auto them = identity("b", 'B');
  End acceptor(Side::acceptor, them);
  const std::string greetings = greeting(Side::dialler, us) + greeting(Side::acceptor, them);
  CHECK(acceptor.said() == greeting(Side::acceptor, them));
  REQUIRE(acceptor.give(greeting(Side::dialler, us)));
  CHECK(acceptor.said().empty());
  REQUIRE(acceptor.give(hmac_sha256(us.secret, "tandemq proof of the dialler" + greetings)));
  CHECK(acceptor.said() == hmac_sha256(us.secret, "tandemq proof of the acceptor" + greetings));
  CHECK(acceptor.channel.is_open());

  const auto framed = [&](const std::string& sender, std::uint64_t number, const Frame& frame) {
    const std::string body = tests::bytes_of(frame);
    std::string bytes;
    Writer(bytes).u32(static_cast<std::uint32_t>(body.size()));
    bytes += body;
    std::string tagged;
    Writer(tagged).u64(number);
    tagged += bytes;
    const std::string key = hmac_sha256(us.secret, "tandemq frames of the " + sender + greetings);
    return bytes + hmac_sha256(key, tagged).substr(0, 16);
  };
  acceptor.send(Ping{5});
  acceptor.send(Ping{6});
  CHECK(acceptor.said() == framed("acceptor", 0, Ping{5}) + framed("acceptor", 1, Ping{6}));
  REQUIRE(acceptor.give(framed("dialler", 0, Ping{7}) + framed("dialler", 1, Ping{8})));
  REQUIRE(acceptor.frames.size() == 2);
  CHECK((acceptor.frames[1] == Frame(Ping{8})));
}

TEST_CASE("however the bytes are cut, the same frames come") {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 31U, 1000U}) {
    Pair pair;
    const auto deliver = [&](const std::string& bytes, End& to) {
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        REQUIRE(to.give(ByteView(bytes).substr(at, piece)));
    };
    const auto both = [&] {
      deliver(pair.dialler.said(), pair.acceptor);
      deliver(pair.acceptor.said(), pair.dialler);
    };
    both();
    both();
    REQUIRE(pair.opened());
    for (const Frame& frame : tests::sample_frames()) pair.acceptor.send(frame);
    both();
    CHECK((pair.dialler.frames == tests::sample_frames()));
  }
}

TEST_CASE("frames may stand in the same bytes as the proof before them") {
  Pair pair;
  pair.acceptor.give(pair.dialler.said());
  pair.dialler.give(pair.acceptor.said());
  pair.acceptor.give(pair.dialler.said());
  REQUIRE(pair.acceptor.channel.is_open());
  pair.acceptor.send(Ping{1});
  pair.acceptor.send(Ping{2});
  CHECK(pair.dialler.give(pair.acceptor.said()));
  CHECK(pair.dialler.frames.size() == 2);
}

TEST_CASE("a large frame comes whole out of many pieces, and a small one behind it") {
  Pair pair = open_pair();
  const Frame large = Records{1, 0, false, {std::string(3U << 20U, 'r'), std::string(100, 's')}};
  pair.dialler.send(large);
  pair.dialler.send(Ping{9});
  const std::string bytes = pair.dialler.said();
  constexpr std::size_t kPiece = 65'536;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece)
    REQUIRE(pair.acceptor.give(ByteView(bytes).substr(at, kPiece)));
  REQUIRE(pair.acceptor.frames.size() == 2);
  CHECK((pair.acceptor.frames[0] == large));
  CHECK((pair.acceptor.frames[1] == Frame(Ping{9})));
}

TEST_CASE("what is to be sent is appended, and taken once") {
  Channel channel(Side::dialler, identity("a", 'A'));
  const std::size_t size = channel.output_size();
  std::string out = "before";
  channel.take_output(out);
  CHECK(out == "before" + greeting(Side::dialler, identity("a", 'A')));
  CHECK(size == out.size() - 6);
  CHECK(channel.output_size() == 0);
  channel.take_output(out);
  CHECK(out.size() == size + 6);
}

TEST_CASE("an acceptor gives nothing but its greeting to who has not proved itself") {
  End acceptor(Side::acceptor, identity("b", 'B'));
  acceptor.said();
  CHECK(acceptor.give(greeting(Side::dialler, identity("a", 'A'))));
  CHECK(acceptor.said().empty());
  CHECK_FALSE(acceptor.give(std::string(kSha256Size, 'x')));
  CHECK(acceptor.said() == std::string(kSha256Size, '\0'));
}

TEST_CASE("two nodes with different secrets do not open, and both say why") {
  for (const std::string secret : {"another secret", ""}) {
    auto other = identity("b", 'B');
    other.secret = secret;
    Pair pair(identity("a", 'A'), other);
    pair.talk();
    CHECK_FALSE(pair.dialler.channel.is_open());
    CHECK_FALSE(pair.acceptor.channel.is_open());
    CHECK(pair.acceptor.error ==
          "the peer 'a' does not know our secret: copy the same replication.secret_file to both "
          "nodes");
    CHECK(pair.dialler.error ==
          "the peer 'b' does not know our secret: copy the same replication.secret_file to both "
          "nodes");
  }
}

TEST_CASE("two nodes without a secret open, as they may under TLS") {
  auto one = identity("a", 'A');
  auto other = identity("b", 'B');
  one.secret = other.secret = "";
  Pair pair(one, other);
  pair.talk();
  CHECK(pair.opened());
}

TEST_CASE("a greeting that does not fit is refused with a sentence that says what") {
  auto us = identity("a", 'A');
  expect_refused("GET / HTTP/1.1\r\n", "another protocol");
  us.cluster = "office";
  expect_refused(greeting(Side::dialler, us),
                 "'a' belongs to the cluster 'office', we belong to 'plant'");
  expect_refused(greeting(Side::dialler, identity("b", 'A')), "has our own node.id, 'b'");
  expect_refused(greeting(Side::dialler, identity("", 'A')), "has a node.id that is none: ''");
  expect_refused(greeting(Side::dialler, identity("a\nb", 'A')),
                 "has a node.id that is none: 'a?b'");
  expect_refused(greeting(Side::acceptor, identity("a", 'A')), "takes itself for the acceptor");
  expect_refused(greeting(2, 9, Side::dialler, identity("a", 'A')),
                 "speaks the versions 2 to 9 of the replication protocol, we speak 1 to 1");
  expect_refused(greeting(0, 0, Side::dialler, identity("a", 'A')), "speaks the versions 0 to 0");
  expect_refused(greeting(1, 1, Side::dialler, identity("a", 'A'), "x"), "do not fit");
  expect_refused("TMQR" + std::string("\0\4\0\1\0\1", 6), "do not fit");
}

TEST_CASE("a greeting over the limit is refused before it has come") {
  std::string head = "TMQR";
  Writer(head).u16(static_cast<std::uint16_t>(kHandshakeBytesMax - 5));
  expect_refused(head, "announces a greeting of 1025 bytes, at most 1024 are allowed");
}

TEST_CASE("a newer node that still speaks our version is understood") {
  const auto us = identity("a", 'A');
  const std::string theirs = greeting(1, 9, Side::dialler, us, "what version 9 has added");
  End acceptor(Side::acceptor, identity("b", 'B'));
  const std::string greetings = theirs + acceptor.said();
  REQUIRE(acceptor.give(theirs));
  CHECK(acceptor.channel.version() == 1);
  REQUIRE(acceptor.give(hmac_sha256(us.secret, "tandemq proof of the dialler" + greetings)));
  CHECK(acceptor.channel.is_open());
}

TEST_CASE("what a side has said is refused when it comes back to it") {
  for (const Side side : {Side::dialler, Side::acceptor}) {
    End end(side, identity("a", 'A'));
    CHECK_FALSE(end.give(end.said()));
    CHECK(end.error.find("our own greeting") != std::string::npos);
  }
  // Another connection of the same node, in the other direction.
  Pair pair(identity("a", 'A'), identity("a", 'B'));
  pair.talk();
  CHECK(pair.acceptor.error.find("our own node.id") != std::string::npos);
  CHECK(pair.dialler.error.find("our own node.id") != std::string::npos);

  Pair opened = open_pair();
  opened.dialler.send(Ping{1});
  CHECK_FALSE(opened.dialler.give(opened.dialler.said()));
  CHECK(opened.dialler.frames.empty());
}

namespace {

// A pair whose words go over a wire that flips one bit of what one of them says.
struct FlippedPair {
  FlippedPair(Side side, std::size_t bit) : side_(side), bit_(bit) {}

  void talk() {
    while (carry(Side::dialler) || carry(Side::acceptor)) {
    }
  }
  End& of(Side side) { return side == Side::dialler ? pair_.dialler : pair_.acceptor; }

 private:
  bool carry(Side sender) {
    std::string bytes = of(sender).said();
    if (sender == side_) {
      if (bit_ / 8 >= carried_ && bit_ / 8 < carried_ + bytes.size()) {
        char& byte = bytes[bit_ / 8 - carried_];
        byte = static_cast<char>(byte ^ (1 << (bit_ % 8)));
      }
      carried_ += bytes.size();
    }
    of(sender == Side::dialler ? Side::acceptor : Side::dialler).give(bytes);
    return !bytes.empty();
  }

  Side side_;
  std::size_t bit_;
  std::size_t carried_ = 0;  // Of that side.
  Pair pair_;
};

// Of the handshake with its two frames; false: there is no such bit.
bool check_flip(Side side, std::size_t bit) {
  const std::size_t greeting_size = greeting(side, identity("a", 'A')).size();
  const std::size_t handshake_size = greeting_size + kSha256Size;
  const std::size_t frame_size = 4 + tests::bytes_of(Ping{1}).size() + 16;
  FlippedPair pair(side, bit);
  pair.talk();
  for (const Side sender : {Side::dialler, Side::acceptor}) {
    if (!pair.of(sender).channel.is_open()) continue;
    pair.of(sender).send(Ping{1});
    pair.of(sender).send(Ping{2});
  }
  pair.talk();
  const std::size_t byte = bit / 8;
  if (byte >= handshake_size + 2 * frame_size) return false;
  INFO("byte ", byte, " bit ", bit % 8);
  const End& victim = pair.of(side == Side::dialler ? Side::acceptor : Side::dialler);
  const bool in_handshake = byte < handshake_size;
  if (in_handshake) CHECK_FALSE(victim.channel.is_open());
  CHECK(victim.frames.size() == (in_handshake ? 0 : (byte - handshake_size) / frame_size));
  // A length that has become larger makes the receiver wait for what does not come.
  const bool in_length =
      in_handshake ? byte == 4 || byte == 5 : (byte - handshake_size) % frame_size < 4;
  if (!in_length) CHECK_FALSE(victim.error.empty());
  return true;
}

}  // namespace

TEST_CASE("whatever bit is flipped on the wire, no frame comes of it, and none behind it") {
  for (const Side side : {Side::dialler, Side::acceptor}) {
    std::size_t bit = 0;
    while (check_flip(side, bit)) ++bit;
    CHECK(bit > 8 * 100);
  }
}

TEST_CASE("a frame that is replayed, left out, out of order or of the other direction is refused") {
  const auto refuses = [](const std::vector<int>& order, std::size_t visible) {
    Pair pair = open_pair();
    pair.acceptor.send(Ping{9});
    const std::string sent[] = {frame_bytes(pair, Ping{0}), frame_bytes(pair, Ping{1}),
                                frame_bytes(pair, Ping{2}), pair.acceptor.said()};
    std::string bytes;
    for (const int index : order) bytes += sent[index];
    CHECK_FALSE(pair.acceptor.give(bytes));
    CHECK(pair.acceptor.error.find("with a wrong tag") != std::string::npos);
    CHECK(pair.acceptor.frames.size() == visible);
    // Nor is anything taken afterwards, not even what would have been right.
    CHECK_FALSE(pair.acceptor.give(sent[visible]));
    CHECK_FALSE(pair.acceptor.give(""));
    CHECK_FALSE(pair.acceptor.channel.is_open());
    CHECK(pair.acceptor.frames.size() == visible);
  };
  refuses({0, 0}, 1);
  refuses({0, 1, 0}, 2);
  refuses({1, 0}, 0);
  refuses({0, 2}, 1);
  refuses({3}, 0);
}

TEST_CASE("a recorded connection means nothing to another one") {
  Pair recorded = open_pair();
  recorded.dialler.send(Ping{1});
  recorded.acceptor.send(Ping{1});
  End acceptor(Side::acceptor, identity("b", 'C'));
  CHECK_FALSE(acceptor.give(recorded.dialler.all_said));
  CHECK(acceptor.error.find("replication.secret_file") != std::string::npos);
  CHECK(acceptor.frames.empty());
  End dialler(Side::dialler, identity("a", 'C'));
  CHECK_FALSE(dialler.give(recorded.acceptor.all_said));
  CHECK(dialler.frames.empty());

  // The greetings anew and the frames of before.
  Pair pair(identity("a", 'C'), identity("b", 'D'));
  pair.talk();
  const std::string old_frame = frame_bytes(recorded, Ping{2});
  CHECK_FALSE(pair.acceptor.give(old_frame));
  CHECK(pair.acceptor.frames.empty());
}

TEST_CASE("who forwards a handshake without the secret can add no frame to it") {
  Pair pair = open_pair();
  const std::string body = tests::bytes_of(Ping{1});
  std::string forged;
  Writer(forged).u32(static_cast<std::uint32_t>(body.size()));
  forged += body + std::string(16, 'x');
  CHECK_FALSE(pair.acceptor.give(forged));
  CHECK_FALSE(pair.dialler.give(forged));
  CHECK(pair.acceptor.frames.empty());
  CHECK(pair.dialler.frames.empty());
}

TEST_CASE("who forwards proofs between two connections of its own opens neither") {
  End dialler(Side::dialler, identity("a", 'A'));
  End acceptor(Side::acceptor, identity("b", 'B'));
  dialler.said();
  acceptor.said();
  // To both it has greeted with a nonce that it chose.
  REQUIRE(dialler.give(greeting(Side::acceptor, identity("b", 'M'))));
  REQUIRE(acceptor.give(greeting(Side::dialler, identity("a", 'M'))));
  CHECK_FALSE(acceptor.give(dialler.said()));
  CHECK_FALSE(dialler.give(acceptor.said()));
  CHECK_FALSE(acceptor.channel.is_open());
  CHECK_FALSE(dialler.channel.is_open());
}

TEST_CASE("a frame over the limit is refused before it has come") {
  Pair pair = open_pair();
  std::string length;
  Writer(length).u32(static_cast<std::uint32_t>(kFrameBytesMax + 1));
  CHECK_FALSE(pair.acceptor.give(length));
  CHECK(pair.acceptor.error ==
        "the peer 'a' announces a frame of 536870913 bytes, at most 536870912 are allowed");
}

TEST_CASE("a frame with a true tag that is none is refused with its kind") {
  const auto us = identity("a", 'A');
  End acceptor(Side::acceptor, identity("b", 'B'));
  const std::string greetings = greeting(Side::dialler, us) + acceptor.said();
  const std::string proof = hmac_sha256(us.secret, "tandemq proof of the dialler" + greetings);
  REQUIRE(acceptor.give(greeting(Side::dialler, us) + proof));
  const std::string key = hmac_sha256(us.secret, "tandemq frames of the dialler" + greetings);
  const std::string frame("\0\0\0\2\6\x80", 6);
  const std::string tag = hmac_sha256(key, std::string(8, '\0') + frame).substr(0, 16);
  CHECK_FALSE(acceptor.give(frame + tag));
  CHECK(
      acceptor.error ==
      "the peer 'a' sent frame 0 that is none: Ping: its field 'committed' is cut short or out of "
      "bounds");
}

}  // namespace tandemq
