// Result: a value or the reason why there is none. What the world can do wrong (input, files,
// peers) travels as an Error; what only we can do wrong is ENSUREd (base/ensure.hpp).
// Owner: none, plain values. Never throws by itself.
#pragma once

#include <string>
#include <utility>
#include <tl/expected.hpp>

namespace tandemq {

struct Error {
  std::string text;  // A whole sentence for an operator: what, which value, what is allowed.
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(std::string text) {
  return tl::unexpected<Error>(Error{std::move(text)});
}

}  // namespace tandemq
