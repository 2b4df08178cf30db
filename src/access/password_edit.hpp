// password_edit: the text of a password file with one user more, changed or fewer. All other lines
// stay as they are, comments too. Reads and writes no file.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct PasswordUser {
  std::string name;
  std::string kind;  // As it stands in the file: "argon2id", "scram-sha-256", "7", "6".
};

// In the order of the file, which has to be a good one.
Result<std::vector<PasswordUser>> password_users(std::string_view file);

struct PasswordEdit {
  std::string file;
  bool replaced = false;  // The user was there already.
};

// `line` is of make_argon2id_entry() or make_entry() for this user. The errors say what is wrong
// with the file as it is.
Result<PasswordEdit> with_user(std::string_view file, std::string_view user, std::string_view line);
// Nothing: the user is not there.
Result<std::optional<std::string>> without_user(std::string_view file, std::string_view user);

}  // namespace tandemq
