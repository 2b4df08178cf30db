"""Each limit once right and once over it, and nobody else is harmed: limits.* on connections, rates
and retained messages, those of one listener, and memory.max_bytes."""

import threading
import time

import pytest

import wire
from client import Client, unique
from ports import free_port
from rule import BOTH, NEW, rule
from test_ctl import wait_for
from test_http import ANY_PORT, metrics
from test_operation import ctl_of, hang_up, run
from wire import V5

# Addresses of their own: the fixture looks at the port from 127.0.0.1.
HERE, THERE = "127.0.0.2", "127.0.0.3"


def code(version, reason):
    """Of a CONNACK that refuses; MQTT 3 has one for all of these: server unavailable."""
    return reason if version == V5 else 3


def opened(one, version, source, port=None):
    return Client(port or one.port, version, source=source)


def joined(one, version, source, port=None, **options):
    client = opened(one, version, source, port)
    client.connect(**options)
    return client


def refused(one, version, source, reason, port=None, **options):
    with opened(one, version, source, port) as client:
        client.connect(reason=code(version, reason), **options)
        client.expect_closed()


def hits(one, limit):
    family = metrics(one)["tandemq_limit_hits_total"]
    return family.samples[("", (("limit", limit), ))]


# --- connections


@rule("limits.connections_per_address: more are refused, others come in, and who leaves makes room")
def test_connections_per_address(daemon, version):
    one = daemon(ANY_PORT, "--limits.connections_per_address=3")
    mine = [joined(one, version, HERE) for _ in range(3)]
    refused(one, version, HERE, 0x97)
    with joined(one, version, THERE) as other:
        other.ping()
    for client in mine:
        client.ping()
    mine[0].disconnect()
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 2)
    joined(one, version, HERE).disconnect()
    assert hits(one, "connections_per_address") == 1
    one.await_text("limits.connections_per_address was reached, connections were refused: 1 times")
    assert f"last '{HERE}:" in one.text()


@rule("limits.connect_rate_per_address: a storm is refused and mostly closed at once", BOTH)
def test_connect_rate_per_address(daemon, version):
    one = daemon(ANY_PORT, "--limits.connect_rate_per_address=20")
    storm, refusals, closed = [], 0, 0
    for _ in range(200):
        storm.append(opened(one, version, HERE))
    with joined(one, version, THERE) as other:
        other.ping()
    for client in storm:
        try:
            client.send(wire.connect(unique("storm"), version=version))
            answer = client.receive()
        except OSError:
            answer = None
        closed += answer is None
        refusals += answer is not None and answer.reason == code(version, 0x9F)
    accepted = len(storm) - refusals - closed
    assert 20 <= accepted < 150, (accepted, refusals, closed)
    assert refusals >= 8 and closed > 0, (accepted, refusals, closed)
    assert hits(one, "connect_rate_per_address") == refusals + closed
    for client in storm:
        client.drop()

    def again():
        with opened(one, version, HERE) as client:
            client.send(wire.connect(unique("after"), version=version))
            answer = client.receive()
            return answer is not None and answer.reason == 0

    wait_for(again)


@rule("limits.connections_per_user: one user has so many clients, and one that returns its place")
def test_connections_per_user(daemon, version):
    one = daemon(ANY_PORT, "--limits.connections_per_user=2")
    first = joined(one, version, HERE, client_id="first", user="ann")
    second = joined(one, version, THERE, client_id="second", user="ann")
    refused(one, version, HERE, 0x97, user="ann")
    joined(one, version, HERE, user="bob").disconnect()
    for _ in range(3):
        joined(one, version, HERE).disconnect()
    again = joined(one, version, HERE, client_id="first", user="ann")
    first.expect_refusal(0x8E)
    refused(one, version, HERE, 0x97, user="ann")
    again.ping()
    second.disconnect()
    joined(one, version, HERE, user="ann").disconnect()
    assert hits(one, "connections_per_user") == 2


@rule("limits.max_connections: more are closed at once, and counted")
def test_max_connections(daemon, version):
    one = daemon(ANY_PORT, "--limits.max_connections=2")
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 0)
    two = [joined(one, version, HERE) for _ in range(2)]
    with opened(one, version, THERE) as client:
        client.expect_closed()
    assert hits(one, "max_connections") >= 1
    one.await_text("limits.max_connections = 2 is reached")
    for client in two:
        client.disconnect()


# --- rates


@rule("limits.message_rate: who is too fast is slowed down, loses nothing, and others are not")
@pytest.mark.parametrize("threads", [0, 2])
def test_message_rate(daemon, version, threads):
    one = daemon(ANY_PORT, "--limits.message_rate=100", f"--threads.net={threads}")
    fast, reader = one.connected(version, keep_alive=1), one.connected(version)
    reader.subscribe("t")
    began, total = time.monotonic(), 300
    fast.send(b"".join(wire.publish("t", str(n), version=version) for n in range(total)))
    with one.connected(version) as other:
        asked = time.monotonic()
        other.publish("u", b"quick", 1)
        assert time.monotonic() - asked < 1
    for n in range(total):
        reader.take(str(n))
    assert time.monotonic() - began > 1.8, "100 at once, 200 in two seconds"
    fast.ping()
    shown = ctl_of(one).record("clients", "show", fast.client_id)["throttled"]
    assert shown["count"] > 0 and 1500 < shown["ms"] < 5000
    assert hits(one, "message_rate") == shown["count"]
    one.await_text("limits.message_rate was reached, publishers were not read from")


@rule("limits.byte_rate: QoS 1 messages are all acknowledged, if later")
def test_byte_rate(daemon, version):
    one, size, total = daemon(ANY_PORT, "--limits.byte_rate=100K"), 10_000, 30
    fast, began = one.connected(version), time.monotonic()
    fast.send(b"".join(wire.publish("t", b"x" * size, 1, n + 1, version=version)
                       for n in range(total)))
    answers = [fast.expect(wire.PUBACK).packet_id for _ in range(total)]
    assert answers == list(range(1, total + 1))
    assert time.monotonic() - began > 1.7, "100 KB at once, 200 KB in two seconds"
    assert hits(one, "byte_rate") > 0 and hits(one, "message_rate") == 0


# --- what a client leaves with the broker


@rule("limits.retained_bytes_max: one message too many is refused, one in the place of another not")
def test_retained_bytes(daemon, version):
    one = daemon(ANY_PORT, "--limits.retained_bytes_max=10K")
    client = one.connected(version)

    def retain(topic, size):
        return client.publish(topic, b"x" * size, 1, retain=True)

    retain("a", 4000)
    retain("b", 4000)
    if version == V5:
        assert retain("c", 4000).reason == 0x97
        assert retain("b", 2000).reason < 0x80
        assert retain("c", 4000).reason < 0x80
        client.ping()
    else:
        client.send(wire.publish("c", b"x" * 4000, 1, 9, retain=True, version=version))
        client.expect_closed()
    assert hits(one, "retained_bytes_max") == 1
    rows = ctl_of(one).rows("retained", "list", "#")
    sizes = {row["topic"]: row["payload_bytes"] for row in rows}
    assert sizes == ({"a": 4000, "b": 2000, "c": 4000} if version == V5 else {"a": 4000, "b": 4000})


@rule("limits on subscriptions, levels and packets have their counters", NEW)
def test_counters(daemon, version):
    one = daemon(ANY_PORT, "--limits.subscriptions_max=2", "--limits.topic_levels_max=3",
                 "--limits.max_packet_size=1K")
    client = one.connected(version)
    assert client.subscribe("a", "b", "c").codes == [0, 0, 0x97]
    assert client.subscribe("a/b/c/d").codes == [0x8F]
    assert client.publish("a/b/c", b"", 1).reason < 0x80
    assert client.publish("a/b/c/d", b"", 1).reason == 0x90
    assert (hits(one, "subscriptions_max"), hits(one, "topic_levels_max")) == (1, 2)
    client.send(wire.publish("a", b"x" * 2000, version=version))
    client.expect_refusal(0x95)
    assert hits(one, "max_packet_size") == 1
    for limit in ("subscriptions_max", "topic_levels_max", "max_packet_size"):
        one.await_text(f"limits.{limit} was reached")


# --- one listener


@rule("a listener may have limits of its own, and the others keep those of the node", NEW)
def test_listener_limits(daemon, version):
    port = free_port()
    limits = "&".join(("max_connections=2", "max_packet_size=2K", "receive_maximum=5",
                       "message_rate=50", "subscriptions_max=1", "connections_per_address=1"))
    one = daemon(ANY_PORT, f"--listener=mqtt://127.0.0.1:{port}?{limits}")
    there = [joined(one, version, source, port) for source in (HERE, THERE)]
    with opened(one, version, HERE, port) as third:
        third.expect_closed()
    there[1].drop()
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 1)
    refused(one, version, HERE, 0x97, port)
    with opened(one, version, THERE, port) as client:
        props = client.connect().props
        assert (props["receive_max"], props["max_packet_size"]) == (5, 2048)
    here = [one.connected(version) for _ in range(4)]
    assert here[0].subscribe("a", "b").codes == [0, 0]
    assert there[0].subscribe("a", "b").codes == [0, 0x97]
    here[0].publish("c", b"x" * 3000, 1)
    there[0].send(wire.publish("c", b"x" * 3000, version=version))
    there[0].expect_refusal(0x95)


@pytest.mark.parametrize("query, complaint", [
    ("max_connections=0", "limits.max_connections = '0': expected"),
    ("message_rate=x", "limits.message_rate = 'x': expected"),
])
def test_listener_limits_are_checked(query, complaint):
    done = run("--check-config", f"--listener=mqtt://127.0.0.1:1883?{query}")
    assert done.returncode != 0 and complaint in done.stderr


@rule("SIGHUP takes new limits, for who comes and for who is here")
def test_reload(daemon, version, tmp_path):
    path = tmp_path / "tandemq.conf"
    path.write_text("limits.max_packet_size = 5000\n")
    one = daemon(f"--config={path}")
    mine = joined(one, version, HERE)
    path.write_text("limits.connections_per_address = 1\nlimits.message_rate = 20\n")
    hang_up(one, "users and rights were read again")
    refused(one, version, HERE, 0x97)
    joined(one, version, THERE).disconnect()
    mine.send(b"".join(wire.publish("t", b"", version=version) for _ in range(40)))
    mine.ping()
    assert ctl_of(one).record("clients", "show", mine.client_id)["throttled"]["count"] > 0


# --- memory


class Publisher(threading.Thread):
    """Publishes numbers with QoS 1, each when the one before is acknowledged, until its end."""

    def __init__(self, client, topic):
        super().__init__()
        self.client, self.topic = client, topic
        self.acknowledged, self.ends, self.failure = 0, threading.Event(), None

    def run(self):
        try:
            while not self.ends.is_set():
                payload = b"%08d" % self.acknowledged + b"x" * 100
                self.client.publish(self.topic, payload, 1)
                self.acknowledged += 1
        except (AssertionError, OSError) as failure:
            self.failure = failure

    def end(self):
        self.ends.set()
        self.join()
        assert self.failure is None, self.failure


def pressure(one):
    return ctl_of(one).record("status")["memory"]["pressure"]


@rule("memory.max_bytes: the heaviest publisher waits, then nobody is let in; nothing is lost")
def test_memory(daemon, version, tmp_path):
    path = tmp_path / "tandemq.conf"
    path.write_text("limits.max_queued_bytes = 10G\n")
    one = daemon(f"--config={path}", ANY_PORT)
    topic, name = unique("heavy"), unique("away")
    keep = {"clean": False, **({"props": {"session_expiry": 1000}} if version == V5 else {})}
    away = one.connected(version, name, **keep)
    away.subscribe((topic, 1), ("ballast", 1))
    away.disconnect()
    light = one.connected(version)
    for n in range(100):  # So much that the steps lie apart, whatever else the process does.
        light.publish("ballast", b"x" * 500_000, 1, n + 1)
    heavy = Publisher(one.connected(version), topic)
    heavy.start()
    wait_for(lambda: heavy.acknowledged > 50)

    def limit_to(percent):
        used = ctl_of(one).record("status")["memory_bytes"]
        path.write_text("limits.max_queued_bytes = 10G\n" +
                        f"memory.max_bytes = {used * 100 // percent}\n")
        hang_up(one, "users and rights were read again")

    def stays_held():
        """Under pressure the allocator gives back what is free: that may end the pressure once."""
        end = time.monotonic() + 1.5
        while ctl_of(one).record("clients", "show", heavy.client.client_id)["held"]:
            if time.monotonic() > end:
                return True
        if pressure(one) == "none":
            limit_to(83)
        return False

    wait_for(stays_held)
    held_at = heavy.acknowledged
    light.publish("light", b"x", 1)
    light.ping()
    one.connected(version).disconnect()
    assert hits(one, "memory_publishers") >= 1
    one.await_text("the heaviest publishers are not read from")

    limit_to(110)
    wait_for(lambda: pressure(one) == "connections")
    with one.client(version) as client:
        client.connect(reason=code(version, 0x97))
        client.expect_closed()
    light.publish("light", b"x", 1)
    assert heavy.acknowledged <= held_at + 1
    assert hits(one, "memory_connections") >= 1
    assert metrics(one)["tandemq_memory_pressure"].samples[("", ())] == 2
    one.await_text("nobody is let in")

    limit_to(20)
    wait_for(lambda: pressure(one) == "none")
    wait_for(lambda: heavy.acknowledged > held_at + 50)
    heavy.end()
    one.await_text("all publishers are read from again")
    with one.connected(version, name, **keep) as back:
        for _ in range(100):
            back.take(topic="ballast")
        for n in range(heavy.acknowledged):
            assert int(back.take().payload[:8]) == n
