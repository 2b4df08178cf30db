#include "net/ticket_keys.hpp"

#include "access/digest.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <iterator>

#include <openssl/rand.h>

namespace tandemq {
namespace {

constexpr std::string_view kTicketSalt = "tandemq TLS session tickets";
constexpr int kPeriodBytes = 8;

}  // namespace

TicketKeys::TicketKeys(std::string_view secret) : extracted_(hmac_sha256(kTicketSalt, secret)) {}

TicketKeys TicketKeys::random() {
  std::array<unsigned char, 32> secret{};
  ENSURE(RAND_bytes(secret.data(), secret.size()) == 1, "OpenSSL has random bytes");
  return TicketKeys({reinterpret_cast<const char*>(secret.data()), secret.size()});
}

TicketKey TicketKeys::key_of(std::int64_t period) const {
  std::string info;
  for (int i = kPeriodBytes - 1; i >= 0; --i)
    info.push_back(static_cast<char>(static_cast<std::uint64_t>(period) >> (8U * unsigned(i))));
  TicketKey key;
  std::string bytes;
  std::string block;
  for (char count = 1; bytes.size() < key.name.size() + key.cipher.size() + key.mac.size();
       ++count) {
    block = hmac_sha256(extracted_, block + info + count);
    bytes += block;
  }
  auto from = bytes.begin();
  const auto fill = [&from](auto& part) {
    std::copy_n(from, part.size(), part.begin());
    std::advance(from, part.size());
  };
  fill(key.name);
  fill(key.cipher);
  fill(key.mac);
  return key;
}

TicketKey TicketKeys::current(std::int64_t now_s) const {
  return key_of(now_s / kPeriodS);
}

std::optional<TicketKey> TicketKeys::find(std::span<const std::uint8_t, 16> name,
                                          std::int64_t now_s) const {
  const std::int64_t now = now_s / kPeriodS;
  for (const std::int64_t period : {now, now - 1, now + 1}) {
    TicketKey key = key_of(period);
    if (!std::equal(name.begin(), name.end(), key.name.begin())) continue;
    key.current = period == now;
    return key;
  }
  return std::nullopt;
}

}  // namespace tandemq
