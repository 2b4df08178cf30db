#include "broker/audit.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using What = AuditEvent::What;

namespace {

constexpr Instant kBegin{1'700'000'000'000};

AuditEvent event_of(What what) {
  AuditEvent event;
  event.what = what;
  return event;
}

}  // namespace

TEST_CASE("who wants warnings only hears of nothing else") {
  std::vector<What> heard;
  Audit audit;
  audit.report(event_of(What::login_paused));  // Nobody listens: nothing happens.
  audit.listen([&](AuditEvent&& event) { heard.push_back(event.what); }, false);
  CHECK_FALSE(audit.active());
  for (const What what : {What::connected, What::login_paused, What::roles_unknown})
    audit.report(event_of(what));
  CHECK(heard == std::vector<What>{What::login_paused, What::roles_unknown});
  audit.listen([&](AuditEvent&& event) { heard.push_back(event.what); }, true);
  audit.report(event_of(What::connected));
  CHECK(heard.size() == 3);
}

TEST_CASE("denied deliveries to a client are told once a minute, with their number") {
  Audit audit;
  std::uint64_t count = 0;
  CHECK_FALSE(audit.tells_receive("c", kBegin, count));
  audit.listen([](AuditEvent&&) {}, true);
  CHECK(audit.tells_receive("c", kBegin, count));
  CHECK(count == 1);
  for (int i = 0; i < 9; ++i) CHECK_FALSE(audit.tells_receive("c", kBegin.plus_s(59), count));
  CHECK(audit.tells_receive("another", kBegin.plus_s(59), count));
  CHECK(audit.tells_receive("c", kBegin.plus_s(60), count));
  CHECK(count == 10);
}
