#include "config/ip_network.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace tandemq {
namespace {

constexpr unsigned kByteBits = 8;

std::uint8_t bits_of(const IpAddress& address) {
  return address.is_v6 ? 128 : 32;
}

// What is left of it within the network.
IpAddress beginning_of(IpAddress address, unsigned prefix_bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = std::clamp(prefix_bits, i * kByteBits, (i + 1) * kByteBits);
    const unsigned mask = 0xFF00U >> (kept - i * kByteBits);
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & mask);
  }
  return address;
}

}  // namespace

bool IpNetwork::contains(const IpAddress& one) const {
  return one.is_v6 == address.is_v6 && beginning_of(one, prefix_bits) == address;
}

std::optional<IpAddress> parse_ip_address(const std::string& text) {
  IpAddress address;
  if (text.find('\0') != std::string::npos) return std::nullopt;  // It would hide the rest.
  if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.is_v6 = true;
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool is_loopback(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  constexpr std::uint8_t kNet = 127;
  if (!address.is_v6) return address.bytes[0] == kNet;
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin()))
    return address.bytes[kMapped.size()] == kNet;
  IpAddress one{true, {}};
  one.bytes.back() = 1;
  return address == one;
}

Result<IpNetwork> parse_ip_network(const std::string& text) {
  const auto refused = [&](const std::string& why) {
    return failure("'" + text + "' is no address and no network, such as 192.0.2.10 or " +
                   "10.0.0.0/8: " + why);
  };
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return refused("expected an IPv4 or IPv6 address");
  IpNetwork network{*address, bits_of(*address)};
  if (slash < text.size()) {
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data() + slash + 1, end, network.prefix_bits);
    if (error != std::errc() || read != end || network.prefix_bits > bits_of(*address))
      return refused("behind the / stands a number up to " + std::to_string(bits_of(*address)));
  }
  if (!network.contains(*address))
    return refused("it has bits behind the first " + std::to_string(network.prefix_bits));
  return network;
}

}  // namespace tandemq
