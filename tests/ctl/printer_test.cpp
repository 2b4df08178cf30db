#include "ctl/printer.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr Instant kNow{1'700'000'000'000};

}  // namespace

TEST_CASE("a list is printed when it is whole, with its titles even if it is empty") {
  Printer printer(*find_command("config show"), false, false);
  CHECK(printer.take(R"({"key":"a","value":"1","default":"1","changed":false})", kNow).empty());
  CHECK(printer.finish(true, kNow) ==
        "KEY  VALUE  DEFAULT  CHANGED\n"
        "a    1      1        no\n");
  Printer empty(*find_command("config reload"), false, false);
  CHECK(empty.finish(true, kNow) == "CHANGE\n");
  Printer broken(*find_command("config reload"), false, false);
  CHECK(broken.finish(false, kNow).empty());
}

TEST_CASE("a live row is printed at once") {
  Printer printer(*find_command("subscribe"), false, true);
  const std::string line = R"({"at":0,"topic":"t","qos":0,"retain":false,"payload":"p"})";
  CHECK(printer.take(line, kNow) ==
        "TIME                  QOS  RETAIN  TOPIC  PAYLOAD\n"
        "1970-01-01 00:00:00Z  0    no      t      p\n");
  CHECK(printer.take(R"({"left_out":1234})", kNow) ==
        "(1,234 left out: they came faster than they were taken)\n");
  CHECK(printer.finish(true, kNow).empty());
}

TEST_CASE("JSON is printed as it came, without titles") {
  Printer printer(*find_command("clients list"), true, false);
  CHECK(printer.take(R"({"client":"a"})", kNow) == "{\"client\":\"a\"}\n");
  CHECK(printer.finish(true, kNow).empty());
}

TEST_CASE("a record is printed as lines") {
  Printer printer(*find_command("log level"), false, false);
  CHECK(printer.take(R"({"level":"info"})", kNow) == "level: info\n");
  CHECK(printer.finish(true, kNow).empty());
}

TEST_CASE("an error at the end of a stream is kept, and not printed as a row") {
  Printer printer(*find_command("subscribe"), true, true);
  CHECK(printer.take(R"({"error":"the server stops"})", kNow).empty());
  CHECK(printer.error() == "the server stops");
  Printer confused(*find_command("status"), false, false);
  CHECK(confused.take("no JSON", kNow).empty());
  CHECK_FALSE(confused.error().empty());
}

TEST_CASE("sentences stand behind the rows of their answer, in lines of their own") {
  Printer printer(*find_command("config reload"), false, false);
  CHECK(printer.take(R"({"change":"a"})", kNow).empty());
  CHECK(printer.take(R"({"sentence":"It is."})", kNow) == "CHANGE\na\n\nIt is.\n");
  CHECK(printer.take(R"({"sentence":"So."})", kNow) == "So.\n");
  CHECK(printer.finish(true, kNow).empty());
}
