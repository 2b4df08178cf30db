"""The virtual IP, moved by real keepalived with the configuration of etc/, by what the role files
say; and a pair in network namespaces. The daemon does not write the role files here: the test does,
in its place."""

import pathlib
import shutil
import socket
import time

import pytest

import netns
import wire
from netns import VIP, Keepalived, NetPair, Network, address, await_that, mac, say

SWAPS = 10
MOVED_WITHIN_S = 3  # A busy machine must not make a failure of it; what it takes is printed.
LONG_ENOUGH_S = 0.6  # For keepalived to take an address that it wrongly thinks is its own.


@pytest.fixture
def network():
    netns.require()
    one = Network()
    yield one
    one.close()


class Holders:
    """keepalived on both nodes, and a runtime directory for each."""

    def __init__(self, network):
        self.network = network
        self.folders = {host: network.folder / f"run-{host}" for host in "ab"}
        self.keepalived = {host: Keepalived(network, host, self.folders[host]) for host in "ab"}

    def begin(self):
        for host in "ab":
            self.role(host, "0\n")
            self.keepalived[host].start()
        return self

    def role(self, host, text):
        say(self.folders[host], "role", text)

    def claim(self, host, text):
        say(self.folders[host], "claim", text)

    def text(self):
        return "\n".join(f"--- {host}\n{one.text()[-3000:]}"
                         for host, one in self.keepalived.items())

    def await_on(self, *hosts):
        return await_that(lambda: self.network.holders() == list(hosts),
                          f"the virtual IP on {hosts or 'no node'}", self.text)

    def stay_on(self, *hosts):
        end = time.monotonic() + LONG_ENOUGH_S
        while time.monotonic() < end:
            assert self.network.holders() == list(hosts), self.text()


@pytest.fixture
def holders(network):
    return Holders(network).begin()


def test_keepalived_accepts_what_is_shipped(network):
    for host in "ab":
        one = Keepalived(network, host, network.folder / f"run-{host}")
        network.run(host, ["keepalived", "-t", "-f", str(one.config)])


def test_the_address_is_where_the_role_file_says_1_and_only_there(holders):
    holders.stay_on()
    holders.role("a", "1\n")
    holders.await_on("a")
    holders.stay_on("a")
    holders.role("a", "0\n")
    holders.await_on()
    holders.role("b", "1\n")
    holders.await_on("b")
    holders.stay_on("b")


def test_the_address_moves_when_the_roles_do(holders, network, capsys):
    holders.role("a", "1\n")
    holders.await_on("a")
    gone, come, reached = [], [], []
    old, new = "ab"
    for _ in range(SWAPS):
        holders.role(old, "0\n")
        gone.append(holders.await_on())
        holders.role(new, "1\n")
        come.append(holders.await_on(new))
        # What was sent while nobody had the address is lost, and TCP sends it again after a second.
        reached.append(await_that(lambda: network.reaches("client", VIP, 0.02), "an answer"))
        assert network.neighbour("client", VIP) == mac("clients", new)
        old, new = new, old
    with capsys.disabled():
        for what, times in (("gone", gone), ("come", come), ("reached", reached)):
            print(f"\nvirtual IP {what} after ms:", *(round(one * 1000) for one in times), end="")
        print()
    assert max(gone + come + reached) < MOVED_WITHIN_S


@pytest.mark.parametrize("text", [None, "", "garbage\n", "0\n", "\n"])
def test_a_role_file_that_says_no_1_takes_the_address_away(holders, text):
    holders.role("a", "1\n")
    holders.await_on("a")
    if text is None:
        (holders.folders["a"] / "role").unlink()
    else:
        holders.role("a", text)
    holders.await_on()
    holders.stay_on()
    holders.role("a", "1\n")
    holders.await_on("a")


def test_a_node_without_a_runtime_directory_does_not_get_the_address(network):
    holders = Holders(network)
    for host in "ab":
        holders.keepalived[host].start()
    holders.stay_on()
    holders.role("b", "1\n")
    holders.await_on("b")


def test_a_runtime_directory_that_is_removed_means_no_until_keepalived_restarts(holders):
    holders.role("a", "1\n")
    holders.await_on("a")
    shutil.rmtree(holders.folders["a"])
    holders.await_on()
    holders.role("a", "1\n")  # In a new folder, which keepalived does not know.
    holders.stay_on()
    holders.keepalived["a"].stop()
    holders.keepalived["a"].start()
    holders.await_on("a")


def test_a_claim_outbids_a_primary_that_does_not_let_go(holders):
    holders.role("b", "1\n")
    holders.await_on("b")
    holders.role("a", "1\n")
    await_that(lambda: "Entering BACKUP STATE" in holders.keepalived["a"].text(),
               "the other node to hear the stale one", holders.text)
    holders.await_on("b")
    holders.claim("a", "50\n")
    holders.await_on("a")
    # On a busy machine b may take it back for a moment, as long as its role file says that it may.
    holders.role("b", "0\n")
    holders.await_on("a")
    holders.claim("a", "0\n")
    holders.stay_on("a")


def test_a_claim_alone_gets_nothing(holders):
    holders.claim("a", "50\n")
    holders.stay_on()


def test_keepalived_that_is_killed_leaves_the_address_behind(holders):
    holders.role("a", "1\n")
    holders.await_on("a")
    holders.keepalived["a"].kill()
    holders.role("a", "0\n")
    holders.stay_on("a")  # Nobody is there to take it away; the daemon sees that it is.
    holders.role("b", "1\n")
    holders.await_on("a", "b")
    holders.keepalived["a"].start()
    holders.await_on("b")
    holders.stay_on("b")


def test_keepalived_whose_one_process_is_killed_serves_again(holders, network):
    holders.role("a", "1\n")
    holders.await_on("a")
    first = holders.keepalived["a"].vrrp_pid()
    network.run("a", ["kill", "-9", str(first)])
    await_that(lambda: holders.keepalived["a"].text().count("Entering MASTER STATE") > 1,
               "another child of keepalived", holders.text)
    holders.await_on("a")
    holders.stay_on("a")


def test_a_cable_that_is_pulled_takes_the_address_away(holders, network):
    holders.role("a", "1\n")
    holders.await_on("a")
    network.unplug("a", "clients")
    holders.await_on()
    network.plug("a", "clients")
    holders.await_on("a")


def test_a_network_can_be_cut_one_way_and_both_ways_and_healed(network):
    def receives(host, sender):
        """A datagram, which needs no answer."""
        with network.inside(host):
            ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with network.inside(sender):
            mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with ear, mouth:
            ear.bind((address("replication", host), 9000))
            ear.settimeout(0.3)
            mouth.sendto(b"x", (address("replication", host), 9000))
            try:
                return ear.recv(1) == b"x"
            except TimeoutError:
                return False

    assert network.reaches("a", address("replication", "b")) and receives("a", "b")
    network.cut("a", "b", "to")
    assert receives("a", "b") and not receives("b", "a")
    network.heal("a", "b")
    assert receives("b", "a")
    network.cut("a", "b")
    assert not receives("a", "b") and not receives("b", "a")
    assert network.reaches("a", address("clients", "b"))
    assert network.reaches("client", address("clients", "a"))
    network.heal()
    assert network.reaches("b", address("replication", "a"))
    network.cut("a", "b", percent=50)
    assert sum(receives("b", "a") for _ in range(20)) in range(1, 20)


def test_a_network_leaves_nothing_behind(network):
    other = Network()
    process = other.popen("a", ["sleep", "1000"])
    other.run("b", ["sh", "-c", "sleep 1000 > /dev/null 2>&1 &"])
    assert other.run("a", ["ip", "-br", "link"]).count("\n") == 4
    other.close()
    assert process.poll() is not None and not other.folder.exists()
    names = {path.name for path in pathlib.Path("/run/netns").iterdir()}
    assert other.name("switch") not in names and network.name("switch") in names


@pytest.fixture
def net_pair(network):
    """A function that starts a pair in the namespaces."""
    started = []

    def start(*options, **how):
        started.append(NetPair(network, *options, **how))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()


def test_a_pair_in_namespaces_goes_on_alone_while_its_link_is_cut(net_pair):
    pair = net_pair("--replication.timeout_ms=600")
    a, b = pair.nodes
    assert pair.network.holders() == [] and not pair.serves(address("clients", "a"))
    pair.promote(a)
    pair.await_sync()
    hall = pair.connected(host=address("clients", "a"))
    hall.subscribe(("hall/#", 1))
    client = pair.connected(host=address("clients", "a"))
    client.publish("hall/1", b"before", qos=1, retain=True)

    pair.cut()
    begin = time.monotonic()
    client.publish("hall/1", b"alone", qos=1, retain=True)
    held = time.monotonic() - begin
    assert 0.1 < held < 10, f"the acknowledgement came after {held} s"
    assert not a.status()["peer"]["in_sync"] and not b.leads()

    pair.heal()
    pair.await_equal()
    client.publish("hall/1", b"together", qos=1, retain=True)
    pair.await_equal()
    with hall, client:
        for payload in (b"before", b"alone", b"together"):
            assert hall.expect(wire.PUBLISH).payload == payload


def test_a_client_of_the_virtual_ip_goes_where_it_goes(net_pair):
    pair = net_pair()
    a, b = pair.nodes
    pair.promote(a)
    pair.await_sync()
    await_that(lambda: pair.network.holders() == ["a"], "the virtual IP on a", pair.text)
    with pair.connected("traveller") as client:
        client.publish("hall/1", b"one", qos=1, retain=True)
    pair.lose_host(a)
    pair.promote(b, "--force")
    pair.until(pair.serves, "somebody at the virtual IP")
    with pair.connected("traveller") as client:
        client.subscribe(("hall/#", 1))
        assert client.expect(wire.PUBLISH).payload == b"one"
    pair.return_host(a)
    pair.await_equal()
    pair.until(lambda: pair.network.holders() == ["b"], "the virtual IP on b alone")
