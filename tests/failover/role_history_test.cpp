#include "failover/role_history.hpp"

#include "tests/store/samples.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

RoleEvent event_at(std::int64_t ms) {
  return {Instant{ms}, 7, "insync", "primary gone", "claiming", "the primary is silent"};
}

struct Lab {
  tests::TempFolder folder;
  std::vector<std::string> complaints;

  RoleHistory open() {
    return {folder.path(), [this](const std::string& text) { complaints.push_back(text); }};
  }
  [[nodiscard]] std::string path() const { return folder.path() + "/role.events"; }
};

}  // namespace

TEST_CASE("what one process has noted the next one knows") {
  Lab lab;
  {
    RoleHistory history = lab.open();
    CHECK(history.events().empty());
    CHECK_FALSE(std::filesystem::exists(lab.path()));
    for (int i = 1; i <= 3; ++i) history.add(event_at(i));
  }
  RoleHistory again = lab.open();
  again.add(event_at(4));
  RoleHistory third = lab.open();
  REQUIRE(third.events().size() == 4);
  for (int i = 0; i < 4; ++i) CHECK(third.events()[static_cast<std::size_t>(i)] == event_at(i + 1));
  CHECK(lab.complaints.empty());
}

TEST_CASE("changes are counted, and those by which a node leads") {
  RoleCounts counts;
  counts.add({Instant{1}, 1, "", "started", "reconciling", "w"});
  counts.add({Instant{2}, 1, "reconciling", "promote", "promoting", "w"});
  counts.add({Instant{3}, 2, "promoting", "serves", "solo", "w"});
  counts.add({Instant{4}, 2, "solo", std::string(kFenced), "solo", "w"});
  counts.add({Instant{5}, 2, "demoting", std::string(kAnew), "reconciling", "w"});
  CHECK(counts.changes == 3);
  CHECK(counts.leads == 1);
}

TEST_CASE("neither the memory nor the file grows without end") {
  Lab lab;
  RoleHistory history = lab.open();
  const auto count = static_cast<std::int64_t>(3 * RoleHistory::kKept);
  for (std::int64_t i = 0; i < count; ++i) history.add(event_at(i));
  CHECK(history.events().size() == RoleHistory::kKept);
  CHECK(std::filesystem::file_size(lab.path()) <
        (2 * RoleHistory::kKept + 1) * (line_of(event_at(count)).size() + 1));
  RoleHistory again = lab.open();
  CHECK(again.events() == history.events());
}

TEST_CASE("a damaged file is told of once, and is whole after the next change") {
  Lab lab;
  lab.open().add(event_at(1));
  std::ofstream(lab.path(), std::ios::app) << "half a line";
  RoleHistory history = lab.open();
  CHECK(lab.complaints.size() == 1);
  CHECK(history.events().size() == 1);
  history.add(event_at(2));
  CHECK(lab.open().events().size() == 2);
  CHECK(lab.complaints.size() == 1);
}

TEST_CASE("a file that cannot be written is told of once, and the changes are known nevertheless") {
  Lab lab;
  std::filesystem::create_directory(lab.path());  // Nothing can take its place.
  RoleHistory history = lab.open();
  CHECK(lab.complaints.size() == 1);
  history.add(event_at(1));
  history.add(event_at(2));
  CHECK(history.events().size() == 2);
  CHECK(lab.complaints.size() == 2);
}
