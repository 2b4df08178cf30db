#include "admin/admin_call.hpp"

#include <array>

namespace tandemq {

Json arguments_for_audit(const Json& arguments) {
  constexpr std::array kContents = {"payload", "payload_base64", "lines"};
  Json safe = arguments;
  for (const char* name : kContents) {
    const auto found = safe.find(name);
    if (found == safe.end()) continue;
    const std::size_t size =
        found->is_string() ? found->get_ref<const std::string&>().size() : found->size();
    safe.erase(name);
    safe[std::string(name) + "_size"] = size;
  }
  return safe;
}

}  // namespace tandemq
