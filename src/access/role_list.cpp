#include "access/role_list.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

Result<std::vector<std::string>> parse_role_list(const nlohmann::json& value) {
  const auto wrong = [] {
    return failure("is no list of role names, at most " + std::to_string(kRolesMax) + " of " +
                   std::to_string(kRoleNameSizeMax) + " bytes");
  };
  std::vector<std::string> roles;
  const auto take = [&roles](const nlohmann::json& name) {
    if (!name.is_string()) return false;
    const auto& text = name.get_ref<const std::string&>();
    if (text.empty() || text.size() > kRoleNameSizeMax || !is_mqtt_utf8(text)) return false;
    if (std::find(roles.begin(), roles.end(), text) == roles.end()) roles.push_back(text);
    return roles.size() <= kRolesMax;
  };
  if (value.is_string()) {
    if (!take(value)) return wrong();
    return roles;
  }
  if (!value.is_array() || !std::all_of(value.begin(), value.end(), take)) return wrong();
  return roles;
}

}  // namespace tandemq
