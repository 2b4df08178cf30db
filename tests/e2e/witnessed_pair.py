"""A pair with a witness, in namespaces with real keepalived and etcd. The oracle is the same for
each row of the failure matrix (docs/FAILURES.md): what was acknowledged is there, never two nodes
serve, both nodes are equal in the end, and the virtual IP is on the one that serves."""

import contextlib
import socket
import statistics
import threading
import time

import pytest

from client import Client
from etcd import Etcd
from netns import MQTT_PORT, VIP, Network, NetPair, address, end_all, require

PATIENCE_S = 30


class WitnessedPair(NetPair):
    """Node a leads, b is in sync, and etcd knows it."""

    def __init__(self, network, *options, mode="written", policy="heartbeat", **how):
        self.etcd = Etcd(network)
        super().__init__(network, f"--witness.etcd={self.etcd.url}", *options, mode=mode,
                         policy=policy, **how)
        a = self.nodes[0]
        self.until(lambda: a.ask("witness", "init"), "the first record at the witness")
        self.until(a.leads, "a to lead")
        self.await_sync()
        self.until(lambda: network.holders() == ["a"], "the virtual IP on a")
        self.sent = 0

    def lists(self):
        """Who may lead, as the witness says."""
        record = self.etcd.ctl("get", "--print-value-only", "--prefix", "/tandemq/").stdout
        return [node for node in "ab" if f'"node":"{node}"' in record.partition('"insync"')[2]]

    def try_to_connect(self, client_id, host=VIP):
        with self.network.inside("client"), contextlib.suppress(OSError, AssertionError):
            client = Client(MQTT_PORT, host=host, timeout_s=0.2)
            client.connect(client_id)
            client.socket.settimeout(PATIENCE_S)
            return client
        return None

    def connect(self, client_id, host=VIP):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if client := self.try_to_connect(client_id, host):
                return client
            assert time.monotonic() < deadline, self.text()

    def write(self):
        """Something that is acknowledged, and has to be found later."""
        self.sent += 1
        with self.connect("writer") as client:
            client.publish(f"hall/{self.sent}", b"%d" % self.sent, qos=1, retain=True)

    def check(self):
        with self.connect("reader") as client:
            client.subscribe(("hall/#", 1))
            found = {client.take().payload for _ in range(self.sent)}
            assert found == {b"%d" % number for number in range(1, self.sent + 1)}

    def await_leader(self, node):
        self.until(node.leads, f"{node.name} to lead")
        self.call_primary(node)
        self.until(lambda: self.network.holders() == [node.name], "the virtual IP where it belongs")

    def await_rest(self):
        """Both are there and equal, and the witness lists both."""
        self.find_primary()
        self.await_equal()
        self.until(lambda: self.lists() == ["a", "b"], "the witness to list both")
        self.until(lambda: self.network.holders() == [self.primary.name],
                   "the virtual IP where it belongs")
        self.check()

    def fail_over(self, harm):
        """The seconds from the harm to a client that is served again."""
        self.write()
        lost, heir = self.primary, self.standby
        began = time.monotonic()
        harm(lost)
        self.await_served()
        gap = time.monotonic() - began
        self.await_leader(heir)
        self.check()
        return gap


@pytest.fixture
def witnessed():
    """A function that starts a pair with a witness."""
    started = []

    def start(*options, **how):
        require()
        network = Network()
        started.append(network)
        pair = WitnessedPair(network, *options, **how)
        started[-1] = pair
        return pair

    yield start
    end_all(started)


@contextlib.contextmanager
def watched(pair):
    """Neither accepts connections while the other one does, whatever happens in here."""
    both = []
    ends = threading.Event()

    def serves(host):
        with pair.network.inside("client"), contextlib.suppress(OSError):
            socket.create_connection((address("clients", host), MQTT_PORT), timeout=0.1).close()
            return True
        return False

    def watch():
        while not ends.wait(0.01):
            if serves("a") and serves("b"):
                both.append(time.monotonic())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
    assert not both, f"both nodes served {len(both)} times:\n{pair.text()}"


def tell(what, gaps):
    print(f"\n{what}: median {statistics.median(gaps):.2f} s, at the most {max(gaps):.2f} s")
