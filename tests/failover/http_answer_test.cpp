#include "failover/http_answer.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

constexpr const char* kOkHead = "HTTP/1.1 200 OK\r\n";

HttpAnswer whole(const std::string& bytes, bool ended = false) {
  const auto answer = parse_http_answer(bytes, ended);
  REQUIRE(answer.has_value());
  REQUIRE(answer->has_value());
  return **answer;
}

bool is_refused(const std::string& bytes, bool ended = false) {
  return !parse_http_answer(bytes, ended).has_value();
}

// Each true beginning asks for more, and is an error if the connection ends there.
void check_beginnings(const std::string& bytes) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const auto part = parse_http_answer(bytes.substr(0, size), false);
    REQUIRE(part.has_value());
    CHECK_FALSE(part->has_value());
    CHECK(is_refused(bytes.substr(0, size), true));
  }
}

}  // namespace

TEST_CASE("an answer with a Content-Length is complete with its last byte") {
  const std::string bytes =
      "HTTP/1.1 412 Precondition Failed\r\ncontent-LENGTH: \t3 \r\nX: y:z\r\n\r\nabc";
  const HttpAnswer answer = whole(bytes);
  CHECK(answer.status == 412);
  CHECK(answer.body == "abc");
  CHECK(answer.stays_open);
  check_beginnings(bytes);
}

TEST_CASE("an answer in chunks is put together, and what comes behind them is skipped") {
  const std::string bytes = std::string(kOkHead) +
                            "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789"
                            "\r\n0\r\nTrailer: x\r\n\r\n";
  CHECK(whole(bytes).body == "abc0123456789");
  CHECK(whole(bytes).stays_open);
  check_beginnings(bytes);
  CHECK(whole(std::string(kOkHead) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").body.empty());
}

TEST_CASE("an answer without a length goes on to the end of the connection") {
  const std::string bytes = std::string(kOkHead) + "\r\nabc";
  CHECK_FALSE(parse_http_answer(bytes, false).value().has_value());
  CHECK(whole(bytes, true).body == "abc");
  CHECK_FALSE(whole(bytes, true).stays_open);
}

TEST_CASE("a connection is not used again if the server will close it, or says more than asked") {
  const std::string length = "Content-Length: 1\r\n";
  CHECK_FALSE(whole(kOkHead + length + "Connection: Close\r\n\r\nx").stays_open);
  CHECK_FALSE(whole("HTTP/1.0 200 OK\r\n" + length + "\r\nx").stays_open);
  CHECK_FALSE(whole(kOkHead + length + "\r\nxy").stays_open);
  CHECK_FALSE(
      whole(std::string(kOkHead) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx").stays_open);
}

TEST_CASE("what is no answer in HTTP is refused") {
  for (const std::string head :
       {"", "hello", "HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1  200",
        "HTTP/1.1-200 OK", "HTTP/1.1 abc OK", "SSH-2.0-OpenSSH_9.2", "HTTP/1.1 200 OK\r\nno colon",
        "HTTP/1.1 200 OK\r\n: no name", "HTTP/1.1 200 OK\r\nContent-Length: -1",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999",
        "HTTP/1.1 200 OK\r\nContent-Length: 65537", "HTTP/1.1 200 OK\r\nContent-Length:",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1"}) {
    CAPTURE(head);
    CHECK(is_refused(head + "\r\n\r\n"));
  }
  CHECK(whole("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").status == 200);
}

TEST_CASE("a chunk of a size that is none, too large or wrong is refused") {
  const std::string head = std::string(kOkHead) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"\r\n", "x\r\n", "-1\r\n", "10001\r\n", "ffffffffffffffff\r\n", "1\r\nabc\r\n"})
    CHECK(is_refused(head + body));
}

TEST_CASE("a line of any length is no harm") {
  const std::string line(kHttpAnswerMax, 'a');
  CHECK(whole("HTTP/1.1 200 " + line + "\r\nContent-Length: 0\r\n\r\n").status == 200);
  CHECK(is_refused(line + "\r\n\r\n"));
}

}  // namespace tandemq
