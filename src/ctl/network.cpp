#include "ctl/network.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tandemq {
namespace {

constexpr unsigned kByteBits = 8;

// 4 or 16 bytes as the kernel has them; empty: it is no address.
std::string bytes_of(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
    return {bytes.data(), sizeof(in_addr)};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1)
    return {bytes.data(), bytes.size()};
  return {};
}

// Null: the family is none of ours.
const void* raw_address(const sockaddr* address) {
  if (address == nullptr) return nullptr;
  if (address->sa_family == AF_INET)
    return &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6)
    return &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return nullptr;
}

unsigned bits_of(const sockaddr* mask) {
  const void* raw = raw_address(mask);
  if (raw == nullptr) return 0;
  const std::size_t size = mask->sa_family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  const auto* bytes = static_cast<const unsigned char*>(raw);
  unsigned bits = 0;
  for (std::size_t i = 0; i < size; ++i) bits += static_cast<unsigned>(std::popcount(bytes[i]));
  return bits;
}

std::optional<NetworkAddress> address_of(const ifaddrs& one) {
  const void* raw = raw_address(one.ifa_addr);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (raw == nullptr ||
      ::inet_ntop(one.ifa_addr->sa_family, raw, text.data(), text.size()) == nullptr)
    return std::nullopt;
  return NetworkAddress{one.ifa_name, text.data(), bits_of(one.ifa_netmask)};
}

}  // namespace

Result<std::vector<NetworkAddress>> network_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return failure(std::string("the addresses of this machine cannot be listed: ") +
                   std::strerror(errno));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::vector<NetworkAddress> all;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next)
    if (auto address = address_of(*one)) all.push_back(std::move(*address));
  return all;
}

std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

bool same_network(const std::string& one, const std::string& other, unsigned prefix) {
  const std::string first = bytes_of(one);
  const std::string second = bytes_of(other);
  if (first.empty() || first.size() != second.size()) return false;
  for (std::size_t i = 0; i < first.size() && prefix > 0; ++i) {
    const unsigned bits = std::min(prefix, kByteBits);
    const unsigned mask = 0xFFU << (kByteBits - bits) & 0xFFU;
    if (((static_cast<unsigned char>(first[i]) ^ static_cast<unsigned char>(second[i])) & mask) !=
        0)
      return false;
    prefix -= bits;
  }
  return true;
}

bool same_address(const std::string& one, const std::string& other) {
  const std::string bytes = bytes_of(one);
  return !bytes.empty() && bytes == bytes_of(other);
}

}  // namespace tandemq
