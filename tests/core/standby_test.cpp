#include "core/standby.hpp"

#include "tests/core/standby_lab.hpp"
#include "tests/session/mutations.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Phase = Standby::Phase;

TEST_CASE("a hello says what the log says, and what the shell says of the process") {
  StandbyLab lab;
  Hello about_us;
  about_us.incarnation = 77;
  about_us.boot_id = "boot";
  about_us.outdated = true;
  const Hello hello = lab.standby->connected(about_us, lab.now);
  CHECK(hello.incarnation == 77);
  CHECK(hello.boot_id == "boot");
  CHECK(hello.outdated);
  CHECK_FALSE(hello.is_primary);
  CHECK(hello.term_seen == Term{1, 1});
  CHECK(hello.end == lab.log.position(3));
  CHECK(hello.tables_at == 2);
  CHECK_FALSE(hello.wants_image);
  CHECK(hello.history == TermHistory{{{1, 1}, 1}});
  CHECK(lab.standby->phase() == Phase::greeting);
}

TEST_CASE("the highest term that a standby has seen is of its file or of its log") {
  StandbyLab lab;
  CHECK(Standby(lab.state, lab.config, {{7, 1}, 3, 0}, 2, {5, 9}).term_seen() == Term{7, 1});
  CHECK(Standby(lab.state, lab.config, {{3, 1}, 3, 0}, 2, {5, 9}).term_seen() == Term{5, 9});
}

TEST_CASE("a welcome to a newer term is noted before it is answered") {
  StandbyLab lab;
  (void)lab.connect();
  lab.take(lab.welcome(Welcome::Way::stream, 4));
  const auto demands = lab.standby->take_demands();
  REQUIRE(demands.size() == 1);
  CHECK(std::get<NoteTerm>(demands[0]).term == Term{2, 1});
  CHECK(lab.standby->term_seen() == Term{2, 1});
  CHECK(lab.standby->phase() == Phase::following);
  CHECK(lab.answers() == std::vector{Durable{3, 3, 3}});
  CHECK(lab.standby->primary_end() == lab.log.end());
}

TEST_CASE("a term that is known already need not be noted") {
  StandbyLab lab;
  lab.standby =
      std::make_unique<Standby>(lab.state, lab.config, lab.log.position(3), 2, Term{2, 1});
  (void)lab.connect();
  lab.take(lab.welcome(Welcome::Way::stream, 4));
  CHECK(lab.standby->take_demands().empty());
  CHECK(lab.standby->phase() == Phase::following);
}

TEST_CASE("records are applied, appended and acknowledged as far as they have come") {
  StandbyLab lab;
  lab.follow();
  lab.take(lab.log.frame(4, 6));
  CHECK(lab.state.digest() == lab.log.state.digest());
  CHECK(lab.standby->take_records().size() == 3);
  lab.standby->local(6, 5);
  CHECK(lab.answers() == std::vector{Durable{6, 6, 5}});
  CHECK(lab.answers().empty());
  CHECK(lab.standby->end() == lab.log.end());
}

TEST_CASE("records are acknowledged before they are written only where that is waited for") {
  for (const auto mode : {ReplicationMode::async, ReplicationMode::received,
                          ReplicationMode::written, ReplicationMode::flushed}) {
    INFO("mode ", static_cast<int>(mode));
    StandbyLab lab(mode);
    lab.follow();
    lab.take(lab.log.frame(4, 6));
    const bool at_once = mode == ReplicationMode::async || mode == ReplicationMode::received;
    CHECK((lab.answers() == std::vector{Durable{6, 3, 3}}) == at_once);
    lab.standby->local(6, 3);
    CHECK(lab.answers() == std::vector{Durable{6, 6, 3}});
  }
}

TEST_CASE("a welcome that cannot be followed ends the link, and the term stays as it was") {
  StandbyLab lab;
  (void)lab.connect();
  Welcome welcome = lab.welcome(Welcome::Way::stream, 4);
  bool alarm = true;
  SUBCASE("of a feature level above ours") {
    welcome.feature_level = kFeatureLevel + 1;
  }
  SUBCASE("of a term that is over") {
    welcome.term = {1, 0};
  }
  lab.take(welcome);
  CHECK(lab.hang_up().alarm == alarm);
  CHECK(lab.standby->term_seen() == Term{1, 1});
  CHECK(lab.answers().empty());
}

TEST_CASE("a stream that begins elsewhere than behind this log ends the link") {
  for (const Lsn lsn : {Lsn{3}, Lsn{5}}) {
    INFO("lsn ", lsn);
    StandbyLab lab;
    (void)lab.connect();
    lab.take(lab.welcome(Welcome::Way::stream, lsn));
    CHECK(demands_of<HangUp>(lab.standby->take_demands()).size() == 1);
    CHECK(lab.standby->phase() == Phase::absent);
  }
}

TEST_CASE("a tail is cut off behind the tables only, and only if it is there") {
  const auto demands_at = [](Lsn lsn) {
    StandbyLab lab;
    (void)lab.connect();
    lab.take(lab.welcome(Welcome::Way::cut, lsn));
    CHECK(lab.standby->phase() == Phase::absent);
    return lab.standby->take_demands();
  };
  const auto cuts = demands_of<CutTail>(demands_at(2));
  REQUIRE(cuts.size() == 1);
  CHECK(cuts[0].lsn == 2);
  for (const Lsn lsn : {Lsn{0}, Lsn{1}, Lsn{3}, Lsn{4}}) {
    INFO("lsn ", lsn);
    const auto demands = demands_at(lsn);
    CHECK(demands_of<CutTail>(demands).empty());
    CHECK(demands_of<HangUp>(demands).size() == 1);
  }
}

TEST_CASE("the pieces of an image are the shell's to take, in their order") {
  StandbyLab lab;
  (void)lab.connect();
  lab.take(lab.welcome(Welcome::Way::image, 2));
  CHECK(lab.standby->phase() == Phase::image);
  CHECK(lab.standby->image_fork() == 2);
  (void)lab.standby->take_demands();
  ImageBegin begin;
  begin.image = 9;
  lab.take(begin);
  lab.take(ImageRows{Table::sessions, {{"k", "v"}}});
  lab.take(ImageEnd{1, 5});
  const auto demands = lab.standby->take_demands();
  REQUIRE(demands.size() == 3);
  CHECK(std::get<StartImage>(demands[0]).begin == begin);
  CHECK(std::get<ImageRows>(demands[1]).rows.size() == 1);
  CHECK(std::get<ImageEnd>(demands[2]) == ImageEnd{1, 5});
  lab.standby->image_taken(1);
  const auto taken = frames_of<ImageTaken>(lab.standby->take_frames());
  CHECK(taken == std::vector{ImageTaken{1}});
  lab.take(Ping{4, false});  // The link lives while rows are written.
  CHECK(lab.answers().size() == 1);
  CHECK(lab.state.session_count() == 1);
}

TEST_CASE("rows that are taken after the link was lost are told to nobody") {
  StandbyLab lab;
  (void)lab.connect();
  lab.take(lab.welcome(Welcome::Way::image, 2));
  lab.standby->disconnected();
  lab.standby->image_taken(1);
  CHECK(lab.standby->take_frames().empty());
}

TEST_CASE("a frame that does not belong to the phase ends the link and changes nothing") {
  StandbyLab lab;
  Frame frame;
  SUBCASE("while it greets") {
    (void)lab.connect();
    SUBCASE("records") {
      frame = lab.log.frame(4, 6, 6);
    }
    SUBCASE("a digest") {
      frame = StateDigest{3, 0, 10, 1};
    }
    SUBCASE("an image") {
      frame = ImageBegin{};
    }
    SUBCASE("rows") {
      frame = ImageRows{};
    }
    SUBCASE("the end of an image") {
      frame = ImageEnd{};
    }
  }
  SUBCASE("while it follows") {
    lab.follow();
    SUBCASE("a second welcome") {
      frame = lab.welcome(Welcome::Way::cut, 2);
    }
    SUBCASE("an image") {
      frame = ImageBegin{};
    }
    SUBCASE("a hello") {
      frame = Hello{};
    }
    SUBCASE("an acknowledgement") {
      frame = Durable{};
    }
    SUBCASE("what a standby finds") {
      frame = Differs{};
    }
    SUBCASE("rows that were taken") {
      frame = ImageTaken{};
    }
  }
  SUBCASE("while it takes an image") {
    (void)lab.connect();
    lab.take(lab.welcome(Welcome::Way::image, 2));
    (void)lab.standby->take_demands();
    SUBCASE("records") {
      frame = lab.log.frame(4, 6, 6);
    }
    SUBCASE("a digest") {
      frame = StateDigest{3, 0, 10, 1};
    }
  }
  const std::uint64_t before = lab.state.digest();
  lab.take(frame);
  (void)lab.hang_up();
  CHECK(lab.state.digest() == before);
  CHECK(lab.standby->end() == lab.log.position(3));
  CHECK(lab.standby->take_records().empty());
  CHECK_FALSE(lab.standby->differs());
}

TEST_CASE("what was on its way when the link was given up is not looked at") {
  StandbyLab lab;
  lab.follow();
  lab.take(Hello{});
  (void)lab.hang_up();
  lab.take(lab.log.frame(4, 6, 6));
  lab.take(Outdated{{2, 1}, 3});
  CHECK(lab.standby->take_demands().empty());
  CHECK(lab.standby->end() == lab.log.position(3));
}

TEST_CASE("a refusal ends the link; only that of a feature level is for somebody to know") {
  const auto hang_up_of = [](Refused::Why why) {
    StandbyLab lab;
    (void)lab.connect();
    lab.take(Refused{why, {9, 9}, {{9, 9}, 40, 4}, "not here"});
    CHECK(lab.standby->primary_end().lsn == 40);
    CHECK(lab.standby->term_seen() == Term{1, 1});
    return lab.hang_up();
  };
  CHECK_FALSE(hang_up_of(Refused::Why::not_primary).alarm);
  CHECK_FALSE(hang_up_of(Refused::Why::busy).alarm);
  CHECK(hang_up_of(Refused::Why::feature_level).alarm);
  CHECK(hang_up_of(Refused::Why::busy).why.find("not here") != std::string::npos);
}

TEST_CASE("a standby is in sync when the primary says so, and until it says otherwise") {
  StandbyLab lab;
  lab.follow();
  lab.take(Ping{4, false});
  CHECK_FALSE(lab.standby->in_sync());
  CHECK(lab.standby->take_demands().empty());
  lab.take(Ping{4, true});
  CHECK(lab.standby->in_sync());
  CHECK(demands_of<NoteInSync>(lab.standby->take_demands()).size() == 1);
  lab.take(Ping{4, true});
  CHECK(lab.standby->take_demands().empty());
  SUBCASE("by a ping") {
    lab.take(Ping{4, false});
    CHECK_FALSE(lab.standby->in_sync());
  }
  SUBCASE("by going on alone, which is noted") {
    lab.take(Outdated{{2, 1}, 4});
    CHECK_FALSE(lab.standby->in_sync());
    CHECK(demands_of<NoteOutdated>(lab.standby->take_demands()).size() == 1);
  }
  SUBCASE("not by silence") {
    lab.standby->disconnected();
    CHECK(lab.standby->in_sync());
    (void)lab.connect();
    CHECK(lab.standby->in_sync());
  }
  SUBCASE("a new welcome means that it may have gone on alone meanwhile") {
    lab.standby->disconnected();
    (void)lab.connect();
    lab.take(lab.welcome(Welcome::Way::stream, 4));
    CHECK_FALSE(lab.standby->in_sync());
  }
  SUBCASE("not by one whose term is over") {
    lab.standby->disconnected();
    (void)lab.connect();
    Welcome old = lab.welcome(Welcome::Way::stream, 4);
    old.term = {1, 1};
    lab.take(old);
    CHECK(lab.standby->in_sync());
  }
}

TEST_CASE("a ping before the welcome says nothing of this log") {
  StandbyLab lab;
  (void)lab.connect();
  lab.take(Ping{6, true});
  CHECK_FALSE(lab.standby->in_sync());
  CHECK(lab.answers().empty());
  CHECK_FALSE(lab.standby->take_tables().has_value());
}

TEST_CASE("a standby that differs says so, ends the link and wants an image from then on") {
  StandbyLab lab;
  lab.follow();
  lab.take(Ping{4, true});
  (void)lab.standby->take_demands();
  (void)lab.standby->take_frames();
  SUBCASE("by its digest") {
    lab.take(StateDigest{3, 0, 10, lab.state.digest(0, 10) + 1});
  }
  SUBCASE("by a record that does not follow") {
    lab.take(lab.log.frame(5, 6));
  }
  const auto differs = frames_of<Differs>(lab.standby->take_frames());
  REQUIRE(differs.size() == 1);
  CHECK(differs[0].lsn == 3);
  CHECK(lab.hang_up().alarm);
  CHECK(lab.standby->differs());
  CHECK_FALSE(lab.standby->in_sync());
  CHECK(lab.connect().wants_image);
}

TEST_CASE("the same digest is no difference, and is answered by it") {
  StandbyLab lab;
  lab.follow();
  lab.take(lab.log.frame(4, 6));
  (void)lab.standby->take_frames();
  const StateDigest theirs{6, 0, 10, lab.log.state.digest(0, 10)};
  lab.take(StateDigest(theirs));
  const auto answers = frames_of<StateDigest>(lab.standby->take_frames());
  REQUIRE(answers.size() == 1);
  CHECK(answers[0] == theirs);
  CHECK(lab.standby->take_demands().empty());
  CHECK(lab.standby->phase() == Phase::following);
}

TEST_CASE("a primary that says nothing is given up after the time-out") {
  StandbyLab lab;
  SUBCASE("while it greets") {
    (void)lab.connect();
  }
  SUBCASE("while it is followed") {
    lab.follow();
  }
  lab.now = lab.now.plus_ms(1'999);
  lab.standby->tick(lab.now);
  CHECK(lab.standby->phase() != Phase::absent);
  lab.now = lab.now.plus_ms(1);
  CHECK(lab.standby->next_due() <= lab.now);
  lab.standby->tick(lab.now);
  CHECK_FALSE(lab.hang_up().alarm);
}

TEST_CASE("each frame of the primary puts the time-out off") {
  StandbyLab lab;
  lab.follow();
  for (int i = 0; i < 5; ++i) {
    lab.now = lab.now.plus_ms(1'500);
    lab.standby->tick(lab.now);
    lab.take(Ping{4, false});
  }
  CHECK(lab.standby->phase() == Phase::following);
  CHECK(lab.standby->heard_at() == lab.now);
  lab.standby->disconnected();
  lab.standby->tick(lab.now.plus_ms(10'000));
  CHECK(lab.standby->take_demands().empty());
}

TEST_CASE("nothing is acknowledged to nobody, and the next primary learns of it") {
  StandbyLab lab;
  lab.follow();
  lab.take(lab.log.frame(4, 5));
  lab.standby->disconnected();
  lab.write();
  CHECK(lab.standby->take_frames().empty());
  const Hello hello = lab.connect();
  CHECK(hello.end == lab.log.position(5));
  CHECK(hello.history == TermHistory{{{1, 1}, 1}, {{2, 1}, 5}});
  CHECK(hello.term_seen == Term{2, 1});
  lab.take(lab.welcome(Welcome::Way::stream, 6));
  CHECK(lab.answers() == std::vector{Durable{5, 5, 5}});
}
