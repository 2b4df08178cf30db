#include "recovery/quarantine.hpp"

#include "base/base64.hpp"
#include "recovery/files.hpp"
#include "tests/store/samples.hpp"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace tandemq;

TEST_CASE("what was damaged is kept with its bytes, a line each") {
  const tests::TempFolder folder;
  const std::string path = folder.path() + "/damage.jsonl";
  const std::string bytes("\0\xff\n", 3);
  REQUIRE(write_quarantine(path, {{"record 4", "cut \"short\"", bytes}, {"row \xff", "bad", {}}}));
  const std::string text = read_file(path).value();
  const std::size_t line = text.find('\n');
  const auto first = nlohmann::json::parse(text.substr(0, line));
  CHECK(first["where"] == "record 4");
  CHECK(first["what"] == "cut \"short\"");
  CHECK(first["bytes_base64"] == encode_base64(bytes));
  CHECK(nlohmann::json::parse(text.substr(line + 1))["bytes_base64"] == "");
}

TEST_CASE("a quarantine file is never written over") {
  const tests::TempFolder folder;
  const std::string path = folder.path() + "/damage.jsonl";
  REQUIRE(write_quarantine(path, {{"first", "", {}}}));
  const auto again = write_quarantine(path, {{"second", "", {}}});
  REQUIRE_FALSE(again);
  CHECK(again.error().text.find(path + " cannot be written: ") == 0);
  CHECK(read_file(path).value().find("first") != std::string::npos);
}
