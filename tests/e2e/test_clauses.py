"""What a broker owes in each exchange and no other test is about: the ids of its answers, its
first and its last packet, how a handshake begins and ends, and what it leaves out."""

import pytest

import wire
from client import Client, unique
from rule import ALL, NEW, rule
from wire import V5

KEEP = {"clean": False, "props": {"session_expiry": 100}}
IDS = (1, 255, 256, 65535)
DENIED = 0x87
GONE_S = 1.5  # A second of MQTT is over.


def kept(version):
    return KEEP if version == V5 else {"clean": False}


def expect_nothing_for(client, seconds):
    client.socket.settimeout(seconds)
    with pytest.raises(TimeoutError):
        client.receive()
    client.socket.settimeout(10)


# --- which packet comes first, and which last


@rule("[MQTT-3.2.0-1, -2, MQTT311-3.2.0-1] CONNACK comes before all that waits, and once", ALL)
def test_connack_first(broker, version):
    topic, name = unique("first"), unique("first")
    with broker.connected(version, name, **kept(version)) as away:
        away.subscribe((topic, 1))
        away.disconnect()
    with broker.connected(version) as sender, Client(broker.port, version) as back:
        sender.publish(topic, b"waits", 1)
        back.send(wire.connect(name, version, **kept(version)) + wire.pingreq())
        back.expect(wire.CONNACK, reason=0)
        assert {back.receive().type for _ in range(2)} == {wire.PUBLISH, wire.PINGRESP}
        back.send(wire.connect(name, version, **kept(version)))
        back.expect_refusal(0x82)


@rule("[MQTT-3.1.4-1, MQTT311-3.1.4-1] a CONNECT that is not valid gets no success, and its "
      "connection ends")
@pytest.mark.parametrize("spoil", [
    lambda packet: packet[:-1] + b"\xff",  # The client id is no UTF-8.
    lambda packet: packet[:1] + bytes([packet[1] + 1]) + packet[2:] + b"x",  # A byte too many.
    lambda packet: bytes([packet[0] | 1]) + packet[1:],
], ids=["text", "length", "flags"])
def test_bad_connect(broker, version, spoil):
    with Client(broker.port, version) as client:
        client.send(spoil(wire.connect("name", version)))
        answer = client.receive()
        assert answer is None or (answer.type == wire.CONNACK and answer.reason != 0), answer
        assert answer is None or client.receive() is None


@rule("[MQTT-3.2.2-7] a CONNACK with an error is the last packet", NEW)
def test_refused_is_closed(broker, version):
    with Client(broker.port, version) as client:
        client.connect(reason=0x8C, props={"auth_method": "none of ours"})
        client.expect_closed()


@rule("[MQTT-4.12.0-6] who names no authentication method is sent none", NEW)
def test_no_auth_unasked(broker, version):
    with broker.client() as client:
        assert not client.connect(unique("plain")).props.keys() & {"auth_method", "auth_data"}
        client.expect_silence()


@rule("[MQTT-3.14.0-1] before its CONNACK the server closes without a DISCONNECT", NEW)
@pytest.mark.parametrize("first", [wire.pingreq(), b"\x00\x00", wire.disconnect(), wire.auth()],
                         ids=["PINGREQ", "reserved", "DISCONNECT", "AUTH"])
def test_no_disconnect_before_connack(broker, version, first):
    with Client(broker.port, version) as client:
        client.send(first)
        client.expect_closed()


@rule("[MQTT-3.14.4-1, -2] after its DISCONNECT the server sends nothing and closes", NEW)
def test_disconnect_is_last(broker, version):
    topic = unique("last")
    with broker.connected() as client, broker.connected() as sender:
        client.subscribe(topic)
        client.send(wire.publish(topic, b"", 0, props={"subscription_id": 1}))
        sender.publish(topic, b"late", 1)
        client.expect_refusal(0x82)


@rule("[MQTT-3.14.2-2] a server's DISCONNECT has no Session Expiry Interval", NEW)
def test_disconnect_without_expiry(broker, version):
    name = unique("taken")
    with broker.connected(client_id=name, **KEEP) as old, broker.connected(client_id=name, **KEEP):
        assert "session_expiry" not in old.expect(wire.DISCONNECT, reason=0x8E).props
        old.expect_closed()


# --- whose session it is, and how long


@rule("[MQTT-3.1.3-2, MQTT311-3.1.3-2] the client id says whose session it is", ALL)
def test_two_ids(broker, version):
    topic, names = unique("mine"), [unique("one"), unique("two")]
    for name in names:
        with broker.connected(version, name, **kept(version)) as client:
            client.subscribe((f"{topic}/{name}", 1))
            client.disconnect()
    with broker.connected(version) as sender:
        for name in names:
            sender.publish(f"{topic}/{name}", name, 1)
    for name in names:
        with broker.connected(version, name, **kept(version)) as client:
            client.take(name)
            client.expect_silence()


@rule("[MQTT-3.1.3-8] where a client must have an id, an empty one is refused with 0x85", NEW)
def test_empty_id_refused(daemon, version):
    with daemon("--mqtt.allow_empty_client_id=false").client() as client:
        client.connect("", reason=0x85)
        client.expect_closed()


@rule("[MQTT-4.1.0-1] a session is kept as long as its connection is open, whatever its expiry",
      NEW)
@pytest.mark.parametrize("expiry_s", [0, 1])
def test_open_connection_keeps(broker, version, expiry_s):
    topic = unique("open")
    with (broker.connected(props={"session_expiry": expiry_s}) as client,
          broker.connected() as sender):
        client.subscribe((topic, 2))
        sender.publish(topic, b"half", 2)
        half = client.expect(wire.PUBLISH, payload="half")
        expect_nothing_for(client, GONE_S)
        client.send(wire.ack(wire.PUBREC, half.packet_id))
        client.expect(wire.PUBREL, packet_id=half.packet_id)
        client.send(wire.ack(wire.PUBCOMP, half.packet_id))
        sender.publish(topic, b"whole", 2)
        client.take("whole")


# --- packet ids


@rule("[MQTT-2.2.1-5, MQTT311-2.3.1-6] an acknowledgement has the id of what it acknowledges", ALL)
@pytest.mark.parametrize("packet_id", IDS)
def test_ids_of_acknowledgements(broker, version, packet_id):
    with broker.connected(version) as client:
        client.publish(unique("id"), b"x", 1, packet_id)
        client.publish(unique("id"), b"x", 2, packet_id)


@rule("[MQTT-2.2.1-6, MQTT311-2.3.1-7, 3.8.4-1, -2, 3.10.4-4] SUBACK and UNSUBACK have the id of "
      "what they answer", ALL)
@pytest.mark.parametrize("packet_id", IDS)
def test_ids_of_answers(broker, version, packet_id):
    topic = unique("id")
    with broker.connected(version) as client:
        client.subscribe(topic, packet_id=packet_id)
        client.unsubscribe(topic, packet_id=packet_id)


@rule("[MQTT-2.2.1-4, 4.3.2-1, 4.3.3-1, MQTT311-2.3.1-4, 4.3.2-1, 4.3.3-1] each message under way "
      "has an id of its own, never 0", ALL)
def test_ids_under_way(broker, version):
    topic = unique("under-way")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((topic, 2))
        for n in range(1, 21):
            sender.publish(topic, str(n), 1 + n % 2, n)
        ids = [client.expect(wire.PUBLISH, payload=str(n)).packet_id for n in range(1, 21)]
        assert 0 not in ids and len(set(ids)) == 20
        sender.publish(topic, b"last", 1, 21)
        assert client.expect(wire.PUBLISH, payload="last").packet_id not in ids


@rule("[MQTT-4.6.0-2, -3, -4, MQTT311-4.6.0-2, -3, -4] acknowledgements come in the order of what "
      "they acknowledge", ALL)
def test_order_of_acknowledgements(broker, version):
    topic, ids = unique("order"), (7, 3, 65535, 1, 500)
    with broker.connected(version) as client:
        for qos, answer in ((1, wire.PUBACK), (2, wire.PUBREC)):
            client.send(b"".join(wire.publish(topic, b"x", qos, n, version=version) for n in ids))
            assert [client.expect(answer).packet_id for _ in ids] == list(ids)
        client.send(b"".join(wire.ack(wire.PUBREL, n) for n in reversed(ids)))
        assert [client.expect(wire.PUBCOMP).packet_id for _ in ids] == list(reversed(ids))
    with broker.connected(version) as receiver, broker.connected(version) as sender:
        receiver.subscribe((topic, 2))
        for n in ids:
            sender.publish(topic, b"x", 2, n)
        sent = [receiver.expect(wire.PUBLISH).packet_id for _ in ids]
        swapped = [sent[1], sent[0], *sent[2:]]
        receiver.send(b"".join(wire.ack(wire.PUBREC, n) for n in swapped))
        assert [receiver.expect(wire.PUBREL).packet_id for _ in ids] == swapped


# --- handshakes


@rule("[MQTT-4.3.1-1, 4.3.2-2, 4.3.3-2, MQTT311-4.3.1-1, 4.3.2-1, 4.3.3-1] a message is sent first "
      "without DUP", ALL)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_first_without_dup(broker, version, qos):
    topic = unique("dup")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((topic, qos))
        sender.send(wire.publish(topic, b"x", qos, 1, dup=qos > 0, version=version))
        client.take("x", qos=qos, dup=False)


@rule("[MQTT-4.3.2-5, 4.3.3-12, MQTT311-4.3.2-2, 4.3.3-2] an id that was acknowledged names a new "
      "message", ALL)
@pytest.mark.parametrize("qos", [1, 2])
def test_id_used_again(broker, version, qos):
    topic = unique("again")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((topic, qos))
        for n in range(3):
            sender.publish(topic, str(n), qos, 77, dup=n > 0)
            client.take(str(n))


@rule("[MQTT-4.3.3-9] the id of a message that was refused in its PUBREC names a new one", NEW)
def test_id_of_refused(broker, version):
    topic = unique("refused")
    with broker.connected() as client, broker.connected() as sender:
        client.subscribe((topic, 2))
        assert sender.publish("$SYS/x", b"", 2, 5).reason == DENIED
        sender.publish(topic, b"new", 2, 5)
        client.take("new")
        client.expect_silence()


@rule("[MQTT-4.3.2-3, 4.3.3-3, MQTT311-4.3.2-1, 4.3.3-1] what is not acknowledged is sent again to "
      "the next connection", ALL)
@pytest.mark.parametrize("qos", [1, 2])
def test_unacknowledged(broker, version, qos):
    topic, name = unique("unacked"), unique("unacked")
    with (broker.connected(version, name, **kept(version)) as client,
          broker.connected(version) as sender):
        client.subscribe((topic, qos))
        sender.publish(topic, b"x", qos)
        number = client.expect(wire.PUBLISH, dup=False).packet_id
        client.drop()
    with broker.connected(version, name, **kept(version)) as client:
        client.take("x", dup=True, packet_id=number)
        client.expect_silence()


@rule("[MQTT-4.3.3-7] what was sent once does not expire any more", NEW)
@pytest.mark.parametrize("qos", [1, 2])
def test_sent_does_not_expire(broker, version, qos):
    topic, name = unique("sent"), unique("sent")
    with broker.connected(client_id=name, **KEEP) as client, broker.connected() as sender:
        client.subscribe((topic, qos))
        sender.publish(topic, b"x", qos, props={"message_expiry": 1})
        number = client.expect(wire.PUBLISH).packet_id
        expect_nothing_for(client, GONE_S)
        client.drop()
    with broker.connected(client_id=name, **KEEP) as client:
        client.take("x", dup=True, packet_id=number)


@rule("[MQTT-4.3.3-13] the handshake of a message goes on when the message has expired", NEW)
def test_expired_handshake(broker, version):
    with broker.connected() as client:
        client.send(wire.publish(unique("expired"), b"x", 2, 9, props={"message_expiry": 1}))
        client.expect(wire.PUBREC, packet_id=9)
        expect_nothing_for(client, GONE_S)
        client.send(wire.ack(wire.PUBREL, 9))
        client.expect(wire.PUBCOMP, packet_id=9, reason=0)


@rule("[MQTT-4.4.0-2] what was refused by an acknowledgement is not sent again", NEW)
@pytest.mark.parametrize("qos, answer", [(1, wire.PUBACK), (2, wire.PUBREC)])
def test_refused_is_over(broker, version, qos, answer):
    topic, name = unique("over"), unique("over")
    with broker.connected(client_id=name, **KEEP) as client, broker.connected() as sender:
        client.subscribe((topic, qos))
        sender.publish(topic, b"x", qos)
        client.send(wire.ack(answer, client.expect(wire.PUBLISH).packet_id, 0x80))
        client.ping()
        client.drop()
    with broker.connected(client_id=name, **KEEP) as client:
        client.expect_silence()


@rule("[MQTT-4.8.2-6] what a member of a group refuses goes to no other", NEW)
@pytest.mark.parametrize("qos, answer", [(1, wire.PUBACK), (2, wire.PUBREC)])
def test_refused_by_member(broker, version, qos, answer):
    topic = unique("group")
    with (broker.connected() as one, broker.connected() as two, broker.connected() as sender):
        for member in (one, two):
            member.subscribe((f"$share/g/{topic}", qos))
        for n in (1, 2):
            sender.publish(topic, str(n), qos, n)
        for member in (one, two):
            member.send(wire.ack(answer, member.expect(wire.PUBLISH).packet_id, 0x80))
        for member in (one, two):
            member.expect_silence()


# --- flow control


@rule("[MQTT-3.3.4-10, 4.9.0-2, -3] a full window holds back messages and nothing else", NEW)
def test_full_window(broker, version):
    topic = unique("full")
    with broker.connected(props={"receive_max": 1}) as client, broker.connected() as sender:
        client.subscribe((topic, 1))
        for n in (1, 2):
            sender.publish(topic, str(n), 1, n)
        first = client.expect(wire.PUBLISH, payload="1").packet_id
        client.ping()
        client.publish(unique("other"), b"", 1, 1)
        client.publish(unique("other"), b"", 2, 2)
        client.subscribe(unique("other"))
        client.send(wire.ack(wire.PUBACK, first))
        client.take("2")


@rule("[MQTT-4.9.0-1] an acknowledgement makes room for one message, with an error too", NEW)
@pytest.mark.parametrize("reason", [0x00, 0x80])
def test_quota(broker, version, reason):
    topic = unique("quota")
    with broker.connected(props={"receive_max": 2}) as client, broker.connected() as sender:
        client.subscribe((topic, 1))
        for n in range(1, 6):
            sender.publish(topic, str(n), 1, n)
        under_way = [client.expect(wire.PUBLISH, payload=str(n)).packet_id for n in (1, 2)]
        for n in (3, 4, 5):
            client.expect_silence()
            client.send(wire.ack(wire.PUBACK, under_way.pop(0), reason))
            under_way.append(client.expect(wire.PUBLISH, payload=str(n)).packet_id)


# --- subscriptions


@rule("[MQTT-3.2.2-10, 3.8.4-7] a lower maximum QoS is granted, not refused", NEW)
@pytest.mark.parametrize("most", [0, 1])
def test_granted(daemon, version, most):
    with daemon(f"--mqtt.max_qos={most}").connected() as client:
        codes = client.subscribe(*((unique("qos"), qos) for qos in (0, 1, 2))).codes
        assert codes == [min(qos, most) for qos in (0, 1, 2)]


@rule("[MQTT-3.8.4-4] nothing is lost while a subscription is replaced", ALL)
def test_replaced_without_loss(broker, version):
    topic, count = unique("replaced"), 60
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((topic, 1))
        for n in range(1, count + 1):
            sender.send(wire.publish(topic, str(n), 1, n, version=version))
            if n % 3 == 0:
                client.send(wire.subscribe([(topic, 1)], 60_000 + n, version=version))
        got = []
        while len(got) < count:
            packet = client.receive()
            if packet.type == wire.PUBLISH:
                got.append(int(packet.payload))
                client.send(wire.ack(wire.PUBACK, packet.packet_id))
        assert got == list(range(1, count + 1))


@rule("[MQTT-3.10.4-6] many filters in one UNSUBSCRIBE end like one after the other", NEW)
def test_unsubscribe_many(broker, version):
    one, two = unique("one"), unique("two")
    with broker.connected() as client:
        client.subscribe(one, two)
        assert client.unsubscribe(one, unique("unknown"), two, one).codes == [0, 0x11, 0, 0x11]
        for topic in (one, two):
            client.publish(topic, b"x", 1)
        client.expect_silence()


@rule("[MQTT-3.3.2-3, MQTT311-3.3.2-3] the topic that is sent matches the filter that asked for it",
      ALL)
def test_topic_sent(broker, version):
    root = unique("match")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe(f"{root}/+/b/#")
        for topic in (f"{root}/a/b", f"{root}/a/b/c", f"{root}/a/c", f"{root}/é/b"):
            sender.publish(topic, topic.encode(), 1)
        got = [client.take().topic for _ in range(3)]
        assert got == [f"{root}/a/b", f"{root}/a/b/c", f"{root}/é/b"]
        client.expect_silence()


# --- topic aliases


@rule("[MQTT-3.2.2-18] without a Topic Alias Maximum no alias is taken", NEW)
def test_no_alias(daemon, version):
    with daemon("--limits.topic_alias_max=0").client() as client:
        assert client.connect().props.get("topic_alias_max", 0) == 0
        client.send(wire.publish("t", b"x", 0, props={"topic_alias": 1}))
        client.expect_refusal(0x94)


@rule("[MQTT-3.2.2-17, 3.3.2-12] aliases up to the maximum are taken, the next one is not", NEW)
def test_all_aliases(daemon, version):
    one = daemon("--limits.topic_alias_max=5")
    with one.client() as client:
        assert client.connect().props["topic_alias_max"] == 5
        client.subscribe("t/#")
        for alias in range(1, 6):
            client.publish(f"t/{alias}", b"named", props={"topic_alias": alias})
            client.take("named", topic=f"t/{alias}")
        for alias in range(5, 0, -1):
            client.publish("", b"meant", props={"topic_alias": alias})
            client.take("meant", topic=f"t/{alias}")
        client.send(wire.publish("t/6", b"x", 0, props={"topic_alias": 6}))
        client.expect_refusal(0x94)


# --- what does not fit is left out


def refused_publish(packet_type, qos):
    def ask(client):
        client.send(wire.publish("$SYS/x", b"", qos, 3))
        return client.expect(packet_type, packet_id=3, reason=DENIED)
    return ask


def second_connect(client):
    client.send(wire.connect("again"))
    return client.expect(wire.DISCONNECT, reason=0x82)


SMALL = 60  # Bytes; the CONNACK needs most of them.


@rule("[MQTT-3.4.2-2, -3, 3.5.2-2, -3, 3.14.2-3, -4] a Reason String is sent if it fits and "
      "nobody asked for none", NEW)
@pytest.mark.parametrize("ask", [refused_publish(wire.PUBACK, 1), refused_publish(wire.PUBREC, 2),
                                 second_connect], ids=["PUBACK", "PUBREC", "DISCONNECT"])
def test_reason_string(broker, version, ask):
    for props in ({}, {"request_problem": 1}):  # 3.1.2.11.7: absent means 1.
        with broker.connected(props=props) as client:
            assert ask(client).props.keys() == {"reason_string"}
    with broker.connected(props={"request_problem": 0}) as client:
        assert ask(client).props == {}
    with broker.connected(props={"max_packet_size": SMALL}) as client:
        packet = ask(client)
        assert packet.props == {} and len(packet.raw) <= SMALL


@rule("[MQTT-3.2.2-19, -20] a CONNACK that refuses says why, if it fits", NEW)
@pytest.mark.parametrize("limit, said", [({}, {"reason_string"}),
                                         ({"max_packet_size": SMALL}, set())],
                         ids=["fits", "does not fit"])
def test_reason_of_connack(broker, version, limit, said):
    with Client(broker.port) as client:
        connack = client.connect(reason=0x8C, props={"auth_method": "none of ours"} | limit)
        assert connack.props.keys() == said
        client.expect_closed()


@rule("[MQTT-3.6.2-2, -3, 3.7.2-2, -3, 3.9.2-1, -2, 3.11.2-1, -2] answers stay within the client's "
      "Maximum Packet Size", NEW)
def test_small_answers(broker, version):
    with broker.connected(props={"max_packet_size": SMALL}) as client:
        filters = ["$share/group/" + "x" * 100, "#", "a/b"]
        client.send(wire.subscribe([(name, 2) for name in filters], 1))
        answers = [client.expect(wire.SUBACK, packet_id=1)]
        client.send(wire.unsubscribe(["none", *filters], 2))
        answers.append(client.expect(wire.UNSUBACK, packet_id=2))
        client.send(wire.ack(wire.PUBREL, 4))
        answers.append(client.expect(wire.PUBCOMP, packet_id=4))
        client.send(wire.ack(wire.PUBREC, 5))
        answers.append(client.expect(wire.PUBREL, packet_id=5))
        assert all(packet.props == {} and len(packet.raw) <= SMALL for packet in answers)
