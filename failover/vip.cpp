#include "failover/vip.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0644;
constexpr std::string_view kYes = "1\n";
constexpr std::string_view kNo = "0\n";
// Added to the priority of 200 that both nodes have in keepalived; at 254 its scale ends.
constexpr std::string_view kClaim = "50\n";
constexpr const char* kRoleKey = "vip.role_file";
constexpr const char* kClaimKey = "vip.claim_file";

std::string named(const char* key, const std::string& path) {
  return std::string(key) + " = '" + path + "': ";
}

Result<void> write_new(const std::string& path, std::string_view text) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  const int file = ::open(path.c_str(), flags, kFileMode);
  if (file < 0) return failure(std::strerror(errno));
  const ssize_t count = ::write(file, text.data(), text.size());
  const std::string error = count < 0 ? std::strerror(errno) : "the disk is full";
  ::close(file);
  if (count != static_cast<ssize_t>(text.size())) return failure(error);
  return {};
}

Result<void> replace(const char* key, const std::string& path, std::string_view text) {
  if (path.empty()) return {};
  const std::string next = path + ".new";
  Result<void> result = write_new(next, text);
  if (result && ::rename(next.c_str(), path.c_str()) != 0) result = failure(std::strerror(errno));
  if (result) return {};
  return failure(named(key, path) + "it cannot be written: " + result.error().text +
                 "; let the user of tandemqd write to " + fs::path(path).parent_path().string() +
                 ", or name a file elsewhere in tandemq.conf and keepalived.conf");
}

Result<void> check_file(const char* key, const std::string& path) {
  if (path.empty()) return {};
  if (!path.starts_with('/'))
    return failure(named(key, path) + "expected a whole path, the same as in keepalived.conf");
  const std::string folder = fs::path(path).parent_path().string();
  std::error_code ignored;  // What cannot be looked at is no folder to us.
  if (fs::is_directory(folder, ignored)) return {};
  return failure(named(key, path) + "there is no folder " + folder +
                 "; make it and give it to the user of tandemqd (systemd does for /run/tandemq), "
                 "then restart keepalived, which looks for it when it starts");
}

// The bytes of an address as the kernel has them; empty: it is none, or its prefix is too long.
std::string bytes_of(const std::string& address, std::string_view prefix) {
  std::array<char, sizeof(in6_addr)> bytes{};
  std::size_t size = 0;
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) size = sizeof(in_addr);
  if (size == 0 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) size = bytes.size();
  unsigned bits = 0;
  const char* const end = prefix.data() + prefix.size();
  const auto [stop, error] = std::from_chars(prefix.data(), end, bits);
  if (error != std::errc() || stop != end || bits > size * 8) return {};
  return {bytes.data(), size};
}

std::string_view bytes_of(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof(v4->sin_addr)};
  }
  if (address->sa_family != AF_INET6) return {};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return {reinterpret_cast<const char*>(&v6->sin6_addr), sizeof(v6->sin6_addr)};
}

}  // namespace

Result<Vip> Vip::open(const VipConfig& config) {
  if (auto found = check_file(kRoleKey, config.role_file); !found)
    return tl::unexpected(found.error());
  if (auto found = check_file(kClaimKey, config.claim_file); !found)
    return tl::unexpected(found.error());
  if (!config.claim_file.empty() && config.claim_file == config.role_file)
    return failure(named(kClaimKey, config.claim_file) + "vip.role_file is the same file");
  Vip vip;
  vip.role_file_ = config.role_file;
  vip.claim_file_ = config.claim_file;
  const std::size_t slash = std::min(config.address.find('/'), config.address.size());
  vip.address_ = config.address.substr(0, slash);
  const bool has_prefix = slash < config.address.size();
  vip.address_bytes_ = bytes_of(vip.address_, has_prefix ? config.address.substr(slash + 1) : "0");
  if (!config.address.empty() && vip.address_bytes_.empty())
    return failure("vip.address = '" + config.address +
                   "': expected an IPv4 or IPv6 address, with or without a /prefix");
  if (auto said = vip.set_role(false); !said) return tl::unexpected(said.error());
  if (auto said = vip.set_claim(false); !said) return tl::unexpected(said.error());
  return vip;
}

Result<void> Vip::set_role(bool may_hold) {
  return replace(kRoleKey, role_file_, may_hold ? kYes : kNo);
}

Result<void> Vip::set_claim(bool claims) {
  return replace(kClaimKey, claim_file_, claims ? kClaim : kNo);
}

Result<bool> Vip::address_is_here() const {
  if (address_bytes_.empty()) return false;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return failure("whether vip.address = " + address_ +
                   " is here cannot be seen: " + std::strerror(errno) +
                   "; if tandemqd runs under systemd, its unit must allow AF_NETLINK");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next)
    if (bytes_of(one->ifa_addr) == address_bytes_) return true;
  return false;
}

}  // namespace tandemq
