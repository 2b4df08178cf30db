#include "node/password_workers.hpp"

#include "access/password_file.hpp"

#include <future>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

bool granted(const std::string& password) {
  const std::string line = make_entry("anna", "right", "0123456789abcdef", 4'096).value();
  const PasswordFile file = PasswordFile::parse(line + "\n").value();
  std::promise<PasswordChecked> answer;
  PasswordWorkers workers([&](PasswordChecked checked) { answer.set_value(checked); });
  const ConnectionId connection = make_connection_id(3, 1, 4);
  workers.check(connection, std::make_unique<PasswordCheck>(*file.find("anna"), password));
  const PasswordChecked checked = answer.get_future().get();
  CHECK(checked.connection == connection);
  CHECK(checked.result.user == (checked.result.granted ? "anna" : ""));
  return checked.result.granted;
}

}  // namespace

TEST_CASE("the answer of a password worker says whether the password was right") {
  CHECK(granted("right"));
  CHECK_FALSE(granted("wrong"));
}

}  // namespace tandemq
