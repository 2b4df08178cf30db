// A PROXY header is parsed from all that has come, again and again: what is found does not depend
// on what follows it, on how it was cut, and it is bounded.
#include "base/ensure.hpp"
#include "net/proxy_header.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const auto header = parse_proxy_header(bytes);
  if (!header) {
    ENSURE(!header.error().text.empty(), "a refusal says why");
    return 0;
  }
  if (!*header) {
    ENSURE(size < kProxyHeaderSizeMax, "a header is bounded");
    return 0;
  }
  const ProxyHeader& whole = **header;
  ENSURE(whole.size > 0 && whole.size <= size && whole.size <= kProxyHeaderSizeMax,
         "a header ends within what has come");
  ENSURE((whole.from == ProxyHeader::From::client) == !whole.address.empty(),
         "a client has an address");
  const auto alone = parse_proxy_header(bytes.substr(0, whole.size));
  ENSURE(alone && *alone && (*alone)->address == whole.address &&
             (*alone)->certificate_user == whole.certificate_user,
         "what follows a header does not change it");
  for (std::size_t part = 0; part < whole.size; ++part) {
    const auto cut = parse_proxy_header(bytes.substr(0, part));
    ENSURE(cut && !*cut, "a part of a good header is no header, and not refused");
  }
  return 0;
}
