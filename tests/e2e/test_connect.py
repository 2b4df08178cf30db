"""CONNECT, CONNACK, DISCONNECT, PINGREQ: who gets in, what the answer says, how it ends."""

import time

import pytest

import wire
from client import Client, unique
from rule import ALL, NEW, OLD, rule
from wire import V5, V31, V311


@rule("[MQTT-3.1.4-5, MQTT311-3.1.4-4] a valid CONNECT is answered by a CONNACK with code 0", ALL)
def test_accepted(broker, version):
    with Client(broker.port, version) as client:
        connack = client.connect()
        assert not connack.session_present
        client.ping()


@rule("packets sent before the CONNACK arrives are served")
def test_no_need_to_wait(broker, version):
    with Client(broker.port, version) as client:
        topic = unique("early")
        client.send(wire.connect(unique("early"), version) +
                    wire.subscribe([(topic, 0)], 5, version=version) +
                    wire.publish(topic, b"x", version=version) + wire.pingreq())
        client.expect(wire.CONNACK, reason=0)
        client.expect(wire.SUBACK, packet_id=5)
        client.expect(wire.PUBLISH, topic=topic)
        client.expect(wire.PINGRESP)


@rule("[MQTT311-3.1.2-2] an unknown protocol level is refused", OLD)
@pytest.mark.parametrize("level", [0, 2, 6, 127])
def test_unknown_level(broker, version, level):
    """3.1.1 demands return code 1, 5.0 reason 0x84; who knows both may use either form."""
    with Client(broker.port, V311) as client:
        client.send(wire.connect("x", version=V311).replace(b"MQTT\x04", b"MQTT" + bytes([level])))
        client._fill()
        assert client.buffer[:4] in (bytes.fromhex("20020001"),
                                     bytes.fromhex("20030084")), client.buffer


@rule("[MQTT-3.1.2-1, MQTT311-3.1.2-1] a wrong protocol name ends the connection", ALL)
@pytest.mark.parametrize("name", ["", "M", "MQTU", "mqtt", "MQTTT", "HTTP/1.1"])
def test_wrong_name(broker, version, name):
    with Client(broker.port, version) as client:
        client.send(wire.connect("x", version, protocol_name=name))
        answer = client.receive()
        assert answer is None or answer.reason in (0x01, 0x81, 0x82, 0x84)
        if answer:
            client.expect_closed()


@rule("[MQTT-3.1.0-1, MQTT311-3.1.0-1] the first packet must be a CONNECT")
@pytest.mark.parametrize("first", [wire.pingreq(), wire.disconnect(), wire.publish("t", b"x"),
                                   wire.ack(wire.PUBACK, 1)])
def test_first_packet(broker, version, first):
    with Client(broker.port, version) as client:
        client.send(first)
        client.expect_closed()


@rule("[MQTT-3.1.0-2, MQTT311-3.1.0-2, 4.8.0-1] a second CONNECT is a protocol error")
def test_second_connect(broker, version):
    with broker.connected(version) as client:
        client.send(wire.connect("again", version))
        client.expect_refusal(0x82)


@rule("[MQTT-3.1.3-6, MQTT311-3.1.3-6] an empty client id with a clean session is given one by the "
      "server")
def test_empty_id(broker, version):
    with Client(broker.port, version) as one, Client(broker.port, version) as two:
        first, second = one.connect(""), two.connect("")
        if version == V5:
            assert first.props["assigned_client_id"] != second.props["assigned_client_id"]
            assert len(first.props["assigned_client_id"]) > 0
        one.ping()
        two.ping()


@rule("[MQTT311-3.1.3-8, -9, 3.2.2-4, -5] an empty client id that wants to keep its session is "
      "refused with code 2", OLD)
def test_empty_id_kept_session(broker, version):
    with Client(broker.port, version) as client:
        assert not client.connect("", clean=False, reason=2).session_present
        client.expect_closed()


@rule("[MQTT-3.2.2-16] an assigned client id names the session from then on", NEW)
def test_assigned_id_is_usable(broker, version):
    with Client(broker.port, version) as client:
        name = client.connect("", clean=False,
                              props={"session_expiry": 60}).props["assigned_client_id"]
        client.disconnect()
    with Client(broker.port, version) as client:
        assert client.connect(name, clean=False).session_present


@rule("[MQTT-3.1.3-5, MQTT311-3.1.3-5] client ids of 1 to 23 characters are accepted, and longer "
      "ones", ALL)
@pytest.mark.parametrize("name", ["a", "0123456789abcdefghijklM", "x" * 200,
                                  "mit Leerzeichen é 漢 😀"], ids=len)
def test_client_ids(broker, version, name):
    with Client(broker.port, version) as client:
        client.connect(name)


@rule("[MQTT-3.1.4-3, MQTT311-3.1.4-2] a second connection with the id takes the session over", ALL)
def test_take_over(broker, version):
    name = unique("takeover")
    with broker.connected(version, name) as old, broker.connected(version, name) as new:
        old.expect_refusal(0x8E)
        new.ping()


@rule("[MQTT-3.1.2-22, 3.2.2-22, MQTT311-3.1.2-24] silence for one and a half times the keep alive "
      "ends the connection", ALL)
def test_keep_alive(broker, version):
    with broker.connected(version, keep_alive=1) as client:
        client.expect_refusal(0x8D)


@rule("any packet keeps the connection alive")
def test_kept_alive(broker, version):
    watcher, topic = broker.connected(version), unique("tick")
    with (watcher, broker.connected(version, keep_alive=1) as client,
          broker.connected(version, keep_alive=2) as clock):
        watcher.subscribe(topic)
        for _ in range(3):
            client.socket.settimeout(0.7)
            with pytest.raises(TimeoutError):
                client.receive()
            client.publish(topic, b"tick")
            watcher.take("tick")
        clock.expect_refusal(0x8D)
        client.socket.settimeout(10)
        client.publish(topic, b"still here")
        watcher.take("still here")


@rule("[MQTT-3.2.2-21] a keep alive longer than the server allows is replaced by the server's", NEW)
def test_server_keep_alive(daemon, version):
    with daemon("--limits.max_keepalive_s=30").client(version) as client:
        assert client.connect(keep_alive=120).props["server_keep_alive"] == 30


@rule("[MQTT-3.2.2-2, -3, MQTT311-3.2.2-1, -2, -3] no session is present after a clean start", ALL)
def test_session_present(broker, version):
    name, keep = unique("present"), {"props": {"session_expiry": 100}} if version == V5 else {}
    for clean, present in [(False, False), (False, True), (True, False), (False, version == V5),
                           (False, True)]:
        with Client(broker.port, version) as client:
            connack = client.connect(name, clean=clean, **keep)
            assert connack.session_present == (present and version != V31), (clean, present)
            client.disconnect()


@rule("[MQTT-3.12.4-1, MQTT311-3.12.4-1] PINGREQ is answered by PINGRESP", ALL)
def test_ping(broker, version):
    with broker.connected(version) as client:
        client.send(wire.pingreq() * 3)
        for _ in range(3):
            client.expect(wire.PINGRESP)


@rule("the server closes after DISCONNECT and serves nothing after it", ALL)
def test_disconnect(broker, version):
    with broker.connected(version) as client:
        client.send(wire.disconnect() + wire.pingreq())
        client.expect_closed()


@rule("a session expiry of 0 cannot be changed by DISCONNECT", NEW)
def test_disconnect_cannot_revive_expiry(broker, version):
    with broker.connected(version) as client:
        client.send(wire.disconnect(0, {"session_expiry": 10}))
        client.expect_refusal(0x82)


@rule("user name and password are accepted where anonymous access is", ALL)
@pytest.mark.parametrize("user, password", [("u", None), ("u", "p"), ("", ""), ("u", b"\0\xff")])
def test_credentials(broker, version, user, password):
    with Client(broker.port, version) as client:
        client.connect(user=user, password=password)


@rule("a server that allows no anonymous access refuses", ALL)
def test_anonymous_refused(daemon, version):
    with daemon("--auth.anonymous=false").client(version) as client:
        client.send(wire.connect("x", version))
        connack = client.expect(wire.CONNACK)
        assert connack.reason in ((0x86, 0x87) if version == V5 else (4, 5))
        client.expect_closed()


@rule("[MQTT-4.12.0-1] an unknown authentication method is refused with 0x8C", NEW)
def test_unknown_auth_method(broker, version):
    with Client(broker.port, version) as client:
        client.connect(props={"auth_method": "GUESS", "auth_data": b"x"}, reason=0x8C)
        client.expect_closed()


@rule("[MQTT-4.12.0-7] AUTH without an authentication method is a protocol error", NEW)
def test_unasked_auth(broker, version):
    with broker.connected(version) as client:
        client.send(wire.auth(0x18))
        client.expect_refusal(0x82)


LIMITS = [
    ("--limits.max_packet_size=4096", "max_packet_size", 4096),
    ("--limits.receive_maximum=7", "receive_max", 7),
    ("--limits.topic_alias_max=3", "topic_alias_max", 3),
    ("--mqtt.max_qos=1", "max_qos", 1),
    ("--mqtt.retain_available=false", "retain_available", 0),
    ("--limits.session_expiry_max_s=50", "session_expiry", 50),
]


@rule("the CONNACK tells the server's limits", NEW)
@pytest.mark.parametrize("option, name, value", LIMITS, ids=[row[1] for row in LIMITS])
def test_limits_told(daemon, version, option, name, value):
    with daemon(option).client(version) as client:
        assert client.connect(props={"session_expiry": 100}).props[name] == value


@rule("[MQTT-3.1.2-28] no response information is sent to who did not ask", NEW)
@pytest.mark.parametrize("props", [{}, {"request_response": 0}], ids=["absent", "zero"])
def test_no_response_information(broker, version, props):
    with Client(broker.port, version) as client:
        assert "response_info" not in client.connect(props=props).props


@rule("[MQTT-3.1.2-29] no reason string or user property is sent to who asked for none", NEW)
def test_no_problem_information(broker, version):
    with broker.connected(version, props={"request_problem": 0}) as client:
        suback = client.subscribe(unique("plain"))
        puback = client.publish("$SYS/forbidden", qos=1)
        unsuback = client.unsubscribe(unique("never"))
        for packet in (suback, puback, unsuback):
            assert not {"reason_string", "user_property"} & set(packet.props), packet


@rule("connections above the limit are refused and later ones accepted again")
def test_max_connections(daemon, version):
    one = daemon("--limits.max_connections=2")
    first, second = one.connected(version), one.connected(version)
    with Client(one.port, version) as third:
        try:
            third.send(wire.connect("third", version))
        except OSError:
            pass
        answer = third.receive()
        assert answer is None or answer.reason != 0, answer
    first.disconnect()
    first.drop()
    second.ping()
    deadline = time.monotonic() + 5  # The place is free a moment after the client has gone.
    while True:
        with Client(one.port, version) as fourth:
            fourth.send(wire.connect(unique("fourth"), version))
            answer = fourth.receive()
        if answer and answer.reason == 0:
            break
        assert time.monotonic() < deadline, "the place of a client that left is not given away"
