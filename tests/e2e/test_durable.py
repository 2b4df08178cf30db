"""What is there again after a kill -9 and a restart; test_crash.py does it in full traffic."""

import time

import pytest

import wire
from client import Client
from rule import ALL, BOTH, NEW, rule
from test_session import keep, resume
from wire import V5


def queue(one, version, name, topic, qos=2):
    """A session that is away, with a subscription."""
    with resume(one, version, name, present=False) as client:
        client.subscribe((topic, qos))
        client.disconnect()


def settle(one):
    """What the broker took before is committed when this is acknowledged: it is later in the log,
    and an acknowledgement by a subscriber does not wait for its own commit."""
    with one.connected() as client:
        client.publish("settled", b"x", 1, retain=True)


def crash_later(one, seconds):
    """Time passes while the broker is down: there is nothing to wait for but the clock."""
    one.kill()
    time.sleep(seconds)
    one.start()


@rule("a session that lasts is there after a crash, one that ends with its connection is not", ALL)
def test_session(daemon, version):
    one = daemon()
    with (resume(one, version, "away", present=False) as away,
          resume(one, version, "there", present=False),
          one.connected(version, "short") as short):
        away.disconnect()
        short.subscribe("t")
        one.restart()
    resume(one, version, "away").drop()
    resume(one, version, "there").drop()
    resume(one, version, "short", present=False).drop()


@rule("queued messages are there after a crash and after a stop, in order", ALL)
@pytest.mark.parametrize("end", ["kill", "stop"])
def test_queue(daemon, version, end):
    one = daemon()
    queue(one, version, "away", "t")
    with one.connected(version) as sender:
        for n in range(1, 20):
            sender.publish("t", str(n) + "x" * 1000 * n, 1 + n % 2, n)
    getattr(one, end)()
    one.start()
    with resume(one, version, "away") as client:
        for n in range(1, 20):
            client.take(str(n) + "x" * 1000 * n, qos=1 + n % 2, dup=False)
        client.expect_silence()
        client.disconnect()
    settle(one)
    one.restart()
    with resume(one, version, "away") as client:
        client.expect_silence()


@rule("a queued message keeps its properties in a crash", NEW)
def test_properties(daemon, version):
    one = daemon()
    queue(one, version, "away", "t")
    said = {"content_type": "text/plain", "response_topic": "answers", "payload_format": 1,
            "correlation_data": b"\x00\xff", "user_property": [("b", "1"), ("a", "2"), ("b", "")]}
    with one.connected() as sender:
        sender.publish("t", b"x", 1, props=said)
    one.restart()
    with resume(one, version, "away") as client:
        client.take("x", props=said)


@rule("[MQTT-4.4.0-1, MQTT311-4.4.0-1] what was in flight comes again after a crash, with DUP and "
      "its packet id", ALL)
def test_in_flight(daemon, version):
    one = daemon()
    with (resume(one, version, "client", present=False) as client,
          one.connected(version) as sender):
        client.subscribe(("t", 2))
        for n, qos in ((1, 1), (2, 1), (3, 2), (4, 1)):
            sender.publish("t", str(n), qos, n)
        ids = {n: client.expect(wire.PUBLISH, payload=str(n), dup=False).packet_id
               for n in (1, 2, 3, 4)}
        client.send(wire.ack(wire.PUBACK, ids[2]))
        client.ping()
        sender.publish("t", b"5", 1, 5)  # Its record is behind the one of the PUBACK.
        one.restart()
    with resume(one, version, "client") as client:
        for n in (1, 3, 4):
            client.expect(wire.PUBLISH, payload=str(n), dup=True, packet_id=ids[n])
        last = client.expect(wire.PUBLISH, payload="5").packet_id
        assert last not in (ids[1], ids[3], ids[4])


@rule("[MQTT-4.3.3-2, MQTT311-4.3.3-1] a QoS 2 delivery goes on after a crash where it stopped",
      ALL)
def test_outbound_qos2(daemon, version):
    one = daemon()
    with (resume(one, version, "client", present=False) as client,
          one.connected(version) as sender):
        client.subscribe(("t", 2))
        sender.publish("t", b"x", 2)
        number = client.expect(wire.PUBLISH, payload="x", qos=2, dup=False).packet_id
        one.restart()
    with resume(one, version, "client") as client:
        client.expect(wire.PUBLISH, payload="x", qos=2, dup=True, packet_id=number)
        client.send(wire.ack(wire.PUBREC, number))
        client.expect(wire.PUBREL, packet_id=number)
        one.restart()
    with resume(one, version, "client") as client:
        client.expect(wire.PUBREL, packet_id=number)
        client.send(wire.ack(wire.PUBCOMP, number))
        client.ping()
        settle(one)
        one.restart()
    with resume(one, version, "client") as client:
        client.expect_silence()


@rule("[MQTT-4.3.3-10, MQTT311-4.3.3-2] a QoS 2 publication that a crash interrupts is delivered "
      "once", ALL)
def test_inbound_qos2(daemon, version):
    one = daemon()
    queue(one, version, "receiver", "t")

    def publish(sender, payload, dup):
        sender.send(wire.publish("t", payload, 2, 5, dup=dup, version=version))
        sender.expect(wire.PUBREC, packet_id=5, reason=0)

    with resume(one, version, "sender", present=False) as sender:
        publish(sender, b"x", dup=False)
        one.restart()
    with resume(one, version, "sender") as sender:
        publish(sender, b"x", dup=True)
        one.restart()
    with resume(one, version, "sender") as sender:
        sender.send(wire.ack(wire.PUBREL, 5))
        sender.expect(wire.PUBCOMP, packet_id=5, reason=0)
        one.restart()
    with resume(one, version, "sender") as sender:
        publish(sender, b"y", dup=False)  # The packet id is free: this is another message.
    with resume(one, version, "receiver") as receiver:
        receiver.take("x", qos=2)
        receiver.take("y", qos=2)
        receiver.expect_silence()


@rule("retained messages are there after a crash, and deleted ones are not", ALL)
def test_retained(daemon, version):
    one = daemon()
    with one.connected(version) as sender:
        for n, payload in enumerate((b"first", b"second"), 1):
            sender.publish("r/replaced", payload, 1, n, retain=True)
        sender.publish("r/deleted", b"x", 2, 3, retain=True)
        sender.publish("r/qos0", b"zero", 0, retain=True)
        sender.publish("r/deleted", b"", 1, 4, retain=True)
    one.restart()
    with one.connected(version) as client:
        client.subscribe(("r/+", 2))
        got = {(one.topic, one.payload, one.qos) for one in (client.take(retain=True),
                                                             client.take(retain=True))}
        assert got == {("r/replaced", b"second", 1), ("r/qos0", b"zero", 0)}
        client.expect_silence()


def leave_a_will(one, version, delay_s, connected):
    """A client whose will is due `delay_s` after the end of its connection, before the crash or
    by it."""
    props = {"will_delay": delay_s} if version == V5 else None
    client = Client(one.port, version)
    client.connect("mortal", will=wire.Will("will", b"gone", 1, props=props), **keep(version))
    if connected:
        return client
    client.drop()
    with one.connected() as witness:  # The broker has seen the end when nobody is there any more.
        witness.ping()
    return client


@rule("[MQTT-3.1.2-8, MQTT311-3.1.2-8] the will of a client that was connected is published after "
      "a crash", ALL)
def test_will(daemon, version):
    one = daemon()
    queue(one, version, "watcher", "will")
    with leave_a_will(one, version, 0, connected=True):
        one.restart()
    with resume(one, version, "watcher") as watcher:
        watcher.take("gone", qos=1)
        settle(one)
        one.restart()
        watcher.drop()
    with resume(one, version, "watcher") as watcher:
        watcher.expect_silence()


@rule("[MQTT-3.1.3-9] a will with a delay is published after a crash when it is due, not before",
      NEW)
@pytest.mark.parametrize("connected", [True, False], ids=["connected", "away"])
def test_delayed_will(daemon, version, connected):
    one = daemon()
    queue(one, version, "watcher", "will")
    started = time.monotonic()
    with leave_a_will(one, version, 2, connected):
        one.restart()
    with resume(one, version, "watcher") as watcher:
        watcher.take("gone", qos=1)
        assert time.monotonic() - started >= 1.9


@rule("[MQTT-3.1.3-9] a client that returns after a crash within the delay has no will published",
      NEW)
def test_delayed_will_of_one_who_returns(daemon, version):
    one = daemon()
    queue(one, version, "watcher", "will")
    with leave_a_will(one, version, 2, connected=False):
        one.restart()
    with resume(one, version, "mortal"), resume(one, version, "watcher") as watcher:
        with one.connected(keep_alive=2) as clock:
            clock.expect_refusal(0x8D)  # Three seconds.
        watcher.expect_silence()


@rule("[MQTT-3.3.2-5] a message goes on expiring while the broker is down", NEW)
def test_message_expiry(daemon, version):
    one = daemon()
    queue(one, version, "away", "t")
    with one.connected() as sender:
        sender.publish("t", b"short", 1, 1, props={"message_expiry": 1})
        sender.publish("t", b"long", 1, 2, props={"message_expiry": 100})
        sender.publish("kept", b"short", 1, 3, retain=True, props={"message_expiry": 1})
    crash_later(one, 2.1)
    with resume(one, version, "away") as client:
        assert client.take("long").props["message_expiry"] in range(80, 99)
        client.subscribe("kept")
        client.expect_silence()


@rule("[MQTT-3.1.2-23] a session goes on expiring while the broker is down", NEW)
def test_session_expiry(daemon, version):
    one = daemon()
    with one.connected(client_id="short", clean=False, props={"session_expiry": 1}) as client:
        client.disconnect()
    queue(one, version, "long", "t")
    crash_later(one, 2)
    resume(one, version, "short", present=False).drop()
    resume(one, version, "long").drop()


@rule("a session whose client was connected at a crash expires after it, and not at once", NEW)
def test_session_expiry_of_the_connected(daemon, version):
    one = daemon()
    with (one.connected(client_id="short", clean=False, props={"session_expiry": 2}),
          one.connected(client_id="other", clean=False, props={"session_expiry": 2})):
        one.restart()
    resume(one, version, "other").drop()
    with one.connected(keep_alive=3) as clock:
        clock.expect_refusal(0x8D)  # Four and a half seconds.
    resume(one, version, "short", present=False).drop()


@rule("a subscription keeps its QoS, its options and its identifier in a crash", NEW)
def test_subscription_options(daemon, version):
    one = daemon()
    no_local, retain_as_published = 4, 8
    with resume(one, version, "client", present=False) as client:
        client.subscribe(("t/+", 1 | no_local | retain_as_published), props={"subscription_id": 7})
        client.subscribe(("plain/#", 2), packet_id=1001)
        one.restart()
    with resume(one, version, "client") as client, one.connected() as sender:
        client.publish("t/own", b"own", 1)
        sender.publish("t/a", b"x", 2, 1, retain=True)
        client.take("x", qos=1, retain=True, props={"subscription_id": [7]})
        sender.publish("plain/a", b"y", 2, 2, retain=True)
        client.take("y", qos=2, retain=False, props={})
        client.expect_silence()


@rule("an UNSUBSCRIBE that was acknowledged holds after a crash; shared subscriptions stay")
def test_unsubscribed(daemon, version):
    one = daemon()
    with resume(one, version, "client", present=False) as client:
        client.subscribe(("off", 1), ("on", 1), ("$share/group/shared", 1))
        client.unsubscribe("off")
        one.restart()
    with resume(one, version, "client") as client, one.connected(version) as sender:
        for n, topic in enumerate(("off", "on", "shared"), 1):
            sender.publish(topic, topic, 1, n)
        client.take("on")
        client.take("shared")
        client.expect_silence()


@rule("a clean start that was acknowledged holds after a crash", BOTH)
def test_clean_start(daemon, version):
    one = daemon()
    queue(one, version, "client", "t")
    with one.connected(version) as sender:
        sender.publish("t", b"old", 1)
    with one.connected(version, "client"):
        one.restart()
    with resume(one, version, "client", present=False) as client:
        client.expect_silence()


@rule("QoS 0 messages that wait for a session are there after a crash, if the setting says so")
@pytest.mark.parametrize("setting", ["true", "false"])
def test_queued_qos0(daemon, version, setting):
    one = daemon(f"--mqtt.queue_qos0={setting}")
    queue(one, version, "away", "t")
    with one.connected(version) as sender:
        sender.publish("t", b"x", 0)
        sender.publish("t", b"y", 1)
    one.restart()
    with resume(one, version, "away") as client:
        if setting == "true":
            client.take("x", qos=0)
        client.take("y", qos=1)
        client.expect_silence()
