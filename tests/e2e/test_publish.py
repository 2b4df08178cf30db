"""PUBLISH and its acknowledgements, retained messages, and the properties of a message."""

import pytest

import wire
from client import unique
from rule import ALL, NEW, rule
from wire import V5

QOS = pytest.mark.parametrize("qos", [0, 1, 2], ids=["QoS0", "QoS1", "QoS2"])


@rule("a message reaches a matching subscription", ALL)
@QOS
def test_delivery(broker, version, qos):
    topic = unique("delivery")
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        assert receiver.subscribe((topic, qos)).codes == [qos]
        sender.publish(topic, b"hello", qos)
        message = receiver.take("hello", topic=topic, qos=qos, dup=False, retain=False)
        assert qos == 0 or message.packet_id > 0
        receiver.expect_silence()


@rule("[MQTT-3.8.4-8, MQTT311-3.8.4-6] the delivered QoS is the lower of the published and the "
      "granted one")
@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_qos_is_minimum(broker, version, published, granted):
    topic = unique("minimum")
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        receiver.subscribe((topic, granted))
        sender.publish(topic, b"x", published)
        receiver.take("x", qos=min(published, granted))


@rule("payloads of all sizes arrive unchanged")
@pytest.mark.parametrize("size", [0, 1, 117, 127, 128, 16383, 16384, 300_000])
def test_payload_sizes(broker, version, size):
    topic, payload = unique("size"), bytes(i * 7 & 255 for i in range(size))
    with broker.connected(version) as client:
        client.subscribe((topic, 1))
        client.send(wire.publish(topic, payload, 1, 9, version=version))
        got = {}
        for _ in range(2):
            packet = client.receive()
            got[packet.type] = packet
        assert got[wire.PUBLISH].payload == payload and got[wire.PUBACK].packet_id == 9


@rule("[MQTT-4.6.0-6, MQTT311-4.6.0-6] messages of one publisher on one topic arrive in their "
      "order")
@QOS
def test_order(broker, version, qos):
    topic, count = unique("order"), 15
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        receiver.subscribe((topic, 2))
        numbers = range(1, count + 1)
        sender.send(b"".join(
            wire.publish(topic, str(n), qos, n, version=version) for n in numbers))
        for n in numbers if qos == 2 else []:
            sender.expect(wire.PUBREC, packet_id=n)
            sender.send(wire.ack(wire.PUBREL, n))
        seen = []
        while len(seen) < count:
            packet = receiver.receive()
            if packet.type == wire.PUBLISH:
                seen.append(int(packet.payload))
                if packet.qos:
                    receiver.send(wire.ack(wire.PUBACK if packet.qos == 1 else wire.PUBREC,
                                           packet.packet_id))
            else:
                assert packet.type == wire.PUBREL
                receiver.send(wire.ack(wire.PUBCOMP, packet.packet_id))
        assert seen == list(range(1, count + 1))


@rule("[MQTT-4.3.3-10, MQTT311-4.3.3-2] a repeated QoS 2 PUBLISH is not delivered again")
def test_qos2_once(broker, version):
    topic = unique("once")
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        receiver.subscribe((topic, 0))
        for dup in (False, True, True):
            sender.send(wire.publish(topic, b"x", 2, 7, dup=dup, version=version))
            sender.expect(wire.PUBREC, packet_id=7)
        for _ in range(2):
            sender.send(wire.ack(wire.PUBREL, 7))
            sender.expect(wire.PUBCOMP, packet_id=7)
        receiver.take("x")
        sender.publish(topic, b"new message, same id", 2, 7)
        receiver.take("new message, same id")
        receiver.expect_silence()


@rule("[MQTT-4.3.3-11, MQTT311-4.3.3-2] an unknown PUBREL is answered by PUBCOMP")
def test_unknown_pubrel(broker, version):
    with broker.connected(version) as client:
        client.send(wire.ack(wire.PUBREL, 77))
        assert client.expect(wire.PUBCOMP, packet_id=77).reason in (0, 0x92)
        client.ping()


@rule("[MQTT-3.3.1-3, MQTT311-3.3.1-3] DUP is not passed on")
def test_dup_not_forwarded(broker, version):
    topic = unique("dup")
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        receiver.subscribe((topic, 1))
        sender.publish(topic, b"x", 1, 3, dup=True)
        receiver.take("x", dup=False)


@rule("[MQTT-3.4.2-1] the acknowledgement says whether anybody matched", NEW)
def test_no_matching_subscribers(broker, version):
    topic = unique("nobody")
    with broker.connected(version) as client:
        assert client.publish(topic, qos=1).reason == 0x10
        client.subscribe(topic)
        client.send(wire.publish(topic, b"", 1, 2))
        packets = {packet.type: packet for packet in (client.receive(), client.receive())}
        assert packets[wire.PUBACK].reason == 0


@rule("[MQTT-3.2.2-11] a QoS above the server's maximum ends the connection with 0x9B", NEW)
def test_max_qos(daemon, version):
    one = daemon("--mqtt.max_qos=1")
    with one.connected() as client:
        assert client.subscribe((unique("granted"), 2)).codes == [1]
        client.send(wire.publish("t", b"x", 2))
        client.expect_refusal(0x9B)


# --- retained messages


@rule("[MQTT-3.3.1-5, MQTT311-3.3.1-5, -8] a new subscription is sent the retained message, with "
      "RETAIN set")
@QOS
def test_retained(broker, version, qos):
    topic = unique("retained")
    with broker.connected(version) as sender, broker.connected(version) as receiver:
        sender.publish(topic, b"old", qos, retain=True)
        sender.publish(topic, b"kept", qos, retain=True)
        sender.ping()
        receiver.subscribe((topic, 2))
        receiver.take("kept", topic=topic, qos=qos, retain=True)
        receiver.expect_silence()


@rule("[MQTT-3.3.1-12, MQTT311-3.3.1-9] an established subscription gets a retained message "
      "without RETAIN")
def test_retained_live(broker, version):
    topic = unique("live")
    with broker.connected(version) as sender, broker.connected(version) as receiver:
        receiver.subscribe((topic, 1))
        sender.publish(topic, b"x", 1, retain=True)
        receiver.take("x", retain=False)
        sender.publish(topic, b"", 1, retain=True)
        receiver.take("", retain=False)


@rule("[MQTT-3.3.1-6, MQTT311-3.3.1-10, -11] an empty retained message removes the retained "
      "message")
def test_retained_removed(broker, version):
    topic = unique("removed")
    with broker.connected(version) as client:
        client.publish(topic, b"x", 1, retain=True)
        client.publish(topic, b"", 1, retain=True)
        client.subscribe(topic)
        client.expect_silence()


@rule("[MQTT-3.3.1-8, MQTT311-3.3.1-12] a message without RETAIN leaves the retained message alone")
def test_retained_not_replaced(broker, version):
    topic = unique("alone")
    with broker.connected(version) as client:
        client.publish(topic, b"kept", 1, retain=True)
        client.publish(topic, b"passing", 1)
        client.subscribe(topic)
        client.take("kept", retain=True)


@rule("[MQTT-3.3.1-9, MQTT311-3.3.1-6] a repeated SUBSCRIBE is sent the retained message again")
def test_retained_again(broker, version):
    topic = unique("again")
    with broker.connected(version) as client:
        client.publish(topic, b"x", 1, retain=True)
        for qos in (0, 1):
            assert client.subscribe((topic, qos)).codes == [qos]
            client.take("x", qos=qos, retain=True)


@rule("retained messages are found by wildcards, once for each filter asked for")
def test_retained_wildcard(broker, version):
    root = unique("tree")
    with broker.connected(version) as client:
        for name in ("a", "a/b", "c/b"):
            client.publish(f"{root}/{name}", name, 1, retain=True)
        for name, found in [("+", ["a"]), ("+/b", ["a/b", "c/b"]), ("#", ["a", "a/b", "c/b"]),
                            ("a/#", ["a", "a/b"])]:
            client.subscribe(f"{root}/{name}")
            assert sorted(client.take().payload.decode() for _ in found) == found
            client.unsubscribe(f"{root}/{name}")
        client.expect_silence()


@rule("[MQTT-3.2.2-14] a retained message is refused with 0x9A when the server has none", NEW)
def test_retain_unavailable(daemon, version):
    with daemon("--mqtt.retain_available=false").connected() as client:
        client.send(wire.publish("t", b"x", retain=True))
        client.expect_refusal(0x9A)


# --- properties of a message

FORWARDED = [
    ("content_type", "text/plain"),
    ("response_topic", "answer/here"),
    ("correlation_data", b"\x00\x01\xff"),
    ("payload_format", 1),
    ("user_property", [("b", "2"), ("a", "1"), ("b", "2"), ("", "")]),
    ("message_expiry", 1000),
]


@rule("[MQTT-3.3.2-17] properties of a message reach the subscriber unaltered and in order", NEW)
@pytest.mark.parametrize("way", ["live", "retained", "queued"])
@pytest.mark.parametrize("name, value", FORWARDED, ids=[row[0] for row in FORWARDED])
def test_forwarded(broker, version, name, value, way):
    topic, reader, keep = unique("forward"), unique("reader"), {"session_expiry": 100}
    with (broker.connected(client_id=reader, clean=False, props=keep) as first,
          broker.connected() as sender):
        if way != "retained":
            first.subscribe((topic, 1))
        if way == "queued":
            first.disconnect()
        sender.publish(topic, b"x", 1, retain=way == "retained", props={name: value})
        receiver = broker.connected(client_id=reader, clean=False,
                                    props=keep) if way == "queued" else first
        if way == "retained":
            receiver.subscribe((topic, 1))
        props = receiver.take("x").props
        if name == "message_expiry":
            assert value - 10 <= props[name] <= value
        else:
            assert props == {name: value}


@rule("properties are left out for a subscriber of 3.1.1", NEW)
def test_properties_do_not_leak(broker, version):
    topic = unique("mixed")
    with broker.connected(wire.V311) as old, broker.connected() as sender:
        old.subscribe((topic, 2))
        sender.publish(topic, b"plain", 2,
                       props={"content_type": "x", "user_property": [("a", "b")]})
        old.take("plain", qos=2)


@rule("[MQTT-3.3.2-6] a message that waited is sent with the time left, or dropped", NEW)
def test_message_expiry(broker, version):
    reader, topic, keep = unique("expiry"), unique("expiry"), {"session_expiry": 100}
    with broker.connected(client_id=reader, clean=False, props=keep) as receiver:
        receiver.subscribe((topic, 1))
    with broker.connected() as sender, broker.connected(keep_alive=1) as clock:
        sender.publish(topic, b"short", 1, 1, props={"message_expiry": 1})
        sender.publish(topic, b"long", 1, 2, props={"message_expiry": 60})
        sender.publish(topic, b"forever", 1, 3)
        clock.expect_refusal(0x8D)  # One and a half seconds, by the broker's own clock.
    with broker.connected(client_id=reader, clean=False, props=keep) as receiver:
        assert receiver.take("long").props["message_expiry"] in range(50, 60)
        assert "message_expiry" not in receiver.take("forever").props
        receiver.expect_silence()


@rule("a retained message that expired is not sent any more", NEW)
def test_retained_expiry(broker, version):
    topic = unique("fading")
    with broker.connected() as sender, broker.connected(keep_alive=1) as clock:
        sender.publish(topic, b"x", 1, retain=True, props={"message_expiry": 1})
        sender.subscribe(topic)
        sender.take("x", retain=True)
        clock.expect_refusal(0x8D)
        sender.subscribe(topic)
        sender.expect_silence()


# --- topics


@rule("[MQTT-4.7.2-1, MQTT311-4.7.2-1] a leading wildcard does not match a topic that starts with "
      "$")
def test_dollar(daemon, version):
    one, topic = daemon(), "$dollar"
    with one.connected(version) as client, one.connected(version) as other:
        client.subscribe("#", "+/" + topic, "+/+")
        client.send(wire.publish(topic + "/x", b"hidden", 1, 5, version=version))
        client.expect(wire.PUBACK, packet_id=5)
        client.expect_silence()
        other.subscribe(topic + "/#")
        client.publish(topic + "/x", b"seen", 1, 6)
        other.take("seen")


@rule("[MQTT311-3.3.5-2] the server's own topics cannot be written by clients")
def test_sys_is_reserved(broker, version):
    """5.0 says so in the PUBACK; 3.1.1 has no code for it and either acknowledges or closes."""
    with broker.connected(version) as client, broker.connected(version) as watcher:
        watcher.subscribe("$SYS/forged")
        client.send(wire.publish("$SYS/forged", b"x", 1, version=version))
        answer = client.receive()
        if version == V5:
            assert (answer.type, answer.reason) == (wire.PUBACK, 0x87)
        watcher.expect_silence()
