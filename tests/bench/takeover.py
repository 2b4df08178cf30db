"""How long clients wait for a failover: two hosts in network namespaces, with real keepalived and
etcd, and clients that know the virtual IP only. Used by `run`; it needs root."""

import contextlib
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from client import Client  # noqa: E402
from netns import GATEWAY, MQTT_PORT, VIP, Network, NetPair, end_all, require  # noqa: E402
from pair import as_shipped  # noqa: E402
from test_net_failover import connect, fail_over  # noqa: E402
from test_wake import connect_all_anew, idle_clients  # noqa: E402
from witnessed_pair import WitnessedPair  # noqa: E402

ROUNDS = 20
SESSIONS = 100_000
CLIENTS = 10_000
BACK_BUDGET_S = 10
METHOD = """\
## Failover

Two hosts in network namespaces with keepalived, their witness an etcd on a third one, time-outs as
shipped. A client that knows the virtual IP alone begins to connect every 20 ms. A switchover counts
from the end of a client's connection; the clients of the crowd have a keep-alive of an hour, and
one thread of Python connects them anew when the new primary has woken them.

"""
RESET = struct.pack("ii", 1, 0)
NEVER_EXPIRES = {"session_expiry": 0xFFFFFFFF}


@contextlib.contextmanager
def running(make):
    network = Network()
    started = [network]
    try:
        started[0] = pair = make(network)
        yield pair
    finally:
        end_all(started)


def by_witness(network):
    return WitnessedPair(network, timing=as_shipped)


def by_gateway(network):
    pair = NetPair(network, f"--failover.gateway={GATEWAY}", policy="gateway", second_path=True,
                   timing=as_shipped)
    pair.promote(pair.nodes[0])
    pair.await_sync()
    pair.until(lambda: network.holders() == ["a"], "the virtual IP on a")
    return pair


def kill(pair):
    lost = pair.primary
    gap = fail_over(pair, lambda node: node.kill(), b"killed")
    lost.launch()
    return gap


def lose_host(pair):
    lost = pair.primary
    gap = fail_over(pair, pair.lose_host, b"lost")
    pair.return_host(lost)
    return gap


def switch_over(pair):
    """From the end of a client's connection to the next one."""
    heir = pair.standby
    with connect(pair, "watcher") as watcher:
        order = threading.Thread(target=heir.ctl, args=("switchover",))
        order.start()
        while watcher.receive() is not None:
            pass
        began = time.monotonic()
    pair.await_served()
    gap = time.monotonic() - began
    order.join()
    assert heir.leads(), pair.text()
    pair.call_primary(heir)
    return gap


# (what, the pair, the harm, seconds to the first CONNACK of 19 in 20 at the most)
KINDS = [
    ("process killed, witness", by_witness, kill, 0.3),
    ("host lost, witness", by_witness, lose_host, 1.5),
    ("host lost, gateway", by_gateway, lose_host, 1.0),
    ("switchover, witness", by_witness, switch_over, 0.3),
]


def gaps(make, harm):
    found = []
    with running(make) as pair:
        for _ in range(ROUNDS):
            found.append(harm(pair))
            pair.await_sync()
            pair.until(lambda: pair.network.holders() == [pair.primary.name], "the virtual IP")
    return sorted(found)


def add_sessions(pair, count):
    """Their connections are reset: closed in order each would keep a port of the client for a minute,
    and whoever connects later would have to look for one that is free."""
    with pair.network.inside("client"):
        for number in range(count):
            with Client(MQTT_PORT, host=VIP) as client:
                client.connect(f"away-{number}", props=NEVER_EXPIRES)
                client.subscribe((f"site/{number}", 1))
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def crowd():
    with running(by_witness) as pair:
        add_sessions(pair, SESSIONS)
        asleep = idle_clients(pair, CLIENTS)
        pair.await_sync()
        lost, heir = pair.primary, pair.standby
        began = time.monotonic()
        pair.lose_host(lost)
        pair.await_served()
        first = time.monotonic() - began
        pair.call_primary(heir)
        again, _, _ = connect_all_anew(pair, asleep)
        back = time.monotonic() - began
        sessions = heir.status()["sessions"]
        for client in again:
            client.drop()
    return first, back, sessions


def text(run):
    require()
    rows = []
    for what, make, harm, budget in KINDS:
        print(f"failover: {what}", file=sys.stderr, flush=True)
        found = gaps(make, harm)
        rows.append([what, f"{found[len(found) // 2]:.2f}", f"{found[int(0.95 * ROUNDS) - 1]:.2f}",
                     f"{found[-1]:.2f}", f"{budget:.1f}"])
    head = [f"from the fault to the first CONNACK through the virtual IP, {ROUNDS} times, s",
            "median", "p95", "most", "wanted, p95"]
    print("failover: a crowd", file=sys.stderr, flush=True)
    first, back, sessions = crowd()
    return (METHOD + run.table(head, rows) + "\n"
            + run.table([f"a host is lost that has {CLIENTS:,} idle clients and {sessions:,} sessions,"
                         " with a witness", ""],
                        [["first CONNACK, s", f"{first:.2f}"],
                         [f"all clients are back, s (≤ {BACK_BUDGET_S})", f"{back:.2f}"]]))
