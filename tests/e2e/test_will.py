"""Wills: when they are published, when not, and what they carry."""

import pytest

import wire
from client import Client, unique
from rule import ALL, NEW, rule
from wire import V5, Will


@pytest.fixture
def watched(broker, version):
    """A topic and a client subscribed to it."""
    topic = unique("will")
    with broker.connected(version) as watcher:
        watcher.subscribe((topic, 2))
        yield topic, watcher


def start(broker, version, will, **options):
    client = Client(broker.port, version)
    client.connect(will=will, **options)
    return client


@rule("[MQTT-3.1.2-8, MQTT311-3.1.2-8] a lost connection publishes the will", ALL)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_lost(broker, version, watched, qos):
    topic, watcher = watched
    start(broker, version, Will(topic, b"gone", qos)).drop()
    watcher.take("gone", topic=topic, qos=qos, retain=False)
    watcher.expect_silence()


@rule("[MQTT-3.14.4-3, MQTT311-3.14.4-3] a DISCONNECT removes the will", ALL)
def test_disconnect(broker, version, watched):
    topic, watcher = watched
    start(broker, version, Will(topic)).disconnect()
    watcher.expect_silence()


@rule("[MQTT-3.1.2-10] a DISCONNECT with another reason than 0 publishes the will", NEW)
@pytest.mark.parametrize("reason", [0x04, 0x80, 0x81, 0x82, 0x93, 0x98])
def test_disconnect_with_will(broker, version, watched, reason):
    topic, watcher = watched
    start(broker, version, Will(topic, b"still")).disconnect(reason)
    watcher.take("still")


@rule("[MQTT-3.1.2-8, MQTT311-3.1.2-8] keep alive and bad packets publish the will", ALL)
@pytest.mark.parametrize("cause", ["keep alive", "bad packet"])
def test_ended_by_server(broker, version, watched, cause):
    topic, watcher = watched
    client = start(broker, version, Will(topic, b"ended"), keep_alive=1)
    if cause == "bad packet":
        client.send(b"\xc1\x00")
    watcher.take("ended")


@rule("[MQTT-3.1.2-15, MQTT311-3.1.2-17] a will with RETAIN is published as a retained message",
      ALL)
def test_retained(broker, version, watched):
    topic, watcher = watched
    start(broker, version, Will(topic, b"kept", 1, retain=True)).drop()
    watcher.take("kept", retain=False)
    watcher.subscribe((topic, 0))
    watcher.take("kept", retain=True)


@rule("an empty will payload is a message of no bytes", ALL)
def test_empty(broker, version, watched):
    topic, watcher = watched
    start(broker, version, Will(topic, b"")).drop()
    watcher.take("")


@rule("[MQTT-3.1.4-3, MQTT311-3.1.4-2] a take-over publishes the will of a session that ends by it",
      ALL)
def test_take_over(broker, version, watched):
    topic, watcher = watched
    name = unique("over")
    start(broker, version, Will(topic, b"taken"), client_id=name)
    with broker.connected(version, name):
        watcher.take("taken")


PROPERTIES = {
    "payload_format": 1,
    "content_type": "text/plain",
    "response_topic": "r",
    "correlation_data": b"\x01",
    "user_property": [("z", "1"), ("a", "2"), ("z", "3")],
}


@rule("[MQTT-3.1.3-10] the properties of a will are published with it, its delay is not", NEW)
def test_properties(broker, version, watched):
    topic, watcher = watched
    start(broker, version, Will(topic, b"x", props={"will_delay": 0, **PROPERTIES})).drop()
    assert watcher.take("x").props == PROPERTIES


@rule("a will's message expiry counts from its publication", NEW)
def test_expiry(broker, version, watched):
    topic, watcher = watched
    start(broker, version, Will(topic, b"x", props={"message_expiry": 90})).drop()
    assert watcher.take("x").props["message_expiry"] in (89, 90)


@rule("[MQTT-3.1.3-9] a delayed will is not published when the session is taken up in time", NEW)
def test_delay_cancelled(broker, version, watched):
    topic, watcher = watched
    name, keep = unique("back"), {"session_expiry": 60}
    start(broker, version, Will(topic, b"no", props={"will_delay": 1}), client_id=name, clean=False,
          props=keep).drop()
    with (broker.connected(client_id=name, clean=False, props=keep),
          broker.connected(keep_alive=1) as clock):
        clock.expect_refusal(0x8D)  # One and a half seconds, later than the delay.
        watcher.expect_silence()


@rule("[MQTT-3.1.2-8] a delayed will is published after its delay", NEW)
def test_delay(broker, version, watched):
    topic, watcher = watched
    keep = {"session_expiry": 60}
    start(broker, version, Will(topic, b"late", props={"will_delay": 1}), clean=False,
          props=keep).drop()
    watcher.expect_silence()
    watcher.take("late")


@rule("[MQTT-3.1.2-8] a delayed will is published when its session ends earlier", NEW)
@pytest.mark.parametrize("way", ["expiry", "clean start"])
def test_delay_cut_short(broker, version, watched, way):
    topic, watcher = watched
    name, keep = unique("short"), {"session_expiry": 0 if way == "expiry" else 100}
    start(broker, version, Will(topic, b"now", props={"will_delay": 90}), client_id=name,
          clean=False, props=keep).drop()
    if way == "clean start":
        broker.connected(client_id=name).disconnect()
    watcher.take("now")


@rule("a will waits for an absent subscriber like any message")
def test_queued(broker, version):
    topic, reader = unique("wait"), unique("wait")
    keep = {"clean": False, **({"props": {"session_expiry": 60}} if version == V5 else {})}
    with broker.connected(version, reader, **keep) as client:
        client.subscribe((topic, 1))
        client.disconnect()
    with broker.connected(version) as live:
        live.subscribe(topic)
        start(broker, version, Will(topic, b"x", 1)).drop()
        live.take("x")
    with broker.connected(version, reader, **keep) as client:
        client.take("x", qos=1)


@rule("a will on a topic of the server's own is refused or not published")
def test_sys(broker, version):
    with broker.connected(version) as watcher, Client(broker.port, version) as client:
        watcher.subscribe("$SYS/will/forged")
        client.send(wire.connect(unique("sys"), version, will=Will("$SYS/will/forged", b"x")))
        client.receive()
        client.drop()
        watcher.expect_silence()
