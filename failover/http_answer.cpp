#include "failover/http_answer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Head {
  int status = 0;
  std::optional<std::size_t> body_size;
  bool chunked = false;
  bool stays_open = true;
};

using Parsed = Result<std::optional<HttpAnswer>>;

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<std::size_t> number_of(std::string_view digits, int base) {
  std::size_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

// "HTTP/1.1 200 OK"; the words at the end may be missing.
std::optional<int> status_of(std::string_view line) {
  constexpr std::string_view kBegin = "HTTP/1.";
  constexpr std::size_t kDigits = 3;
  const std::size_t at = kBegin.size() + 2;
  if (!line.starts_with(kBegin) || line.size() < at + kDigits || line[at - 1] != ' ')
    return std::nullopt;
  if (line.size() > at + kDigits && line[at + kDigits] != ' ') return std::nullopt;
  const auto status = number_of(line.substr(at, kDigits), 10);
  if (!status) return std::nullopt;
  return static_cast<int>(*status);
}

Result<void> take_field(std::string_view line, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return failure("a header that is none");
  const std::string name = lower(line.substr(0, colon));
  const std::string value = lower(trimmed(line.substr(colon + 1)));
  if (name == "content-length") {
    const auto size = number_of(value, 10);
    if (!size || (head.body_size && head.body_size != size))
      return failure("a Content-Length that is none");
    head.body_size = size;
  } else if (name == "transfer-encoding") {
    if (value != "chunked") return failure("a Transfer-Encoding that we did not ask for");
    head.chunked = true;
  } else if (name == "connection" && value == "close") {
    head.stays_open = false;
  }
  return {};
}

Result<Head> parse_head(std::string_view text) {
  Head head;
  std::size_t end = text.find(kLineEnd);
  const std::string_view first = text.substr(0, end);
  const auto status = status_of(first);
  if (!status) return failure("no answer in HTTP/1.1");
  head.status = *status;
  head.stays_open = first.starts_with("HTTP/1.1");
  while (end != std::string_view::npos) {
    text.remove_prefix(end + kLineEnd.size());
    end = text.find(kLineEnd);
    if (auto taken = take_field(text.substr(0, end), head); !taken)
      return tl::unexpected(taken.error());
  }
  // Two sizes are what smugglers send.
  if (head.chunked && head.body_size) return failure("both a Content-Length and chunks");
  return head;
}

Parsed more_unless(bool ended) {
  if (ended) return failure("an answer that ends before it is complete");
  return std::nullopt;
}

HttpAnswer answer_of(const Head& head, std::string body, bool surplus) {
  return {head.status, std::move(body), head.stays_open && !surplus};
}

Parsed parse_chunks(const Head& head, std::string_view rest, bool ended) {
  std::string body;
  while (true) {
    const std::size_t line_end = rest.find(kLineEnd);
    if (line_end == std::string_view::npos) return more_unless(ended);
    const std::string_view line = rest.substr(0, line_end);
    const auto size = number_of(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size || *size > kHttpAnswerMax) return failure("a chunk whose size is none");
    if (*size == 0) break;
    rest.remove_prefix(line_end + kLineEnd.size());
    if (rest.size() < *size + kLineEnd.size()) return more_unless(ended);
    if (rest.substr(*size, kLineEnd.size()) != kLineEnd)
      return failure("a chunk that does not end where it says");
    body += rest.substr(0, *size);
    rest.remove_prefix(*size + kLineEnd.size());
  }
  // The line of the last chunk, fields that are of no interest, and an empty line.
  const std::size_t end = rest.find(kHeadEnd);
  if (end == std::string_view::npos) return more_unless(ended);
  return answer_of(head, std::move(body), rest.size() > end + kHeadEnd.size());
}

}  // namespace

Result<std::optional<HttpAnswer>> parse_http_answer(std::string_view bytes, bool ended) {
  const std::size_t head_end = bytes.find(kHeadEnd);
  if (head_end == std::string_view::npos) return more_unless(ended);
  const Result<Head> head = parse_head(bytes.substr(0, head_end));
  if (!head) return tl::unexpected(head.error());
  const std::string_view rest = bytes.substr(head_end + kHeadEnd.size());
  if (head->chunked) return parse_chunks(*head, rest, ended);
  if (!head->body_size) {
    if (!ended) return std::nullopt;
    return answer_of(*head, std::string(rest), true);
  }
  if (*head->body_size > kHttpAnswerMax) return failure("an answer that is too long");
  if (rest.size() < *head->body_size) return more_unless(ended);
  return answer_of(*head, std::string(rest.substr(0, *head->body_size)),
                   rest.size() > *head->body_size);
}

}  // namespace tandemq
