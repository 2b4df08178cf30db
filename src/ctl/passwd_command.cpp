#include "ctl/passwd_command.hpp"

#include "access/password_edit.hpp"
#include "access/password_file.hpp"
#include "ctl/printer.hpp"
#include "ctl/status.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kNewSaltSize = 16;
constexpr std::uint32_t kNewScramIterations = 15'000;  // RFC 7677 wants 4,096 at least.
constexpr mode_t kNewFileMode = 0600;

Error failed_to(const char* what, const std::string& path) {
  return {"'" + path + "' cannot be " + what + ": " + std::strerror(errno) + "."};
}

// The terminal shows nothing of what is typed meanwhile.
class Unseen {
 public:
  Unseen() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string ask(const char* prompt) {
  std::cerr << prompt << std::flush;
  std::string line;
  std::getline(std::cin, line);
  std::cerr << "\n";
  return line;
}

Result<std::string> read_password() {
  std::string password;
  if (::isatty(STDIN_FILENO) == 1) {
    const Unseen unseen;
    password = ask("Password: ");
    if (ask("Again: ") != password) return failure("The two passwords differ; nothing is changed.");
  } else {
    std::getline(std::cin, password);
  }
  if (password.empty()) return failure("The password is empty; nothing is changed.");
  return password;
}

// A file that is not there is an empty one if one may be made.
Result<std::string> read_file(const std::string& path, bool may_be_missing) {
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT && may_be_missing) return std::string();
  if (!file) return tl::unexpected(failed_to("read", path));
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

Result<void> write_all(int file, const std::string& text, const std::string& path) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t size = ::write(file, text.data() + done, text.size() - done);
    if (size < 0 && errno != EINTR) return tl::unexpected(failed_to("written", path));
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  if (::fsync(file) != 0) return tl::unexpected(failed_to("written", path));
  return {};
}

// Beside it first, with its owner and mode, then in its place.
Result<void> replace_file(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  const int file =
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kNewFileMode);
  if (file < 0) return tl::unexpected(failed_to("written", beside));
  struct stat before {};
  const bool existed = ::stat(path.c_str(), &before) == 0;
  const bool kept = !existed || (::fchown(file, before.st_uid, before.st_gid) == 0 &&
                                 ::fchmod(file, before.st_mode & 07777U) == 0);
  Result<void> done = kept ? write_all(file, text, beside)
                           : tl::unexpected(failed_to("given the owner of the old one", beside));
  ::close(file);
  if (done && ::rename(beside.c_str(), path.c_str()) != 0)
    done = tl::unexpected(failed_to("replaced", path));
  if (!done) ::unlink(beside.c_str());
  return done;
}

Result<std::string> new_line(const std::string& user, const std::string& password, bool scram) {
  std::string salt(kNewSaltSize, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), kNewSaltSize) != 1)
    return failure("OpenSSL has no random bytes.");
  return scram ? make_entry(user, password, salt, kNewScramIterations)
               : make_argon2id_entry(user, password, salt);
}

Result<Json> set_user(const std::string& path, const std::string& user, bool scram) {
  const auto text = read_file(path, true);
  if (!text) return tl::unexpected(text.error());
  const auto password = read_password();
  if (!password) return tl::unexpected(password.error());
  const auto line = new_line(user, *password, scram);
  if (!line) return tl::unexpected(line.error());
  const auto edit = with_user(*text, user, *line);
  if (!edit) return tl::unexpected(edit.error());
  if (auto written = replace_file(path, edit->file); !written)
    return tl::unexpected(written.error());
  return Json{{"user", user},
              {"kind", scram ? "scram-sha-256" : "argon2id"},
              {"done", edit->replaced ? "replaced" : "added"}};
}

Result<Json> delete_user(const std::string& path, const std::string& user) {
  const auto text = read_file(path, false);
  if (!text) return tl::unexpected(text.error());
  const auto edited = without_user(*text, user);
  if (!edited) return tl::unexpected(edited.error());
  if (!*edited) return failure("'" + user + "' is not in '" + path + "'.");
  if (auto written = replace_file(path, **edited); !written) return tl::unexpected(written.error());
  return Json{{"user", user}, {"done", "deleted"}};
}

Result<std::vector<Json>> rows_of(const Request& request) {
  const std::string path = text_of(request.arguments, "password_file");
  const std::string user = text_of(request.arguments, "user");
  if (request.command->name == "passwd list") {
    const auto text = read_file(path, false);
    if (!text) return tl::unexpected(text.error());
    const auto users = password_users(*text);
    if (!users) return tl::unexpected(users.error());
    std::vector<Json> rows;
    for (const PasswordUser& one : *users) rows.push_back({{"user", one.name}, {"kind", one.kind}});
    return rows;
  }
  const bool sets = request.command->name == "passwd set";
  const bool scram = text_of(request.arguments, "kind") == "scram";
  auto row = sets ? set_user(path, user, scram) : delete_user(path, user);
  if (!row) return tl::unexpected(row.error());
  return std::vector<Json>{*std::move(row)};
}

}  // namespace

int run_passwd(const Request& request, Instant now) {
  const auto rows = rows_of(request);
  if (!rows) return complain(kRefused, rows.error().text);
  Printer printer(*request.command, request.json, false);
  for (const Json& row : *rows) std::cout << printer.take(json_text(row), now);
  std::cout << printer.finish(true, now) << std::flush;
  if (request.command->name != "passwd list" && !request.json)
    std::cerr << "A broker takes it with 'tandemqctl config reload'.\n";
  return kDone;
}

}  // namespace tandemq
