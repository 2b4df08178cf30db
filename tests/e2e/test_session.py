"""What a session keeps while its client is away, and how it is taken up again."""

import pytest

import wire
from client import Client, unique
from rule import ALL, NEW, rule
from wire import V5, V31


def keep(version, seconds=100):
    return {"clean": False, **({"props": {"session_expiry": seconds}} if version == V5 else {})}


def resume(broker, version, name, present=True):
    client = Client(broker.port, version)
    assert client.connect(name, **keep(version)).session_present == (present and version != V31)
    return client


@rule("[MQTT-4.5.0-1, MQTT311-4.5.0-1] QoS 1 and 2 messages wait for a session that is away", ALL)
@pytest.mark.parametrize("way", ["disconnect", "drop"])
def test_queue(broker, version, way):
    topic, name = unique("queue"), unique("queue")
    with (resume(broker, version, name, present=False) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, 2))
        getattr(client, way)()
        for n in range(1, 8):
            sender.publish(topic, str(n), 1 + n % 2, n)
        with resume(broker, version, name) as again:
            for n in range(1, 8):
                again.take(str(n), qos=1 + n % 2, dup=False)
            again.expect_silence()
            again.disconnect()
        with resume(broker, version, name) as again:
            again.expect_silence()


@rule("[MQTT-3.1.2-5, MQTT311-3.1.2-4] subscriptions outlive the connection", ALL)
def test_subscriptions_kept(broker, version):
    topic, name = unique("kept"), unique("kept")
    with resume(broker, version, name, present=False) as client:
        client.subscribe((topic, 1))
        client.disconnect()
    with resume(broker, version, name) as client, broker.connected(version) as sender:
        sender.publish(topic, b"x", 1)
        client.take("x", qos=1)


@rule("[MQTT-3.1.2-4, 3.1.4-4, MQTT311-3.1.2-6, 3.1.4-3] a clean start throws the old session away",
      ALL)
def test_clean_start(broker, version):
    topic, name = unique("clean"), unique("clean")
    with (resume(broker, version, name, present=False) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, 1))
        client.disconnect()
        sender.publish(topic, b"lost", 1)
        with Client(broker.port, version) as again:
            assert not again.connect(name, clean=True).session_present
            sender.publish(topic, b"also lost", 1)
            again.expect_silence()


@rule("[MQTT-4.4.0-1, MQTT311-4.4.0-1] an unacknowledged QoS 1 message is sent again with DUP and "
      "its packet id", ALL)
def test_redelivery_qos1(broker, version):
    topic, name = unique("again"), unique("again")
    with (resume(broker, version, name, present=False) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, 1))
        for n in (1, 2, 3):
            sender.publish(topic, str(n), 1, n)
        ids = [client.expect(wire.PUBLISH, payload=str(n), dup=False).packet_id for n in (1, 2, 3)]
        client.send(wire.ack(wire.PUBACK, ids[1]))
        client.ping()
        client.drop()
    with resume(broker, version, name) as client:
        client.expect(wire.PUBLISH, payload="1", dup=True, packet_id=ids[0])
        client.expect(wire.PUBLISH, payload="3", dup=True, packet_id=ids[2])
        client.send(wire.ack(wire.PUBACK, ids[0]) + wire.ack(wire.PUBACK, ids[2]))
        client.expect_silence()


@rule("[MQTT-4.4.0-1, MQTT311-4.4.0-1] a QoS 2 handshake goes on where it stopped", ALL)
def test_redelivery_qos2(broker, version):
    topic, name = unique("goon"), unique("goon")
    with (resume(broker, version, name, present=False) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, 2))
        sender.publish(topic, b"x", 2)
        number = client.expect(wire.PUBLISH, payload="x", qos=2).packet_id
        client.drop()
    with resume(broker, version, name) as client:
        client.expect(wire.PUBLISH, payload="x", dup=True, packet_id=number)
        client.send(wire.ack(wire.PUBREC, number))
        client.expect(wire.PUBREL, packet_id=number)
        client.drop()
    with resume(broker, version, name) as client:
        client.expect(wire.PUBREL, packet_id=number)
        client.send(wire.ack(wire.PUBCOMP, number))
        client.expect_silence()


@rule("[MQTT-4.3.3-10, MQTT311-4.3.3-2] a QoS 2 message is delivered once, though its sender "
      "reconnects", ALL)
def test_inbound_qos2(broker, version):
    topic, name = unique("inbound"), unique("inbound")
    with broker.connected(version) as receiver:
        receiver.subscribe((topic, 1))
        with resume(broker, version, name, present=False) as sender:
            sender.send(wire.publish(topic, b"x", 2, 5, version=version))
            sender.expect(wire.PUBREC, packet_id=5)
            sender.drop()
        with resume(broker, version, name) as sender:
            sender.send(wire.publish(topic, b"x", 2, 5, dup=True, version=version))
            sender.expect(wire.PUBREC, packet_id=5)
            sender.send(wire.ack(wire.PUBREL, 5))
            sender.expect(wire.PUBCOMP, packet_id=5)
        receiver.take("x")
        receiver.expect_silence()


@rule("[MQTT-4.6.0-1, MQTT311-4.6.0-1] redelivered and queued messages come in their original "
      "order")
def test_order_after_return(broker, version):
    topic, name = unique("inorder"), unique("inorder")
    with (resume(broker, version, name, present=False) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, 1))
        sender.publish(topic, b"1", 1, 1)
        sender.publish(topic, b"2", 1, 2)
        client.expect(wire.PUBLISH, payload="1")
        client.expect(wire.PUBLISH, payload="2")
        client.drop()
        sender.publish(topic, b"3", 1, 3)
        with resume(broker, version, name) as again:
            for n, dup in (("1", True), ("2", True), ("3", False)):
                again.take(n, dup=dup)


@rule("[MQTT-4.4.0-1, MQTT311-4.4.0-1] nothing is sent again while the connection lasts")
def test_no_retry_on_the_connection(broker, version):
    topic = unique("retry")
    with broker.connected(version) as client, broker.connected(version, keep_alive=1) as clock:
        client.subscribe((topic, 1))
        client.publish(unique("other"), b"", 1)
        client.send(wire.publish(topic, b"x", version=version))
        client.expect(wire.PUBLISH, qos=0)
        with broker.connected(version) as sender:
            sender.publish(topic, b"y", 1)
        client.expect(wire.PUBLISH, payload="y", qos=1)
        clock.expect_refusal(0x8D)
        client.expect_silence()


@rule("a session taken over keeps its queue and its unacknowledged messages", ALL)
def test_take_over_keeps(broker, version):
    topic, name = unique("over"), unique("over")
    with resume(broker, version, name, present=False) as old, broker.connected(version) as sender:
        old.subscribe((topic, 1))
        sender.publish(topic, b"x", 1)
        number = old.expect(wire.PUBLISH, payload="x").packet_id
        with resume(broker, version, name) as new:
            new.take("x", dup=True, packet_id=number)
            old.expect_refusal(0x8E)


@rule("[MQTT-4.1.0-2] a session without expiry ends with its connection", NEW)
def test_expiry_zero(broker, version):
    name = unique("zero")
    with broker.connected(client_id=name, clean=False) as client:
        client.subscribe("a/b")
        client.disconnect()
    resume(broker, version, name, present=False).disconnect()


@rule("[MQTT-3.1.2-23] a session ends when its expiry interval has passed, and not before", NEW)
def test_expiry(broker, version):
    """The will is delayed beyond the session, so it tells when the session ends."""
    name, topic = unique("ends"), unique("ends")
    will = wire.Will(topic, b"session over", props={"will_delay": 60})
    with broker.connected() as watcher:
        watcher.subscribe(topic)
        client = Client(broker.port)
        client.connect(name, clean=False, props={"session_expiry": 1}, will=will)
        client.drop()
        watcher.take("session over")
        resume(broker, version, name, present=False).disconnect()


@rule("DISCONNECT can change the session expiry", NEW)
@pytest.mark.parametrize("first, last, present", [(1, 100, True), (100, 0, False)],
                         ids=["longer", "ended"])
def test_expiry_on_disconnect(broker, version, first, last, present):
    name = unique("change")
    with broker.connected(client_id=name, clean=False, props={"session_expiry": first}) as client:
        client.disconnect(0, {"session_expiry": last})
    with broker.connected(keep_alive=1) as clock:
        clock.expect_refusal(0x8D)  # One and a half seconds.
    resume(broker, version, name, present=present).disconnect()


@rule("the largest session expiry never ends, and larger than a signed number is not negative", NEW)
@pytest.mark.parametrize("seconds", [0xFFFFFFFF, 0xFFFFFFFE, 0x80000000])
def test_expiry_large(broker, version, seconds):
    name = unique("ever")
    broker.connected(client_id=name, clean=False, props={"session_expiry": seconds}).disconnect()
    resume(broker, version, name).disconnect()


@rule("a full queue is never acknowledged with success to the publisher and then lost")
def test_full_queue(daemon, version):
    one, topic, name = daemon("--limits.max_queued_messages=5",
                              "--limits.queue_full=reject"), "full", "full"
    with resume(one, version, name, present=False) as client:
        client.subscribe((topic, 1))
        client.disconnect()
    accepted = []
    with one.connected(version) as sender:
        sender.socket.settimeout(2)
        try:
            for n in range(1, 9):
                if sender.publish(topic, str(n), 1, n).reason == 0:
                    accepted.append(n)
        except (TimeoutError, AssertionError, OSError):
            assert version != V5, "5.0 has a reason code for it"
    assert len(accepted) >= 5
    with resume(one, version, name) as client:
        for n in accepted:
            client.take(str(n))


@rule("QoS 0 messages wait for an absent session only where the setting says so")
@pytest.mark.parametrize("setting", ["true", "false"])
def test_queue_qos0(daemon, version, setting):
    one, topic, name = daemon(f"--mqtt.queue_qos0={setting}"), "zero", "zero"
    with resume(one, version, name, present=False) as client, one.connected(version) as sender:
        client.subscribe((topic, 1))
        client.disconnect()
        sender.publish(topic, b"x", 0)
        sender.publish(topic, b"y", 1)
        with resume(one, version, name) as again:
            if setting == "true":
                again.take("x", qos=0)
            again.take("y", qos=1)
