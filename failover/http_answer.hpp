// HttpAnswer: what an HTTP/1.1 server answers to a POST, from the bytes that have come so far. Of
// RFC 9112 it knows what such answers use: a body by Content-Length, in chunks, or up to the end of
// the connection. The bytes are not trusted, and whoever reads bounds them by kHttpAnswerMax.
// Pure values; any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

inline constexpr std::size_t kHttpAnswerMax = 65'536;  // Bytes, all in all.

struct HttpAnswer {
  int status = 0;
  std::string body;
  bool stays_open = false;  // The connection is good for the next request.
};

// Nothing: more is to come. `ended`: the server has closed, there is no more.
Result<std::optional<HttpAnswer>> parse_http_answer(std::string_view bytes, bool ended);

}  // namespace tandemq
