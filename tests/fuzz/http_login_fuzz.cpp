// Input: what a server has answered about a login. Nobody gets in by anything but a sound answer
// that says allow, and what is let in has a user and a bounded list of roles.
#include "access/http_login.hpp"
#include "access/role_list.hpp"
#include "base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const RemoteLogin login{"ann", "secret", "c1", "192.0.2.7:50123", "mqtt://[::]:1883"};
  const CheckResult result = parse_http_login_answer(login, 200, body);
  ENSURE(!(result.granted && result.unavailable), "an answer is one of the two");
  if (result.granted) {
    ENSURE(!result.user.empty(), "who is let in is somebody");
    ENSURE(result.roles.size() <= kRolesMax, "roles are bounded");
    ENSURE(
        body.find("allow") != std::string_view::npos || body.find('\\') != std::string_view::npos,
        "nobody is let in without a word");
  } else {
    ENSURE(!result.reason.empty() && result.roles.empty(), "a refusal says why");
  }
  ENSURE(!parse_http_login_answer(login, 500, body).granted, "an error lets nobody in");
  return 0;
}
