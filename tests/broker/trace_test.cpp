#include "broker/trace.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

TEST_CASE("a watch sees what fits its client, topic filter or address, until it is stopped") {
  Trace trace;
  std::string seen;
  const auto note = [&seen](const char* who) {
    return [&seen, who](const TraceEvent&) { seen += who; };
  };
  trace.start(Trace::Subject::client, "ann", note("c"));
  const auto topic = trace.start(Trace::Subject::topic, "a/#", note("t"));
  trace.start(Trace::Subject::address, "192.0.2.", note("a"));
  trace.report({{}, "ann", "192.0.2.7:1", "a/b", "x"});
  CHECK(seen == "cta");
  trace.stop(topic);
  trace.report({{}, "bob", "198.51.100.1:1", "a/b", "x"});
  trace.report({{}, "ann", "", "", "x"});
  CHECK(seen == "ctac");
}

TEST_CASE("a trace tells of packets in and out and of the end") {
  Lab lab;
  std::string seen;
  lab.world().trace.start(Trace::Subject::client, "c",
                          [&seen](const TraceEvent& event) { seen += event.text + "\n"; });
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  client.publish("t", "x");
  client.disconnect();
  CHECK(seen ==
        "CONNECT version=5\nSUBSCRIBE t: Success\nPUBLISH in qos=0 id=0 bytes=1\n"
        "PUBLISH out qos=0 id=0 bytes=1\nclosed: disconnected by the client: Success\n");
}
