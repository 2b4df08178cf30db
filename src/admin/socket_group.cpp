#include "admin/socket_group.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <grp.h>
#include <unistd.h>

namespace tandemq {

Result<void> give_to_group(const std::string& socket_path, const std::string& group,
                           bool is_default) {
  constexpr std::size_t kGroupBytes = 65'536;
  if (group.empty()) return {};
  std::array<char, kGroupBytes> buffer{};
  ::group entry{};
  ::group* found = nullptr;
  ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr && is_default) return {};
  if (found == nullptr)
    return failure("admin.group = '" + group + "': there is no such group; " + socket_path +
                   " stays with the group of the process");
  if (::chown(socket_path.c_str(), static_cast<uid_t>(-1), found->gr_gid) == 0) return {};
  return failure("admin.group = '" + group + "': " + socket_path + " cannot be given to it: " +
                 std::strerror(errno) + "; the user of the broker has to be in this group");
}

}  // namespace tandemq
