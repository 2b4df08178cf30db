"""Failover without an operator: `failover.policy = heartbeat` and `fence`."""

import signal
import stat
import time

import pytest

from flow import Flow
from pair import PATIENCE_S
from test_failover import RATE, run
from test_crash import busy_moment

ROUNDS = 20


def role_of(node):
    status = node.ask("status")
    return status["failover"]["role"] if status else "none"


async def kill_and_wait(load, gaps):
    one = load.daemon
    for _ in range(ROUNDS):
        await load.until(one.in_sync, "the standby to be in sync")
        wanted = load.ledger.acknowledged + RATE // 10
        await load.until(lambda: load.ledger.acknowledged >= wanted, "traffic after a failover")
        await busy_moment(load)
        began, killed = time.monotonic(), one.primary
        load.kill()
        one.await_takeover()
        gaps.append(time.monotonic() - began)
        killed.launch()


@pytest.mark.parametrize("mode", ["written", "flushed"])
def test_nothing_acknowledged_is_lost_when_the_standby_takes_over_by_itself(pair, mode):
    gaps = []
    one = pair("--store.log_bytes_max=1M", "--memory.bodies_max_bytes=1M", mode=mode,
               policy="heartbeat")
    load = run(one, lambda load: kill_and_wait(load, gaps))
    gaps.sort()
    print(f"leads after {gaps[len(gaps) // 2]:.3f} s, at the most {gaps[-1]:.3f} s")
    assert load.kills >= ROUNDS
    one.await_sync()
    one.until(lambda: len(set(one.positions())) == 1, "equal positions")


def test_a_primary_that_hangs_is_replaced_and_follows_when_it_comes_back(pair):
    one = pair(policy="heartbeat")
    one.await_sync()
    with Flow(one, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= 20, "traffic")
    hung = one.primary
    hung.pause()
    taken = one.standby
    one.await_takeover()
    hung.go_on()
    one.until(lambda: not hung.leads(), "the old primary to step down")
    one.find_primary()
    assert one.primary is taken
    one.await_equal()


def test_a_standby_that_is_not_in_sync_does_not_take_over(pair):
    one = pair("--replication.timeout_ms=1000", policy="heartbeat")
    one.await_sync()
    one.standby.pause()
    one.until(lambda: role_of(one.primary) == "solo", "the primary to go on alone")
    with one.connected() as client:
        client.publish("t", b"alone", qos=1, retain=True)
    one.primary.kill()
    one.standby.go_on()
    one.until(lambda: role_of(one.standby) == "reconciling", "the standby to look around")
    refusal = one.standby.ctl("promote")
    assert refusal.returncode == 1, refusal
    assert not one.standby.leads()
    one.primary.launch()
    one.until(one.primary.leads, "the one that was alone to lead again")
    one.await_equal()


def test_a_standby_that_crashes_delays_acknowledgements_for_a_moment_only(pair):
    one = pair(policy="heartbeat")
    one.await_sync()
    with Flow(one, rate=500, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= 50, "traffic")
        one.standby.kill()
        before = flow.acknowledged + flow.window
        one.until(lambda: flow.acknowledged > before, "traffic without the standby")
        assert role_of(one.primary) == "solo"
        one.standby.launch()
        one.await_sync()
    print(f"longest gap {flow.longest_s:.3f} s")
    assert flow.longest_s < 1.5, flow.longest_s
    one.await_equal()


def test_with_fencing_a_primary_cut_off_is_ended_before_its_standby_leads(pair, proxy, tmp_path):
    """The command ends the other node; whoever runs it first is the one that leads."""
    script = tmp_path / "fence"
    target = tmp_path / "target"
    script.write_text(f"""#!/bin/sh
[ -s {target} ] && kill -9 $(cat {target}) && echo "$1" >> {tmp_path}/fenced
""")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    one = pair("--replication.timeout_ms=1500", f"--failover.fence_command={script} peer",
               policy="fence", peer_ports=proxy.between)
    one.await_sync()
    with one.connected() as client:
        client.publish("t", b"before", qos=1, retain=True)
    target.write_text(str(one.primary.process.pid))
    cut_off, taken = one.primary, one.standby
    proxy.refuse()
    proxy.cut()
    one.await_takeover()
    assert cut_off.process.wait(PATIENCE_S) == -signal.SIGKILL
    cut_off.is_away = True
    target.write_text("")
    assert (tmp_path / "fenced").read_text() == "peer\n"
    proxy.allow()
    cut_off.launch()
    one.find_primary()
    assert one.primary is taken
    one.await_equal()


def test_the_log_and_status_say_why_a_node_leads(pair):
    one = pair(policy="heartbeat")
    one.await_sync()
    failover = one.primary.status()["failover"]
    assert (failover["role"], failover["policy"]) == ("paired", "heartbeat")
    assert failover["event"] == "standby near" and failover["why"]
    one.until(lambda: role_of(one.standby) == "insync", "the standby to know")
    one.primary.kill()
    taken = one.await_takeover()
    assert taken.says("failover: insync -> claiming (primary gone)")
    assert taken.says("failover: claiming -> promoting (proven)")
    assert taken.says("failover: promoting -> solo (serves)")
