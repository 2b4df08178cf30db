"""An idle client at a takeover: it hears of it at once when the new primary wakes it, and otherwise
at its next keep-alive, which is an hour away here. TANDEMQ_IDLE_CLIENTS=10000 measures with so many."""

import contextlib
import os
import pathlib
import resource
import select
import time

import pytest

from client import Client
from netns import MQTT_PORT, VIP, Network, NetPair, end_all, require
from peer_speaker import Speaker

CLIENTS = int(os.environ.get("TANDEMQ_IDLE_CLIENTS", "100"))
KEEP_ALIVE_S = 3_600
RESET_WITHIN_S = 1 + CLIENTS / 10_000
QUIET_S = 1.5
NET_RAW = 13
WITH_AMBIENT_NET_RAW = ("setpriv", "--inh-caps=+net_raw", "--ambient-caps=+net_raw")
WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


@pytest.fixture
def net_pair():
    """A function that starts a pair in namespaces; node a leads and has the virtual IP."""
    started = []

    def start(wrapper=()):
        require()
        network = Network()
        started.append(network)
        pair = NetPair(network, policy="heartbeat", wrapper=wrapper)
        started[-1] = pair
        pair.promote(pair.nodes[0])
        pair.await_sync()
        pair.until(lambda: network.holders() == ["a"], "the virtual IP on a")
        return pair

    yield start
    end_all(started)


def idle_clients(pair, count=CLIENTS):
    """Connected by the virtual IP, and known to the standby."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = {}
    with pair.network.inside("client"):
        for number in range(count):
            client = Client(MQTT_PORT, host=VIP)
            client.connect(f"idle-{number}", keep_alive=KEEP_ALIVE_S)
            clients[client.socket.fileno()] = client
    known = lambda: pair.standby.status()["failover"]["wake"]["clients_known"]  # noqa: E731
    pair.until(lambda: known() == count, f"{count} clients at the standby")
    return clients


def take_over(pair):
    lost, heir = pair.primary, pair.standby
    pair.lose_host(lost)
    pair.until(pair.serves, "somebody at the virtual IP")
    pair.call_primary(heir)
    return heir


def connect_anew(pair, client):
    with contextlib.suppress(ConnectionResetError):
        assert client.socket.recv(1) == b"", "an idle client was sent something"
        pytest.fail("the connection ended in order, and was not reset")
    client.drop()
    with pair.network.inside("client"):
        again = Client(MQTT_PORT, host=VIP)
        again.connect(client.client_id, keep_alive=KEEP_ALIVE_S)
    return again


def connect_all_anew(pair, asleep):
    """They wait to be woken. Returns the new ones, and after how many seconds the last one was
    reset and was back."""
    began = time.monotonic()
    count = len(asleep)
    poller = select.epoll()
    for descriptor in asleep:
        poller.register(descriptor, select.EPOLLIN)
    woken, reset_after = [], 0
    while asleep:
        events = poller.poll(timeout=RESET_WITHIN_S + 10)
        assert events, f"{len(asleep)} of {count} clients sleep on:\n{pair.text()}"
        reset_after = time.monotonic() - began
        for descriptor, _ in events:
            poller.unregister(descriptor)
            woken.append(connect_anew(pair, asleep.pop(descriptor)))
    return woken, reset_after, time.monotonic() - began


def test_idle_clients_are_woken_by_the_node_that_takes_over(net_pair):
    pair = net_pair()
    asleep = idle_clients(pair)
    heir = take_over(pair)
    woken, reset_after, back_after = connect_all_anew(pair, asleep)
    print(f"\n{CLIENTS} idle clients: the last one reset {reset_after:.2f} s, and back "
          f"{back_after:.2f} s after the virtual IP served again")
    if CLIENTS <= 1_000:  # More of them wait for this one thread.
        assert reset_after < RESET_WITHIN_S
    assert heir.status()["failover"]["wake"]["sent"] >= CLIENTS
    for client in woken:
        client.drop()


def test_the_capability_is_not_handed_on_to_the_commands_of_the_operator(net_pair):
    """By the ambient set, which a unit of systemd fills."""
    pair = net_pair(wrapper=WITH_AMBIENT_NET_RAW)
    for node in pair.nodes:
        status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
        sets = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
        assert int(sets["CapAmb"], 16) == 0 and int(sets["CapEff"], 16) >> NET_RAW & 1
        assert node.status()["failover"]["wake"]["enabled"]


def test_without_the_capability_idle_clients_sleep_on_and_the_node_says_so(net_pair):
    pair = net_pair(wrapper=WITHOUT_NET_RAW)
    asleep = idle_clients(pair)
    heir = take_over(pair)
    assert heir.status()["failover"]["wake"] == {"enabled": False,
                                                 "why_not": "it needs CAP_NET_RAW"}
    assert heir.text().count("idle clients are not woken after a takeover") == 1
    readable, _, _ = select.select(list(asleep), [], [], QUIET_S)
    assert not readable, f"{len(readable)} clients have noticed it"
    for client in asleep.values():
        client.drop()


# Of a node that has nothing: feature level, incarnation, boot id, three flags, term seen, position,
# tables at, no image, no progress, no history.
HELLO = (b"\x01\x01" + bytes(7) + b"\x07\x00" + bytes(3) + bytes(9) + bytes(9 + 1 + 8)
         + bytes(1 + 1 + 1 + 1))
PING, EPHEMERAL = 6, 16


def test_a_standby_is_told_of_the_clients(pair):
    one = pair()
    one.standby.kill()
    with one.connected(), Speaker(one.listen_ports[0]) as speaker:
        speaker.prove(one.secret.read_bytes().strip(), b"b")
        speaker.say(HELLO)
        kinds = []
        while kinds.count(PING) < 3:
            kinds.append(speaker.hear()[0])
        assert EPHEMERAL in kinds
