#include "recovery/reports.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("the sizes of a store stand under the names of the tables") {
  StoreInfo info;
  info.first_lsn = 3;
  info.tables[static_cast<std::size_t>(Table::queue)] = {5, 700};
  const auto json = to_json(info, 9);
  CHECK(json["first_lsn"] == 3);
  CHECK(json["tables_at"] == 9);
  CHECK(json["tables"]["queue"]["rows"] == 5);
  CHECK(json["tables"]["queue"]["bytes"] == 700);
  CHECK(json["tables"].size() == kTableCount);
}

TEST_CASE("damage and broken invariants are one list, and make a store unsound") {
  Verification verification;
  CHECK(to_json(verification)["sound"] == true);
  verification.digest = 0xAB;
  verification.damage.push_back({"record 4", "cut short", "bytes"});
  verification.broken.emplace_back("something is odd");
  const auto json = to_json(verification);
  CHECK(json["sound"] == false);
  CHECK(json["damaged"] == 2);
  CHECK(json["damage"][0]["where"] == "record 4");
  CHECK(json["damage"][1]["what"] == "something is odd");
  CHECK(json["digest"] == "00000000000000ab");
}

TEST_CASE("a restore tells of a time or of an old store only if there is one") {
  Restored restored;
  CHECK_FALSE(to_json(restored).contains("last_at"));
  CHECK_FALSE(to_json(restored).contains("moved_to"));
  restored.last_at = Instant{7};
  restored.moved_to = "there";
  CHECK(to_json(restored)["last_at"] == 7);
  CHECK(to_json(restored)["moved_to"] == "there");
  CHECK(to_json(restored)["backup"]["position"] == 0);
}
