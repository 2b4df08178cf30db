"""Failover as an operator has it: two hosts, a virtual IP that keepalived moves, and clients that know
that address only. Times are from the fault to the first CONNACK through it."""

import contextlib
import json
import os
import signal
import statistics
import time

import pytest

from client import Client
from netns import MQTT_PORT, VIP, Network, NetPair, address, end_all, require
from test_ctl import CTL

ROUNDS = 5
PATIENCE_S = 30


@pytest.fixture
def net_pair():
    """A function that starts a pair in namespaces; node a leads, b is in sync."""
    started = []

    def start(*options, **how):
        require()
        network = Network()
        started.append(network)
        pair = NetPair(network, *options, **how)
        started[-1] = pair
        pair.promote(pair.nodes[0])
        pair.await_sync()
        pair.until(lambda: network.holders() == ["a"], "the virtual IP on a")
        return pair

    yield start
    end_all(started)


def try_to_connect(pair, client_id):
    with pair.network.inside("client"), contextlib.suppress(OSError, AssertionError):
        client = Client(MQTT_PORT, host=VIP, timeout_s=0.2)
        client.connect(client_id)
        return client
    return None


def connect(pair, client_id):
    """Again and again, as clients do that are in a hurry."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if client := try_to_connect(pair, client_id):
            return client
        assert time.monotonic() < deadline, pair.text()


def fail_over(pair, harm, payload):
    """The seconds until a client is served again; what it was acknowledged is there."""
    with connect(pair, "writer") as client:
        client.publish("hall/1", payload, qos=1, retain=True)
    lost, heir = pair.primary, pair.standby
    began = time.monotonic()
    harm(lost)
    pair.await_served()
    gap = time.monotonic() - began
    with connect(pair, "reader") as client:
        client.subscribe(("hall/1", 1))
        assert client.take().payload == payload
    assert heir.leads()
    pair.call_primary(heir)  # The other one may hang, and not answer.
    pair.until(lambda: pair.network.holders() == [heir.name], "the virtual IP where it belongs")
    return gap


def tell(what, gaps):
    print(f"\n{what}: median {statistics.median(gaps):.2f} s, at the most {max(gaps):.2f} s")


def test_the_address_follows_when_a_process_dies(net_pair):
    pair = net_pair(policy="heartbeat")
    gaps = []
    for number in range(ROUNDS):
        lost = pair.primary
        gaps.append(fail_over(pair, lambda node: node.kill(), b"%d" % number))
        lost.launch()
        pair.await_sync()
    tell("a process that dies", gaps)


def test_the_address_follows_when_a_host_is_lost(net_pair):
    pair = net_pair(policy="heartbeat")
    gaps = []
    for number in range(ROUNDS):
        lost = pair.primary
        gaps.append(fail_over(pair, pair.lose_host, b"%d" % number))
        pair.return_host(lost)
        pair.await_sync()
    tell("a host that is lost", gaps)


def test_a_primary_that_hangs_is_outbid_and_gives_the_address_up_when_it_wakes(net_pair):
    pair = net_pair(policy="heartbeat")
    hung = pair.primary
    tell("a process that hangs", [fail_over(pair, lambda node: node.pause(), b"hung")])
    # One advertisement that is late gives the address to the other node, whose role file still says
    # that it may hold it; but not for long.
    heir = pair.primary
    late = pair.keepalived[heir.name].vrrp_pid()
    os.kill(late, signal.SIGSTOP)
    pair.until(lambda: hung.name in pair.network.holders(), "the old primary to take the address")
    os.kill(late, signal.SIGCONT)
    pair.until(lambda: pair.network.holders() == [heir.name], "the virtual IP where it belongs")
    hung.go_on()
    pair.until(lambda: not hung.leads(), "the old primary to step down")
    pair.await_equal()
    assert pair.network.holders() == [pair.primary.name]
    assert (hung.run_folder / "role").read_text() == "0\n"
    assert (heir.run_folder / "claim").read_text() == "0\n"


def test_after_a_partition_the_newer_term_wins_and_nothing_is_thrown_away(net_pair):
    """What `heartbeat` cannot promise is one leader while the nodes do not see each other."""
    pair = net_pair(policy="heartbeat")
    a, b = pair.nodes
    pair.cut()
    pair.until(b.leads, "b to lead too")
    with pair.network.inside("client"):
        with Client(MQTT_PORT, host=address("clients", "a")) as client:
            client.connect("stranger")
            client.publish("hall/2", b"on the old side", qos=1, retain=True)
    pair.heal()
    pair.until(lambda: not a.leads(), "the older term to end")
    pair.find_primary()
    assert pair.primary is b
    pair.await_equal()
    tails = a.ask("diverged", "list")
    assert tails, "what the old side had acknowledged is gone"
    pair.until(lambda: pair.network.holders() == ["b"], "the virtual IP on b alone")


def test_a_drill_measures_the_virtual_address(net_pair):
    pair = net_pair()
    leader = pair.primary
    words = [CTL, f"--socket={leader.folder / 'admin.sock'}", "--json", "drill"]
    shown = pair.network.run(leader.name, words)  # It must not fail.
    rows = {(row["step"], row["what"]): row["value"] for row in map(json.loads, shown.splitlines())}
    there, back = (rows[step, "clients not served, ms"] for step in ("there", "back"))
    print(f"\nthe virtual address: there {there} ms, back {back} ms")
    assert 0 < there < 5000 and 0 < back < 5000
    assert rows["result", "RTO, ms"] == max(there, back)
    assert leader.leads()
    pair.until(lambda: pair.network.holders() == [leader.name], "the virtual IP where it was")
