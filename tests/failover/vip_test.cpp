#include "failover/vip.hpp"

#include "tests/store/samples.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::TempFolder;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

ino_t inode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_ino;
}

VipConfig files_in(const TempFolder& folder) {
  return {folder.path() + "/role", folder.path() + "/claim", ""};
}

std::string error_of(const VipConfig& config) {
  const auto vip = Vip::open(config);
  return vip ? "" : vip.error().text;
}

bool is_here(const std::string& address) {
  return Vip::open({"", "", address}).value().address_is_here().value();
}

}  // namespace

TEST_CASE("who opens a Vip takes back what the files said before") {
  const TempFolder folder;
  const VipConfig config = files_in(folder);
  std::ofstream(config.role_file) << "1\n";
  std::ofstream(config.claim_file) << "50\n";
  REQUIRE(Vip::open(config).has_value());
  CHECK(content_of(config.role_file) == "0\n");
  CHECK(content_of(config.claim_file) == "0\n");
}

TEST_CASE("role and claim are said in their files, each in its own") {
  const TempFolder folder;
  const VipConfig config = files_in(folder);
  Vip vip = Vip::open(config).value();
  REQUIRE(vip.set_role(true).has_value());
  CHECK(content_of(config.role_file) == "1\n");
  CHECK(content_of(config.claim_file) == "0\n");
  REQUIRE(vip.set_claim(true).has_value());
  CHECK(content_of(config.claim_file) == "50\n");
  REQUIRE(vip.set_claim(false).has_value());
  REQUIRE(vip.set_role(false).has_value());
  CHECK(content_of(config.role_file) == "0\n");
  CHECK(content_of(config.claim_file) == "0\n");
}

TEST_CASE("a role file is replaced, never written in its place, and leaves nothing beside it") {
  const TempFolder folder;
  const VipConfig config = files_in(folder);
  Vip vip = Vip::open(config).value();
  const std::string kept = folder.path() + "/kept";
  fs::create_hard_link(config.role_file, kept);
  REQUIRE(vip.set_role(true).has_value());
  CHECK(content_of(kept) == "0\n");  // What a reader has open does not change under it.
  CHECK(inode_of(kept) != inode_of(config.role_file));
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}) == 3);
}

TEST_CASE("a role file that somebody removed comes back with the next word") {
  const TempFolder folder;
  const VipConfig config = files_in(folder);
  Vip vip = Vip::open(config).value();
  REQUIRE(vip.set_role(true).has_value());
  fs::remove(config.role_file);
  REQUIRE(vip.set_role(true).has_value());
  CHECK(content_of(config.role_file) == "1\n");
}

TEST_CASE("a role file is not written through a link that waits at its temporary name") {
  const TempFolder folder;
  const VipConfig config = files_in(folder);
  const std::string victim = folder.path() + "/victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, config.role_file + ".new");
  CHECK_FALSE(Vip::open(config).has_value());
  CHECK(content_of(victim) == "precious");
}

TEST_CASE("a Vip without files says nothing and is content") {
  Vip vip = Vip::open({}).value();
  CHECK(vip.set_role(true).has_value());
  CHECK(vip.set_claim(true).has_value());
  CHECK_FALSE(vip.address_is_here().value());
}

TEST_CASE("a wrong vip setting is named in one line that says what to do") {
  const TempFolder folder;
  const auto says = [](const VipConfig& config, const std::string& words) {
    const std::string error = error_of(config);
    CHECK_MESSAGE(error.find(words) != std::string::npos, error);
    CHECK(error.find('\n') == std::string::npos);
  };
  const std::string missing = folder.path() + "/missing";
  says({missing + "/role", "", ""},
       "vip.role_file = '" + missing + "/role': there is no folder " + missing + "; make it");
  says({"", missing + "/claim", ""}, "vip.claim_file = '" + missing);
  says({"role", "", ""}, "vip.role_file = 'role': expected a whole path");
  says({folder.path() + "/role", folder.path() + "/role", ""}, "vip.role_file is the same file");
  const std::string taken = folder.path() + "/taken";
  fs::create_directory(taken);  // Where a file shall be: root could write to any folder.
  says({taken, "", ""}, "it cannot be written: ");
  says({taken, "", ""}, "let the user of tandemqd write to " + folder.path());
  for (const char* address : {"broker", "192.0.2", "192.0.2.10/33", "192.0.2.10/", "192.0.2.10/a",
                              "2001:db8::10/129", "/24", "192.0.2.10 /24"})
    says({"", "", address}, std::string("vip.address = '") + address + "': expected an IPv4 or");
}

TEST_CASE("an address of this machine is here, with or without a prefix, and another is not") {
  CHECK(is_here("127.0.0.1"));
  CHECK(is_here("127.0.0.1/8"));
  CHECK(is_here("127.0.0.1/32"));
  CHECK_FALSE(is_here("192.0.2.10"));  // Of the documentation; nobody has it.
  CHECK_FALSE(is_here("2001:db8::10/64"));
  CHECK_FALSE(is_here("::ffff:127.0.0.1"));
}

TEST_CASE("an address is given to the command without its prefix") {
  CHECK(Vip::open({"", "", "192.0.2.10/24"}).value().address() == "192.0.2.10");
  CHECK(Vip::open({"", "", "2001:db8::10"}).value().address() == "2001:db8::10");
}

}  // namespace tandemq
