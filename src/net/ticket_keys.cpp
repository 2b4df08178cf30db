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

std::shared_ptr<const TicketKeys> TicketKeys::random() {
  std::array<unsigned char, 32> secret{};
  ENSURE(RAND_bytes(secret.data(), secret.size()) == 1, "OpenSSL has random bytes");
  return std::make_shared<const TicketKeys>(
      std::string_view(reinterpret_cast<const char*>(secret.data()), secret.size()));
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

std::shared_ptr<const TicketKeys::Accepted> TicketKeys::accepted_at(std::int64_t now_s) const {
  const std::int64_t period = now_s / kPeriodS;
  const std::lock_guard lock(mutex_);
  if (!accepted_ || accepted_->period != period) {
    Accepted accepted{period, {key_of(period), key_of(period - 1), key_of(period + 1)}};
    accepted.keys[1].current = accepted.keys[2].current = false;
    accepted_ = std::make_shared<const Accepted>(accepted);
  }
  return accepted_;
}

TicketKey TicketKeys::current(std::int64_t now_s) const {
  return accepted_at(now_s)->keys.front();
}

std::optional<TicketKey> TicketKeys::find(std::span<const std::uint8_t, 16> name,
                                          std::int64_t now_s) const {
  const auto accepted = accepted_at(now_s);
  for (const TicketKey& key : accepted->keys)
    if (std::equal(name.begin(), name.end(), key.name.begin())) return key;
  return std::nullopt;
}

}  // namespace tandemq
