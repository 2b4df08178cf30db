"""The same promises with net threads of their own: --threads.net=2."""

import random
import threading

import pytest

import wire
from client import unique
from conftest import Daemon
from rule import ALL, rule
from test_clients import (test_paho, test_paho_session, test_paho_shared, test_tools_many,
                          test_two_hundred, test_versions_meet)  # noqa: F401 (they run here again)
from test_connect import test_keep_alive, test_no_need_to_wait, test_take_over  # noqa: F401
from test_ctl import Ctl, wait_for
from test_flow import test_receive_maximum  # noqa: F401
from wire import V5

CLIENTS = 200
QOS = pytest.mark.parametrize("qos", [0, 1, 2], ids=["QoS0", "QoS1", "QoS2"])


@pytest.fixture(scope="module")
def threaded_daemon():
    one = Daemon(["--threads.net=2", "--limits.queue_full=block"])
    try:
        yield one
        one.stop()
    finally:
        one.remove()


@pytest.fixture
def broker(threaded_daemon):
    """The tests above use it, too, since they are collected here."""
    yield threaded_daemon
    threaded_daemon.check()


def ctl_of(one):
    return Ctl(one.folder / "admin.sock")


def in_parallel(jobs):
    """Runs each job on a thread; the first failure is the test's."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@QOS
@rule("what 200 clients publish reaches one, each client's in order")
def test_fan_in(broker, version, qos):
    topic, each = unique("in"), 20
    with broker.connected(version) as receiver:
        receiver.subscribe((f"{topic}/+", qos))
        senders = [broker.connected(version) for _ in range(CLIENTS)]
        for round_number in range(each):
            for n, sender in enumerate(senders):
                sender.send(wire.publish(f"{topic}/{n}", str(round_number), qos, round_number + 1,
                                         version=version))
        got = {}
        for _ in range(CLIENTS * each):
            message = receiver.take(qos=qos)
            got.setdefault(message.topic, []).append(int(message.payload))
        receiver.expect_silence()
    assert len(got) == CLIENTS
    assert all(numbers == list(range(each)) for numbers in got.values())
    answer = {1: wire.PUBACK, 2: wire.PUBREC}.get(qos)
    for sender in senders:
        for number in range(each if answer else 0):
            sender.expect(answer, packet_id=number + 1)
        sender.drop()


@QOS
@rule("what one publishes reaches 200 clients, in order")
@pytest.mark.parametrize("size", [10, 20000])  # Copied into each outbox, and shared.
def test_fan_out(broker, version, qos, size):
    topic, total = unique("out"), 20
    receivers = [broker.connected(version) for _ in range(CLIENTS)]
    for receiver in receivers:
        receiver.subscribe((topic, qos))
    with broker.connected(version) as sender:
        for n in range(total):
            sender.publish(topic, b"%04d" % n + b"x" * size, qos, n + 1)
        for receiver in receivers:
            for n in range(total):
                message = receiver.take(qos=qos)
                assert (int(message.payload[:4]), len(message.payload)) == (n, size + 4)
            receiver.drop()


@rule("a session that wanders between the threads loses no QoS 1 message")
def test_wandering_session(broker, version):
    """Each take-over lands on the other thread; what was not acknowledged comes again."""
    topic, name, total = unique("wander"), unique("wander"), 400
    options = {"clean": False, **({"props": {"session_expiry": 100}} if version == V5 else {})}
    receiver = broker.connected(version, name, **options)
    receiver.subscribe((topic, 1))

    def publish():
        with broker.connected(version) as sender:
            for n in range(total):
                sender.publish(topic, str(n), 1, n + 1)

    publisher = threading.Thread(target=publish)
    publisher.start()
    seen = []
    while not seen or seen[-1] < total - 1:
        for _ in range(10):
            seen.append(int(receiver.take().payload))
            if seen[-1] == total - 1:
                break
        else:
            old, receiver = receiver, broker.connected(version, name, **options)
            old.drop()
    publisher.join()
    receiver.drop()
    assert set(seen) == set(range(total)), "a message is missing"
    first = [n for at, n in enumerate(seen) if n not in seen[:at]]
    assert first == list(range(total)), "the order of the first deliveries"


@rule("many take-overs of one client id at once leave one connection")
def test_take_over_storm(broker, version):
    name, rounds, workers = unique("storm"), 50, 6

    def connect_again():
        for _ in range(rounds):
            with broker.client(version) as client:
                client.send(wire.connect(name, version))
                client.expect(wire.CONNACK, reason=0)

    in_parallel([connect_again] * workers)
    with broker.connected(version, name) as last:
        last.ping()
        listed = [row["client"] for row in ctl_of(broker).rows("clients", "list")]
        assert listed.count(name) == 1


def churn(broker, seed, count):
    """Clients that come and go in each way there is."""
    dice = random.Random(seed)
    for _ in range(count):
        version, name = dice.choice(ALL), unique(f"churn{seed}")
        client = broker.client(version)
        way = dice.randrange(6)
        if way == 0:  # Says nothing.
            client.drop()
        elif way == 1:  # Half a packet.
            client.send(wire.connect(name, version)[:dice.randrange(1, 12)])
            client.drop()
        elif way == 2:  # Gone before the answer.
            client.send(wire.connect(name, version, will=wire.Will("churn/will")))
            client.drop()
        else:
            client.connect(name, will=wire.Will("churn/will") if way == 3 else None)
            client.subscribe((f"churn/{seed}", 1), "churn/will")
            client.send(wire.publish(f"churn/{seed}", b"x", 1, version=version))
            if way == 5:
                client.send(wire.disconnect())
                while client.receive() is not None:
                    pass
            client.drop()


def test_2000_clients_come_and_go(broker):
    """They leave nothing behind, and nobody else notices."""
    with broker.connected() as witness:
        witness.subscribe(("witness", 1))
        in_parallel([lambda seed=seed: churn(broker, seed, 250) for seed in range(8)])
        for n in range(10):
            witness.send(wire.publish("witness", str(n), 1, n + 1))
            got = {witness.receive().type, witness.receive().type}
            assert got == {wire.PUBACK, wire.PUBLISH}
    wait_for(lambda: ctl_of(broker).record("status")["connections"] == 0)
    status = ctl_of(broker).record("status")
    assert (status["publishers_blocked"], status["queued"]) == (0, 0)
    assert not [row for row in ctl_of(broker).rows("sessions", "list")
                if row["client"].startswith("churn")]


def test_a_stop_in_full_traffic_is_clean():
    """SIGTERM while all threads are busy: exit code 0, and everybody's connection ends."""
    one = Daemon(["--threads.net=2"])
    try:
        clients = [one.connected() for _ in range(40)]
        for client in clients:
            client.subscribe(("busy", 1))

        def publish(client):
            try:
                for n in range(100000):
                    client.send(wire.publish("busy", b"x" * 100, n % 2, n % 60000 + 1))
            except OSError:
                pass  # The node has stopped.

        threads = [threading.Thread(target=publish, args=(client,)) for client in clients[:4]]
        for thread in threads:
            thread.start()
        assert clients[5].take().topic == "busy"
        one.stop()
        for client in clients:
            client.drop()
        for thread in threads:
            thread.join()
    finally:
        one.remove()
