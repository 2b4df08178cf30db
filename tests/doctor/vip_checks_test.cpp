#include "doctor/checks.hpp"
#include "tests/doctor/sound_facts.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::doctor;
using tests::found;
using tests::sound_facts;

namespace {

constexpr auto kError = Verdict::Level::error;
constexpr auto kWarning = Verdict::Level::warning;
constexpr auto kOk = Verdict::Level::ok;

Facts placed(bool leads, bool here, std::optional<bool> there) {
  Facts facts = sound_facts();
  facts.leads = leads;
  facts.vip_here = here;
  facts.peer_vip_here = there;
  return facts;
}

}  // namespace

TEST_CASE("the address is where the primary is, and anywhere else it is an error") {
  CHECK(found(placed(true, true, false), "vip", kOk, "is here, and this node leads"));
  CHECK(found(placed(false, false, true), "vip", kOk, "is not here, and this node follows"));
  CHECK(found(placed(false, false, std::nullopt), "vip", kOk, "is not here"));
  CHECK(found(placed(true, true, true), "vip", kError, "is on both nodes"));
  CHECK(found(placed(false, true, true), "vip", kError, "is on both nodes"));
  CHECK(found(placed(true, false, false), "vip", kError, "is on neither node"));
  CHECK(found(placed(false, false, false), "vip", kError, "is on neither node"));
  CHECK(found(placed(true, false, true), "vip", kError, "is on the other node"));
  CHECK(found(placed(true, false, std::nullopt), "vip", kError, "is not here although"));
  CHECK(found(placed(false, true, false), "vip", kError, "this node does not lead"));
}

TEST_CASE("the folder of a role or claim file that is missing is told, without a broker too") {
  Facts facts = sound_facts();
  facts.no_answer = "Nobody answers.";
  facts.role_folder.exists = false;
  CHECK(
      found(facts, "vip", kError, "vip.role_file = /run/tandemq/role: its folder does not exist"));
  facts.claim_folder.exists = false;
  CHECK(found(facts, "vip", kError, "vip.claim_file"));
}

TEST_CASE("a virtual address that nothing moves, or that nobody looks for, is told") {
  Facts facts = sound_facts();
  facts.config->failover.vip_role_file.clear();
  facts.config->failover.vip_claim_file.clear();
  CHECK(found(facts, "vip", kWarning, "nothing moves it"));
  facts = sound_facts();
  facts.config->failover.vip_address.clear();
  CHECK(found(facts, "vip", kWarning, "vip.address is not set"));
  facts.config->failover = {};
  CHECK(found(facts, "vip", kOk, "the addresses of both nodes"));
}

TEST_CASE("a keepalived that does not run, or whose configuration cannot be read, is told") {
  Facts facts = sound_facts();
  facts.keepalived_runs = false;
  CHECK(found(facts, "keepalived", kError, "systemctl enable --now keepalived"));
  facts.keepalived.reset();
  facts.keepalived_unreadable = "Permission denied";
  CHECK(found(facts, "keepalived", kWarning, "Permission denied"));
}

TEST_CASE("a track_file of the wrong polarity is told, wherever its weight stands") {
  Facts facts = sound_facts();
  facts.keepalived->track_files[0].weight.reverse = false;
  CHECK(found(facts, "keepalived", kError, "weight 0 reverse"));
  facts.keepalived->instances[0].tracked[0].weight = TrackWeight{0, true};
  CHECK(found(facts, "keepalived", kOk, ""));
  facts.keepalived->instances[0].tracked[0].weight = TrackWeight{10, true};
  CHECK(found(facts, "keepalived", kError, "weight 0 reverse"));
}

TEST_CASE("a keepalived.conf that does not track our files is told") {
  Facts facts = sound_facts();
  facts.keepalived->track_files[0].file = "/run/other";
  CHECK(found(facts, "keepalived", kError, "does not track vip.role_file = /run/tandemq/role"));
  facts = sound_facts();
  facts.keepalived->instances[0].tracked.erase(facts.keepalived->instances[0].tracked.begin());
  CHECK(found(facts, "keepalived", kError, "does not track vip.role_file"));
  facts = sound_facts();
  facts.keepalived->track_files.pop_back();
  CHECK(found(facts, "keepalived", kWarning, "does not track vip.claim_file"));
  facts.config->failover.vip_claim_file.clear();
  CHECK(found(facts, "keepalived", kOk, ""));
}

TEST_CASE("an instance without the address is told, but not where other files are included") {
  Facts facts = sound_facts();
  facts.keepalived->instances[0].addresses = {"192.0.2.11/24"};
  CHECK(found(facts, "keepalived", kError, "no vrrp_instance has vip.address"));
  facts.keepalived->includes = true;
  CHECK(found(facts, "keepalived", kWarning, "includes other files"));
}

TEST_CASE("nopreempt and init_file are told") {
  Facts facts = sound_facts();
  facts.keepalived->instances[0].nopreempt = true;
  facts.keepalived->track_files[0].init_file = true;
  CHECK(found(facts, "keepalived", kError, "nopreempt"));
  CHECK(found(facts, "keepalived", kError, "init_file"));
}
