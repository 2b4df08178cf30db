"""Limits of both sides: Receive Maximum, Maximum Packet Size, topic aliases, windows."""

import pytest

import wire
from client import unique
from rule import NEW, OLD, rule


# --- what the client can take


@rule("[MQTT-3.3.4-9] the server sends no more unacknowledged messages than Receive Maximum", NEW)
@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("window", [1, 2, 5])
def test_receive_maximum(broker, version, qos, window):
    topic, count = unique("window"), window + 2
    with broker.connected(props={"receive_max": window}) as receiver, broker.connected() as sender:
        receiver.subscribe((topic, qos))
        for n in range(count):
            sender.publish(topic, str(n), qos, n + 1)
        waiting = [receiver.expect(wire.PUBLISH, payload=str(n)).packet_id for n in range(window)]
        receiver.expect_silence()
        for n in range(window, count):
            number = waiting.pop(0)
            if qos == 2:
                receiver.send(wire.ack(wire.PUBREC, number))
                receiver.expect(wire.PUBREL, packet_id=number)
                receiver.expect_silence()
                receiver.send(wire.ack(wire.PUBCOMP, number))
            else:
                receiver.send(wire.ack(wire.PUBACK, number))
            waiting.append(receiver.expect(wire.PUBLISH, payload=str(n)).packet_id)


@rule("QoS 0 messages pass a full window", NEW)
def test_qos0_passes(broker, version):
    topic = unique("pass")
    with broker.connected(props={"receive_max": 1}) as receiver, broker.connected() as sender:
        receiver.subscribe((topic, 1))
        sender.publish(topic, b"one", 1, 1)
        receiver.expect(wire.PUBLISH, payload="one")
        sender.publish(topic, b"two", 1, 2)
        sender.publish(unique("other"), b"", 1, 3)
        receiver.expect_silence()


@rule("[MQTT-4.3.3-4] a PUBREC with an error ends the message and frees its place", NEW)
def test_pubrec_error(broker, version):
    topic = unique("error")
    with broker.connected(props={"receive_max": 1}) as receiver, broker.connected() as sender:
        receiver.subscribe((topic, 2))
        sender.publish(topic, b"refused", 2, 1)
        sender.publish(topic, b"wanted", 2, 2)
        number = receiver.expect(wire.PUBLISH, payload="refused").packet_id
        receiver.send(wire.ack(wire.PUBREC, number, 0x83))
        receiver.take("wanted")
        receiver.expect_silence()


@rule("a PUBACK with an error ends the message", NEW)
def test_puback_error(broker, version):
    topic, name, keep = unique("nack"), unique("nack"), {"session_expiry": 60, "receive_max": 1}
    with (broker.connected(client_id=name, clean=False, props=keep) as receiver,
          broker.connected() as sender):
        receiver.subscribe((topic, 1))
        sender.publish(topic, b"refused", 1)
        receiver.send(wire.ack(wire.PUBACK, receiver.expect(wire.PUBLISH).packet_id, 0x87))
        receiver.ping()
        receiver.drop()
    with broker.connected(client_id=name, clean=False, props=keep) as receiver:
        receiver.expect_silence()


@rule("[MQTT-3.1.2-25] a message too large for the client is dropped for it alone", NEW)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_client_maximum_packet_size(broker, version, qos):
    topic = unique("large")
    with (broker.connected(props={"max_packet_size": 100}) as small, broker.connected() as big,
          broker.connected() as sender):
        small.subscribe((topic, 2))
        big.subscribe((topic, 2))
        for n, size in enumerate((200, 5), start=1):
            answer = sender.publish(topic, b"." * size, qos, n)
            assert answer is None or answer.reason == 0
        assert [len(big.take().payload) for _ in range(2)] == [200, 5]
        assert len(small.take().raw) <= 100
        small.expect_silence()


@rule("[MQTT-3.1.2-24] a packet of exactly the client's maximum is sent, one byte more is not", NEW)
def test_client_maximum_is_inclusive(broker, version):
    topic = unique("exact")
    overhead = len(wire.publish(topic, b"", 0))
    with broker.connected(props={"max_packet_size": 120}) as client, broker.connected() as sender:
        client.subscribe(topic)
        sender.publish(topic, b"." * (121 - overhead), 0)
        sender.publish(topic, b"." * (120 - overhead), 0)
        assert len(client.take().raw) == 120


@rule("[MQTT-3.1.2-27] no alias is sent to who allows none", NEW)
@pytest.mark.parametrize("props", [{}, {"topic_alias_max": 0}], ids=["absent", "zero"])
def test_no_server_alias(broker, version, props):
    topic = unique("noalias")
    with broker.connected(props=props) as client:
        client.subscribe(topic)
        for _ in range(3):
            client.publish(topic, b"x")
            assert client.take("x", topic=topic).props == {}


@rule("[MQTT-3.1.2-26, 3.3.2-11] aliases stay within the client's maximum and mean what they said",
      NEW)
def test_server_alias(broker, version):
    topics = [unique("alias") for _ in range(4)]
    with broker.connected(props={"topic_alias_max": 2}) as client:
        client.subscribe(*topics)
        known, short = {}, 0
        for topic in topics * 3:
            client.publish(topic, topic)
            message = client.take(topic)
            alias = message.props.get("topic_alias")
            assert alias in (None, 1, 2) and (alias or message.topic)
            if message.topic and alias:
                known[alias] = message.topic
            short += not message.topic
            assert (message.topic or known[alias]) == topic
        assert short > 0, "the server never used an alias it had set"


# --- what the server can take


@rule("[MQTT-3.3.4-7] more than the server's Receive Maximum ends the connection with 0x93", NEW)
def test_server_receive_maximum(daemon, version):
    with daemon("--limits.receive_maximum=3").connected() as client:
        for n in (1, 2, 3):
            client.send(wire.publish("t", b"x", 2, n))
            client.expect(wire.PUBREC, packet_id=n)
        client.send(wire.publish("t", b"x", 2, 4))
        client.expect_refusal(0x93)


@rule("[MQTT-3.3.4-7] a completed handshake makes room again", NEW)
@pytest.mark.parametrize("qos", [1, 2])
def test_server_window_reused(daemon, version, qos):
    with daemon("--limits.receive_maximum=1").connected() as client:
        for n in range(1, 6):
            client.publish("t", b"x", qos, n)


@rule("[MQTT-3.2.2-15] a packet above the server's maximum ends the connection with 0x95")
def test_server_maximum_packet_size(daemon, version):
    one = daemon("--limits.max_packet_size=1000")
    with one.connected(version) as client, one.connected(version) as other:
        fits = 1000 - len(wire.publish("t", b"." * 200, 1, version=version)) + 200
        assert client.publish("t", b"." * fits, 1)
        client.send(wire.publish("t", b"." * (fits + 1), 1, version=version))
        client.expect_refusal(0x95)
        other.ping()


@rule("a CONNECT above the server's maximum is not served")
def test_large_connect(daemon, version):
    from client import Client
    with Client(daemon("--limits.max_packet_size=1000").port, version) as client:
        client.send(wire.connect("x" * 2000, version))
        answer = client.receive()
        assert answer is None or answer.reason == 0x95


@rule("[MQTT-3.3.2-12] an alias can be set, used and set anew", NEW)
def test_client_alias(broker, version):
    one, two = unique("a"), unique("b")
    with broker.connected() as receiver, broker.connected() as sender:
        receiver.subscribe(one, two)
        for topic, seen in [(one, one), ("", one), (two, two), ("", two)]:
            sender.publish(topic, seen, 1, props={"topic_alias": 1})
            message = receiver.take(seen, topic=seen)
            assert "topic_alias" not in message.props


@rule("[MQTT-3.3.2-7] aliases end with the connection", NEW)
def test_alias_forgotten(broker, version):
    name, topic, keep = unique("forget"), unique("forget"), {"session_expiry": 60}
    with broker.connected(client_id=name, clean=False, props=keep) as client:
        client.publish(topic, b"x", 1, props={"topic_alias": 1})
        client.drop()
    with broker.connected(client_id=name, clean=False, props=keep) as client:
        client.send(wire.publish("", b"x", 1, props={"topic_alias": 1}))
        client.expect_refusal((0x82, 0x94))


@rule("a client that does not read holds nobody up", NEW + OLD)
def test_slow_reader(broker, version):
    topic = unique("slow")
    with (broker.connected(version) as slow, broker.connected(version) as fast,
          broker.connected(version) as sender):
        slow.subscribe(topic)
        fast.subscribe(topic)
        for n in range(200):
            sender.publish(topic, b"." * 20_000, 1, n + 1)
            fast.take()
        sender.ping()
