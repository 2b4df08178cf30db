#include "access/password_edit.hpp"

#include "access/lines.hpp"
#include "access/password_file.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// Of a line that PasswordFile takes; empty for one that says nothing.
std::string_view user_of_line(std::string_view line) {
  const std::string_view text = trimmed(line);
  if (text.empty() || text.front() == '#') return {};
  return text.substr(0, text.find(':'));
}

// The first line, cut off.
std::string_view take_line(std::string_view& rest) {
  const std::size_t size = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return line;
}

struct Replaced {
  std::string file;
  bool found = false;
};

// `line` takes the place of the user's; empty: nothing does.
Replaced replace(std::string_view file, std::string_view user, std::string_view line) {
  Replaced out;
  for (std::string_view rest = file; !rest.empty();) {
    std::string_view each = take_line(rest);
    if (user_of_line(each) == user) {
      out.found = true;
      each = line;
      if (line.empty()) continue;
    }
    out.file.append(each).append("\n");
  }
  return out;
}

Result<void> check_file(std::string_view file) {
  const auto parsed = PasswordFile::parse(file);
  return parsed ? Result<void>() : tl::unexpected(parsed.error());
}

}  // namespace

Result<std::vector<PasswordUser>> password_users(std::string_view file) {
  if (auto good = check_file(file); !good) return tl::unexpected(good.error());
  std::vector<PasswordUser> users;
  for (std::string_view rest = file; !rest.empty();) {
    const std::string_view line = trimmed(take_line(rest));
    const std::string_view user = user_of_line(line);
    if (user.empty()) continue;
    const std::string_view hash = line.substr(user.size() + 2);  // Behind ":$".
    users.push_back({std::string(user), std::string(hash.substr(0, hash.find('$')))});
  }
  return users;
}

Result<PasswordEdit> with_user(std::string_view file, std::string_view user,
                               std::string_view line) {
  if (auto good = check_file(file); !good) return tl::unexpected(good.error());
  Replaced replaced = replace(file, user, line);
  if (!replaced.found) replaced.file.append(line).append("\n");
  return PasswordEdit{std::move(replaced.file), replaced.found};
}

Result<std::optional<std::string>> without_user(std::string_view file, std::string_view user) {
  if (auto good = check_file(file); !good) return tl::unexpected(good.error());
  Replaced replaced = replace(file, user, {});
  if (!replaced.found) return std::optional<std::string>();
  return std::optional(std::move(replaced.file));
}

}  // namespace tandemq
