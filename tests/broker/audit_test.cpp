#include "broker/audit.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using What = AuditEvent::What;

namespace {

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
  for (const What what : {What::connected, What::login_paused}) audit.report(event_of(what));
  CHECK(heard == std::vector<What>{What::login_paused});
  audit.listen([&](AuditEvent&& event) { heard.push_back(event.what); }, true);
  audit.report(event_of(What::connected));
  CHECK(heard.size() == 2);
}
