#include "doctor/keepalived_file.hpp"

#include "tests/tidy/source.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::doctor;

TEST_CASE("the example of etc is understood") {
  const KeepalivedFile file = read_keepalived_file(tidy::read_file("etc/keepalived.conf.a"));
  REQUIRE(file.track_files.size() == 2);
  CHECK(file.track_files[0].name == "tandemq_role");
  CHECK(file.track_files[0].file == "/run/tandemq/role");
  CHECK(file.track_files[0].weight == TrackWeight{0, true});
  CHECK(file.track_files[1].file == "/run/tandemq/claim");
  CHECK(file.track_files[1].weight == TrackWeight{1, false});
  REQUIRE(file.instances.size() == 1);
  CHECK(file.instances[0].name == "tandemq");
  REQUIRE(file.instances[0].tracked.size() == 2);
  CHECK(file.instances[0].tracked[0].name == "tandemq_role");
  CHECK_FALSE(file.instances[0].tracked[0].weight.has_value());
  CHECK(file.instances[0].addresses == std::vector<std::string>{"192.0.2.10/24"});
  CHECK_FALSE(file.instances[0].nopreempt);
  CHECK_FALSE(file.includes);
}

TEST_CASE("a block may begin on the next line, and a weight may stand where a file is tracked") {
  const KeepalivedFile file = read_keepalived_file(
      "vrrp_track_file t\n{\n  file '/a b'  # c\n  init_file 1\n}\n"
      "include /etc/more\n"
      "vrrp_instance v {\n nopreempt\n track_file\n {\n  t weight 0 reverse\n }\n"
      " virtual_ipaddress { 10.0.0.1/24 dev eth0 ! remark\n 10.0.0.2 }\n}\n");
  REQUIRE(file.track_files.size() == 1);
  CHECK(file.track_files[0].file == "/a b");
  CHECK(file.track_files[0].weight == TrackWeight{1, false});
  CHECK(file.track_files[0].init_file);
  CHECK(file.includes);
  REQUIRE(file.instances.size() == 1);
  CHECK(file.instances[0].nopreempt);
  REQUIRE(file.instances[0].tracked.size() == 1);
  CHECK(file.instances[0].tracked[0].weight == TrackWeight{0, true});
  CHECK(file.instances[0].addresses == std::vector<std::string>{"10.0.0.1/24", "10.0.0.2"});
}

TEST_CASE("what is commented out is not there, and what is broken is passed over") {
  CHECK(read_keepalived_file("# track_file a {\n# }\n").track_files.empty());
  CHECK(read_keepalived_file("").instances.empty());
  CHECK(read_keepalived_file("}}} {{{ \"").track_files.empty());
  CHECK(read_keepalived_file("track_file").track_files.size() == 1);
  CHECK(read_keepalived_file("vrrp_instance a { track_file { ").instances.size() == 1);
  CHECK(read_keepalived_file(std::string(10'000, '{')).instances.empty());
}
