"""Each illegal packet ends its own connection with the right answer, and bystanders are served."""

import itertools
import socket

import pytest

import bad_packets
import wire
from bad_packets import CLOSE
from client import Client, unique
from rule import BOTH, VERSION_NAMES
from wire import V5, V311


@pytest.fixture(scope="module")
def bystanders(shared_daemon):
    """A sender, a receiver and the topic between them; called once after each bad packet."""
    topic, numbers = unique("bystander"), itertools.count(1)
    with shared_daemon.connected(V311) as sender, shared_daemon.connected() as receiver:
        receiver.subscribe((topic, 1))

        def serve():
            payload = str(next(numbers))
            sender.publish(topic, payload, 1)
            receiver.take(payload, topic=topic)

        yield serve


def cases(build):
    rows = [(version, *row) for version in BOTH for row in build(version)]
    return pytest.mark.parametrize("version, data, reason",
                                   [(v, data, reason) for v, _, data, reason in rows],
                                   ids=[f"{name} ({VERSION_NAMES[v]})" for v, name, _, _ in rows])


def allowed(reason):
    return [r for r in (reason if isinstance(reason, tuple) else (reason, )) if isinstance(r, int)]


def check_end(client, reason):
    """3.1.1 closes; 5.0 says why, where the specification demands it, and closes."""
    packet = client.receive()
    if client.version != V5:
        assert packet is None or (packet.type == wire.CONNACK and packet.reason), (
            f"wanted the end, got {packet}")
    elif packet is None:
        assert reason is CLOSE, "closed without a reason code"
    else:
        assert packet.type in (wire.DISCONNECT, wire.CONNACK), (
            f"wanted an end with a reason, got {packet}")
        assert packet.reason in allowed(reason), (
            f"wanted {[hex(r) for r in allowed(reason)]}, got {packet}")
    if packet is not None:
        client.expect_closed()


def after_connect(version):
    return bad_packets.for_all(version) + (bad_packets.for_five() if version == V5 else [])


@cases(after_connect)
def test_bad_packet(broker, bystanders, version, data, reason):
    with broker.connected(version) as client:
        client.send(data)
        if version == V5 and isinstance(reason, tuple) and ("code", 0x8F) in reason:
            expect_end_or_code(client, reason)
        else:
            check_end(client, reason)
    bystanders()


def expect_end_or_code(client, reason):
    """An invalid filter may also be refused in SUBACK with 0x8F; then the connection goes on."""
    packet = client.receive()
    if packet is not None and packet.type == wire.SUBACK:
        assert packet.codes == [0x8F]
        client.ping()
        return
    assert packet is not None and packet.type == wire.DISCONNECT, packet
    assert packet.reason in allowed(reason), packet
    client.expect_closed()


@cases(bad_packets.connects)
def test_bad_connect(broker, bystanders, version, data, reason):
    with Client(broker.port, version) as client:
        client.send(data)
        packet = client.receive()
        if packet is not None:
            assert packet.type == wire.CONNACK and packet.reason != 0, packet
            assert not packet.session_present, "[MQTT-3.2.2-6] no session is present in a refusal"
            if version == V5:
                assert packet.reason in allowed(reason), (
                    f"wanted {[hex(r) for r in allowed(reason)]}, got {packet}")
            client.expect_closed()
    bystanders()


@pytest.mark.parametrize("first", range(256), ids=lambda value: f"{value:02x}")
def test_any_first_byte(broker, bystanders, first):
    """No first packet but a CONNECT opens a session, and one byte of any kind harms nobody."""
    with Client(broker.port, V311) as client:
        client.send(bytes([first, 0]))
        if first >> 4 == wire.CONNECT:
            answer = client.receive()
            assert answer is None or answer.reason
        else:
            client.expect_closed()
    bystanders()


def good_session():
    """One of everything, as a byte stream that tests cut and bend."""
    will = wire.Will("w/t", b"will", 1, props={"will_delay": 0})
    return (wire.connect(unique("stream"), props={"session_expiry": 5}, will=will, user="u",
                         password="p") +
            wire.subscribe([("s/#", 2), ("$share/g/s/x", 1)], 1, {"subscription_id": 3}) +
            wire.publish("s/x", b"one", 1, 2,
                         props={"user_property": [("a", "b")], "topic_alias": 1}) +
            wire.publish("s/x", b"two", 2, 3) + wire.ack(wire.PUBREL, 3) + wire.pingreq() +
            wire.unsubscribe(["s/#"], 4) + wire.disconnect(4, {"reason_string": "x"}))


def test_cut_streams(broker, bystanders):
    """A connection that ends anywhere in a valid session leaves the broker in order."""
    stream = good_session()
    for length in range(0, len(stream), 3):
        with Client(broker.port) as client:
            client.send(stream[:length])
            client.socket.shutdown(socket.SHUT_WR)
            while client._fill():
                pass
    bystanders()


def test_byte_by_byte(broker):
    """A packet in as many segments as it has bytes is the same packet."""
    with Client(broker.port) as client:
        for byte in wire.connect(unique("slow")) + wire.publish("t", b"x" * 200, 1, 9):
            client.send(bytes([byte]))
        client.expect(wire.CONNACK, reason=0)
        client.expect(wire.PUBACK, packet_id=9)


def test_bent_streams(broker, bystanders):
    """Every byte of a valid session is replaced in turn; the broker and the others live on."""
    stream = good_session()
    for at in range(len(stream)):
        bent = stream[:at] + bytes([stream[at] ^ (0x80 if at % 2 else 0xFF)]) + stream[at + 1:]
        with Client(broker.port) as client:
            try:
                client.send(bent)
                client.socket.shutdown(socket.SHUT_WR)
                while client._fill():
                    pass
            except OSError:
                pass
    bystanders()


def test_announced_giants_take_no_memory(broker, bystanders):
    """[MQTT-3.1.0-1] A stranger that announces a packet of 256 MB is cut off, not waited for."""
    before = resident_kb(broker.process.pid)
    with_giants = [Client(broker.port, V311) for _ in range(15)]
    for kind, client in enumerate(with_giants):
        try:
            client.send(bytes([kind << 4, 0xFF, 0xFF, 0xFF, 0x7F]) + b"\1" * 100_000)
        except OSError:
            pass
    bystanders()
    assert resident_kb(broker.process.pid) - before < 20_000
    for client in with_giants:
        client.drop()


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
