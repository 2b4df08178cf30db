"""Failover with a second path between the nodes, and with gateways: on hosts whose networks are cut
one by one."""

import time

import pytest

from netns import GATEWAY
from test_net_failover import connect, fail_over, net_pair, tell  # noqa: F401
from test_takeover import role_of

ROUNDS = 5
BY_GATEWAY = {"policy": "gateway", "second_path": True}
# replication.timeout_ms, and as much again for a machine that is busy.
SOLO_WITHIN_S = 8


def outdated(node):
    status = node.ask("status")
    return bool(status) and status["replication"].get("outdated", False)


def silence_s(node):
    """For how long it has heard nothing on the second path."""
    return node.status()["failover"]["second_path"]["heard_ms_ago"] / 1_000


@pytest.mark.parametrize("how", [{"policy": "heartbeat", "second_path": True}, BY_GATEWAY])
def test_without_the_replication_path_the_primary_goes_on_and_the_standby_knows(net_pair, how):
    options = [f"--failover.gateway={GATEWAY}"] if how is BY_GATEWAY else []
    pair = net_pair(*options, **how)
    a, b = pair.nodes
    pair.cut()
    began = time.monotonic()
    pair.until(lambda: role_of(a) == "solo", "the primary to go on alone")
    took = time.monotonic() - began
    print(f"\nalone after {took:.2f} s")
    assert took < SOLO_WITHIN_S
    assert outdated(b)
    assert not b.says("-> claiming")
    with connect(pair, "writer") as client:
        client.publish("hall/1", b"alone", qos=1, retain=True)
    a.kill()
    # It would have taken over long ago.
    pair.until(lambda: silence_s(b) > 3, "the standby to hear nothing")
    assert not b.leads() and not b.says("-> claiming")
    refusal = b.ctl("promote")
    assert refusal.returncode == 1 and "acknowledged messages may be missing" in refusal.stderr
    a.launch()
    pair.until(a.leads, "the one that was alone to lead again")
    pair.heal()
    pair.await_equal()


def test_a_standby_that_still_hears_its_primary_does_not_take_over(net_pair):
    """Not even within the time in which it would have to."""
    pair = net_pair("--replication.timeout_ms=10000", "--heartbeat.timeout_ms=2000", policy="heartbeat", second_path=True)
    a, b = pair.nodes
    pair.cut()
    pair.until(lambda: b.status()["peer"]["heard_ms_ago"] > 3_000, "the link to be silent")
    assert a.leads() and not b.leads() and not b.says("-> claiming")
    pair.heal()
    pair.await_equal()
    assert pair.primary is a


def test_by_gateway_the_side_that_is_cut_off_steps_aside_and_the_other_one_leads(net_pair):
    pair = net_pair(f"--failover.gateway={GATEWAY}", **BY_GATEWAY)
    a, b = pair.nodes
    with connect(pair, "writer") as client:
        client.publish("hall/1", b"before", qos=1, retain=True)
    pair.network.unplug("a")
    pair.until(b.leads, "b to take over")
    pair.until(lambda: not a.leads(), "a to step aside")
    assert a.says("(isolated)")
    assert (a.run_folder / "role").read_text() == "0\n"
    with connect(pair, "reader") as client:
        client.subscribe(("hall/1", 1))
        assert client.take().payload == b"before"
    with connect(pair, "writer") as client:
        client.publish("hall/1", b"after", qos=1, retain=True)
    pair.network.plug("a")
    pair.call_primary(b)
    pair.await_equal()
    assert not a.ctl("diverged", "list").stdout
    pair.until(lambda: pair.network.holders() == ["b"], "the virtual IP on b alone")


def test_by_gateway_a_standby_that_is_cut_off_does_not_lead(net_pair):
    pair = net_pair(f"--failover.gateway={GATEWAY}", **BY_GATEWAY)
    a, b = pair.nodes
    pair.network.unplug("b")
    pair.until(lambda: role_of(a) == "solo", "the primary to go on alone")
    pair.until(lambda: role_of(b) == "reconciling", "the standby to give up")
    assert not b.says("-> promoting")
    pair.network.plug("b")
    pair.await_equal()
    assert pair.primary is a and a.leads()


def test_by_gateway_a_pair_without_any_network_has_its_primary_again_afterwards(net_pair):
    pair = net_pair(f"--failover.gateway={GATEWAY}", **BY_GATEWAY)
    a, b = pair.nodes
    for name in "ab":
        pair.network.unplug(name)
    pair.until(lambda: not a.leads(), "a to step aside")
    pair.until(lambda: role_of(b) == "reconciling", "the standby to give up")
    assert not b.leads()
    for name in "ab":
        pair.network.plug(name)
    pair.find_primary()
    pair.await_equal()


def test_by_gateway_the_address_follows_when_a_host_is_lost(net_pair):
    pair = net_pair(f"--failover.gateway={GATEWAY}", **BY_GATEWAY)
    gaps = []
    for number in range(ROUNDS):
        lost = pair.primary
        gaps.append(fail_over(pair, pair.lose_host, b"%d" % number))
        pair.return_host(lost)
        pair.await_sync()
    tell("a host that is lost, by gateway", gaps)


def test_by_gateway_a_process_that_dies_is_replaced_as_fast(net_pair):
    pair = net_pair(f"--failover.gateway={GATEWAY}", **BY_GATEWAY)
    gaps = []
    for number in range(ROUNDS):
        lost = pair.primary
        gaps.append(fail_over(pair, lambda node: node.kill(), b"%d" % number))
        lost.launch()
        pair.await_sync()
    tell("a process that dies, by gateway", gaps)
