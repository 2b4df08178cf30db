#include "node/audit_line.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using What = AuditEvent::What;

namespace {

constexpr Instant kAt{1'700'000'000'123};

AuditEvent denied() {
  AuditEvent event;
  event.what = What::publish_denied;
  event.at = kAt;
  event.client_id = "c 1";
  event.user_name = "ann";
  event.address = "192.0.2.7:50123";
  event.listener = "mqtt://0.0.0.0:1883";
  event.topic = "a/b=\"c\"";
  event.rule = 7;
  return event;
}

}  // namespace

TEST_CASE("a line of JSON has its fields in one order, and leaves out what there is not") {
  CHECK(audit_json(audit_fields(denied(), "a")) ==
        R"({"time":"2023-11-14T22:13:20.123Z","node":"a","event":"publish_denied","client":"c 1",)"
        R"("user":"ann","address":"192.0.2.7:50123","listener":"mqtt://0.0.0.0:1883",)"
        R"("topic":"a/b=\"c\"","rule":7})");
  AuditEvent event;
  event.what = What::login_refused;
  event.at = kAt;
  event.version = mqtt::Version::v5;
  event.reason = mqtt::ReasonCode::not_authorized;
  event.why = "no";
  CHECK(audit_json(audit_fields(event, "a")) ==
        R"({"time":"2023-11-14T22:13:20.123Z","node":"a","event":"login_refused","client":"",)"
        R"("mqtt":"5.0","reason_code":135,"why":"no"})");
}

TEST_CASE("a line of text is pairs, and what is not one word stands in quotes") {
  CHECK(audit_text(audit_fields(denied(), "a")) ==
        R"(2023-11-14T22:13:20.123Z a publish_denied client="c 1" user=ann )"
        R"(address=192.0.2.7:50123 listener=mqtt://0.0.0.0:1883 topic="a/b=\"c\"" rule=7)");
  AuditEvent hostile = denied();
  hostile.client_id = "x\nforged event";
  const std::string line = audit_text(audit_fields(hostile, "a"));
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find(R"(client="x\nforged event")") != std::string::npos);
}

TEST_CASE("a command names the process, its arguments and what came of it") {
  AdminCall call;
  call.at = kAt;
  call.peer = SocketPeer{1000, 4711};
  call.command = "publish";
  call.arguments = arguments_for_audit({{"topic", "t"}, {"payload", "secret"}});
  CHECK(audit_json(audit_fields(call, "a")) ==
        R"({"time":"2023-11-14T22:13:20.123Z","node":"a","event":"admin_command","uid":1000,)"
        R"("pid":4711,"command":"publish","arguments":{"topic":"t","payload_size":6},)"
        R"("result":"ok"})");
  call.error = "No.";
  const std::string line = audit_text(audit_fields(call, "a"));
  CHECK(line.ends_with("result=failed why=No."));
}

TEST_CASE("the journal gets a field for each, and what was refused as a notice") {
  const std::vector<std::string> fields = audit_journal(audit_fields(denied(), "a"));
  const auto has = [&](const std::string& field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  CHECK(has("PRIORITY=5"));
  CHECK(has("SYSLOG_IDENTIFIER=tandemqd"));
  CHECK(has("TANDEMQ_EVENT=publish_denied"));
  CHECK(has("TANDEMQ_CLIENT=c 1"));
  CHECK(has("TANDEMQ_RULE=7"));
  CHECK(fields.front().starts_with("MESSAGE=publish_denied client="));
}
