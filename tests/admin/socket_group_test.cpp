#include "admin/socket_group.hpp"

#include <string>

#include <doctest/doctest.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tandemq;

namespace {

// A file will do: what is given to a group is an entry of a folder.
class GroupFile {
 public:
  GroupFile() { close(mkstemp(path_.data())); }
  ~GroupFile() { unlink(path_.c_str()); }
  GroupFile(const GroupFile&) = delete;
  GroupFile& operator=(const GroupFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] gid_t group() const {
    struct stat status {};
    REQUIRE(stat(path_.c_str(), &status) == 0);
    return status.st_gid;
  }

 private:
  std::string path_ = "/tmp/tandemq-group-XXXXXX";
};

}  // namespace

TEST_CASE("the socket is given to the group of the process, or of root to any") {
  const GroupFile file;
  const std::string own = getgrgid(getegid())->gr_name;
  CHECK(give_to_group(file.path(), own, false));
  CHECK(file.group() == getegid());
  const auto given = give_to_group(file.path(), "daemon", false);
  CHECK(given.has_value() == (geteuid() == 0));
  CHECK(file.group() == (given ? getgrnam("daemon")->gr_gid : getegid()));
}

TEST_CASE("without a group, or without the default one, the socket stays as it is") {
  const GroupFile file;
  const gid_t before = file.group();
  CHECK(give_to_group(file.path(), "", false));
  CHECK(give_to_group(file.path(), "no-such-group", true));
  CHECK(file.group() == before);
}

TEST_CASE("why the socket is not given to a group is told with the key") {
  const GroupFile file;
  const auto unknown = give_to_group(file.path(), "no-such-group", false);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().text == "admin.group = 'no-such-group': there is no such group; " +
                                    file.path() + " stays with the group of the process");
  const auto gone = give_to_group(file.path() + ".gone", "daemon", false);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().text.find("cannot be given to it: No such file or directory") !=
        std::string::npos);
}
