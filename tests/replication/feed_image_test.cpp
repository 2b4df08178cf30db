#include "tests/replication/feed_lab.hpp"

#include <string>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Phase = Feed::Phase;

namespace {

ImageBegin begin_of(const FeedRequest& request, Lsn at, bool resumed = false) {
  ImageBegin begin;
  begin.image = std::get<OpenImage>(request.what).image;
  begin.at.term = {1, 1};
  begin.at.lsn = at;
  begin.rows = 1'000;
  begin.bytes = 100'000;
  begin.resumed = resumed;
  return begin;
}

ImageRows rows_of(std::size_t count, std::size_t bytes) {
  ImageRows rows;
  rows.table = Table::sessions;
  for (std::size_t i = 0; i < count; ++i)
    rows.rows.emplace_back("key" + std::to_string(i), std::string(bytes / count, 'r'));
  return rows;
}

// Whose log has lost what the standby needs; the image is open, at record 3.
struct Lab : FeedLab {
  explicit Lab(const ReplicationConfig& config = feed_config()) : FeedLab(config) {
    connect(hello(1), 3);
    begin = begin_of(request(), 3);
    frames();
    answer(begin);
  }

  // A piece that was asked for.
  void piece(std::size_t count = 10, std::size_t bytes = 1'000) {
    REQUIRE(std::holds_alternative<ReadImage>(request().what));
    answer(rows_of(count, bytes));
    rows += count;
  }
  void take(std::uint64_t count) { feed.take(ImageTaken{count}, now); }
  [[nodiscard]] bool asks() { return !feed.take_requests().empty(); }

  ImageBegin begin;
  std::uint64_t rows = 0;
};

}  // namespace

TEST_CASE("an image is sent piece by piece, then its end, then nothing") {
  Lab lab;
  CHECK(lab.frames<ImageBegin>() == std::vector{lab.begin});
  lab.piece();
  lab.piece();
  CHECK(lab.frames<ImageRows>().size() == 2);
  REQUIRE(std::holds_alternative<ReadImage>(lab.request().what));
  lab.answer(ImageEnd{20, 99});
  CHECK(lab.frames<ImageEnd>() == std::vector{ImageEnd{20, 99}});
  CHECK_FALSE(lab.asks());
  lab.take(20);
  CHECK_FALSE(lab.asks());
  lab.append();
  CHECK(lab.frames<Records>().empty());
}

TEST_CASE("at most 16 pieces are sent and not taken") {
  Lab lab;
  for (int i = 0; i < 16; ++i) lab.piece();
  CHECK_FALSE(lab.asks());
  lab.pass(500);
  CHECK_FALSE(lab.asks());
  lab.take(9);  // Not all of the first piece.
  CHECK_FALSE(lab.asks());
  lab.take(30);
  for (int i = 0; i < 3; ++i) lab.piece();
  CHECK_FALSE(lab.asks());
}

TEST_CASE("an image takes no more of the link than image_bytes_per_s") {
  ReplicationConfig config = feed_config();
  config.image_bytes_per_s = 100'000;
  Lab lab(config);
  lab.piece(1, 50'000);
  CHECK_FALSE(lab.asks());
  lab.take(1);
  CHECK_FALSE(lab.asks());
  lab.pass(499);
  CHECK_FALSE(lab.asks());
  lab.pass(2);
  lab.piece(1, 10'000);
  lab.take(2);
  lab.pass(99);
  CHECK_FALSE(lab.asks());
  lab.pass(2);
  CHECK(lab.asks());
}

TEST_CASE("nothing is sent from the log while an image is under way") {
  Lab lab;
  lab.frames();
  lab.append();
  lab.append();
  CHECK(lab.frames<Records>().empty());
  CHECK(lab.feed.committed() == 6);  // It is not needed.
  lab.acknowledge(1);
  CHECK(lab.feed.wish() == Feed::Wish::none);
}

TEST_CASE("the log behind an image is kept for who has taken it") {
  Lab lab;
  CHECK(lab.feed.needed_from() == 4);
  (void)lab.request();
  lab.answer(ImageEnd{0, 1});
  lab.feed.disconnected(lab.now);  // To install it.
  CHECK(lab.feed.needed_from() == 4);
  SUBCASE("who comes back behind it is streamed to, and the snapshot is let go") {
    lab.connect(lab.hello(3));
    CHECK(lab.welcome().way == Welcome::Way::stream);
    CHECK(std::holds_alternative<DropImage>(lab.request().what));
    lab.feed.disconnected(lab.now);
    CHECK(lab.feed.needed_from() == UINT64_MAX);
  }
  SUBCASE("ten minutes") {
    lab.pass(599'999);
    CHECK(lab.feed.needed_from() == 4);
    lab.pass(1);
    CHECK(lab.feed.needed_from() == UINT64_MAX);
    CHECK(lab.feed.next_due().is_never());
  }
}

TEST_CASE("an image and the log behind it may weigh more than the log alone") {
  FeedLab lab(feed_config());
  CHECK(lab.feed.log_allowance() == 0);
  lab.connect(lab.hello(1), 3);
  CHECK(lab.feed.log_allowance() == UINT64_MAX);  // What it weighs is not known.
  lab.answer(begin_of(lab.request(), 3));
  CHECK(lab.feed.log_allowance() == 100'000);
  (void)lab.request();
  lab.answer(ImageEnd{0, 1});
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.log_allowance() == 100'000);
  SUBCASE("until the standby has what was written since") {
    lab.connect(lab.hello(3));
    CHECK(lab.feed.status(lab.now).phase == Feed::Phase::streaming);
    CHECK(lab.feed.log_allowance() == 0);
  }
  SUBCASE("until it has been away for ten minutes") {
    lab.pass(600'000);
    CHECK(lab.feed.log_allowance() == 0);
  }
}

TEST_CASE("an image goes on behind what the standby has of it") {
  Lab lab;
  lab.piece();
  lab.piece();
  lab.feed.disconnected(lab.now);
  (void)lab.feed.take_requests();
  Hello hello = lab.hello(1);
  hello.image = ImageProgress{lab.begin.image, Table::sessions, "key9", 10};
  lab.connect(hello, 3);
  const FeedRequest request = lab.request();
  const auto& open = std::get<OpenImage>(request.what);
  CHECK(open.image == lab.begin.image);
  CHECK(open.progress == hello.image);
  lab.answer(begin_of(request, 3, true));
  CHECK(lab.feed.status(lab.now).image_rows == 10);
  lab.piece();
  CHECK(lab.feed.status(lab.now).image_rows == 20);
  lab.take(20);
  CHECK(lab.frames<ImageRows>().size() == 1);
}

TEST_CASE("an image begins anew, under another number, when it cannot go on") {
  Lab lab;
  lab.piece();
  lab.feed.disconnected(lab.now);
  (void)lab.feed.take_requests();
  Hello hello = lab.hello(1);
  SUBCASE("the standby has nothing of it") {}
  SUBCASE("the standby has something of another one") {
    hello.image = ImageProgress{lab.begin.image + 77, Table::sessions, "key9", 10};
  }
  SUBCASE("the snapshot was let go") {
    hello.image = ImageProgress{lab.begin.image, Table::sessions, "key9", 10};
    lab.pass(60'000);
    REQUIRE(std::holds_alternative<DropImage>(lab.request().what));
  }
  lab.connect(hello, 3);
  const FeedRequest request = lab.request();
  const auto& open = std::get<OpenImage>(request.what);
  CHECK(open.image != lab.begin.image);
  CHECK_FALSE(open.progress.has_value());
}

TEST_CASE("a snapshot is let go a minute after the standby was lost, not earlier") {
  Lab lab;
  lab.feed.disconnected(lab.now);
  (void)lab.feed.take_requests();
  lab.pass(59'999);
  CHECK_FALSE(lab.asks());
  CHECK(lab.feed.needed_from() == 4);
  lab.pass(1);
  CHECK(std::holds_alternative<DropImage>(lab.request().what));
  CHECK(lab.feed.needed_from() == UINT64_MAX);
  CHECK(lab.feed.next_due().is_never());
}

TEST_CASE("a snapshot whose opening nobody heard of any more is let go too") {
  FeedLab lab;
  lab.connect(lab.hello(1), 3);
  const FeedRequest request = lab.request();
  lab.feed.disconnected(lab.now);
  lab.answer(begin_of(request, 3));
  CHECK(lab.frames<ImageBegin>().empty());
  lab.pass(60'000);
  CHECK(std::holds_alternative<DropImage>(lab.request().what));
}

TEST_CASE("a snapshot is let go though the link is lost before the shell has looked") {
  Lab lab;
  lab.feed.disconnected(lab.now);
  (void)lab.feed.take_requests();
  lab.connect(lab.hello(3), 3);
  lab.feed.disconnected(lab.now);
  CHECK(std::holds_alternative<DropImage>(lab.request().what));
}

TEST_CASE("an image that cannot be read ends the link, and somebody is told") {
  Lab lab;
  (void)lab.request();
  lab.answer(ReadFailed{"a bad block"});
  const auto why = lab.feed.take_hang_up();
  REQUIRE(why.has_value());
  CHECK(why->find("a bad block") != std::string::npos);
  CHECK(lab.feed.take_alarms().size() == 1);
  CHECK(lab.feed.status(lab.now).phase == Phase::absent);
}

TEST_CASE("pieces of an image for an earlier link are ignored") {
  Lab lab;
  REQUIRE(std::holds_alternative<ReadImage>(lab.request().what));
  const std::uint64_t old = lab.link;
  lab.connect(lab.hello(1), 3);
  (void)lab.request();
  lab.frames();
  lab.feed.answer({old, rows_of(10, 100)}, lab.now);
  CHECK(lab.frames<ImageRows>().empty());
  CHECK_FALSE(lab.asks());
}

TEST_CASE("a standby that takes an image and answers pings is not lost, a silent one is") {
  Lab lab;
  for (int i = 0; i < 10; ++i) {
    lab.pass(500);
    CHECK(lab.frames<Ping>().size() == 1);
    lab.acknowledge(1);
  }
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  lab.pass(2'000);
  CHECK(lab.feed.take_hang_up().has_value());
}

TEST_CASE("what the status says of an image") {
  Lab lab;
  lab.piece(10, 1'000);
  lab.pass(700);
  const Feed::Status status = lab.feed.status(lab.now);
  CHECK(status.phase == Phase::image);
  CHECK(status.image == lab.begin);
  CHECK(status.image_rows == 10);
  CHECK(status.image_bytes == 1'040);
  CHECK(status.image_ms == 700);
  CHECK(status.lag_records == 4);
}
