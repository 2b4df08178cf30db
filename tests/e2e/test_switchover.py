"""A planned move of the leadership, asked of either node, under load; what speaks against it; and a
rolling restart, which is two commands."""

import asyncio
import subprocess
import time

import pytest

from flow import Flow, Queue
from pair import MODES
from test_ctl import CTL, Ctl
from test_failover import RATE, run

MOVES = 6
GAP_S = 5  # Of a client, on a machine that does other things too. docs/BENCHMARKS.md has figures.


async def work(load, count=RATE // 5):
    wanted = load.ledger.acknowledged + count
    await load.until(lambda: load.ledger.acknowledged >= wanted, "traffic")


async def gap_of(load, deed):
    """The longest time in which no client got anything while it was done."""
    load.ledger.forget_gaps()
    answer = await asyncio.to_thread(deed)
    await work(load)
    return load.ledger.gap_ns / 1e9, answer


def tell(gaps):
    gaps.sort()
    print(f"longest gap: median {gaps[len(gaps) // 2]:.3f} s, at the most {gaps[-1]:.3f} s")
    assert gaps[-1] < GAP_S


@pytest.mark.parametrize("mode", ["written", "flushed"])
def test_a_switchover_moves_the_clients_and_loses_nothing(pair, mode):
    gaps, answers = [], []
    one = pair("--store.log_bytes_max=1M", "--memory.bodies_max_bytes=1M", mode=mode)

    async def harm(load):
        one.tries_both = True
        for number in range(MOVES):
            await load.until(one.in_sync, "the standby to be in sync")
            await work(load)
            asked = one.standby if number % 2 else one.primary
            gap, answer = await gap_of(load, lambda node=asked: one.switch_over(node))
            gaps.append(gap)
            answers.append(answer)
            assert one.primary.leads(), one.text()
        one.tries_both = False

    run(one, harm)
    assert [(answer["from"], answer["to"]) for answer in answers] == [("a", "b"), ("b", "a")] * 3
    assert all(now["term"] == last["term"] + 1 for last, now in zip(answers, answers[1:]))
    one.await_equal()
    assert not any(node.data("diverged").exists() for node in one.nodes), one.text()
    tell(gaps)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_hands_over_all_that_was_acknowledged(pair, mode):
    one = pair(mode=mode)
    queue = Queue(one)
    one.await_sync()
    with Flow(one) as flow:
        for _ in range(3):
            wanted = flow.acknowledged + 100
            one.until(lambda: flow.acknowledged >= wanted, "traffic")
            one.await_sync()
            one.switch_over(one.primary)
    one.await_equal()
    queue.expect_all(one, flow)


def refusal(node):
    done = node.ctl("switchover")
    assert done.returncode == 1, done
    return done.stderr


def test_a_switchover_is_refused_while_no_standby_is_in_sync(pair):
    one = pair("--replication.timeout_ms=500")
    one.await_equal()
    one.standby.kill()
    one.until(lambda: not one.primary.status()["peer"]["connected"], "the link to end")
    assert "No standby is connected" in refusal(one.primary)
    one.standby.launch()
    one.await_sync()
    one.primary.kill()
    one.until(lambda: not one.standby.status()["peer"]["connected"], "the link to end")
    assert "follows nobody" in refusal(one.standby)
    one.primary.launch()
    one.find_primary()


def test_a_broker_without_a_peer_has_nobody_to_hand_over_to(daemon):
    done = Ctl(daemon().folder / "admin.sock").run("switchover")
    assert done.returncode == 1 and b"no peer" in done.stderr


def test_when_a_standby_hangs_with_the_offer_one_of_the_two_leads_in_the_end(pair):
    """Whether it leads the old primary cannot know, so it asks, and leads again if it does not."""
    one = pair("--replication.timeout_ms=600")
    one.await_equal()
    one.standby.pause()
    began = time.monotonic()
    assert "is not known" in refusal(one.primary)
    assert time.monotonic() - began < GAP_S
    one.standby.go_on()
    one.find_primary()
    one.await_equal()
    with one.connected() as client:
        client.publish("t", b"afterwards", qos=1)


@pytest.mark.parametrize("victim", ["primary", "standby"])
def test_a_switchover_that_is_interrupted_by_a_crash_loses_nothing(pair, victim):
    one = pair(policy="heartbeat")
    queue = Queue(one)
    one.await_sync()
    with Flow(one, rate=500) as flow:
        # Few, because a standby that comes and goes is admitted later each time.
        for delay_ms in (0, 3, 10):
            wanted = flow.acknowledged + 50
            one.until(lambda: flow.acknowledged >= wanted, "traffic")
            one.await_sync()
            dies, leads = getattr(one, victim), one.primary
            begun = leads.says("clients wait") + 1
            words = [CTL, f"--socket={leads.folder / 'admin.sock'}", "switchover"]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
                while leads.says("clients wait") < begun:
                    pass
                time.sleep(delay_ms / 1000)  # Into the middle of it.
                dies.kill()
            dies.launch()
            one.find_primary()
    one.await_equal()
    queue.expect_all(one, flow)


def test_a_rolling_restart_is_two_commands_and_loses_nothing(pair):
    gaps = []
    one = pair()

    async def harm(load):
        one.tries_both = True
        first = one.standby
        await load.until(one.in_sync, "the standby to be in sync")
        gaps.append((await gap_of(load, first.restart))[0])  # systemctl restart tandemq
        await load.until(one.in_sync, "the standby to be in sync")
        old = one.primary

        def second():  # tandemqctl switchover && systemctl restart tandemq
            one.switch_over(old)
            old.restart()

        gaps.append((await gap_of(load, second))[0])
        assert one.primary is first
        one.tries_both = False

    run(one, harm)
    one.await_equal()
    tell(gaps)


def test_a_node_that_is_stopped_between_two_lives_stops_in_order(pair):
    one = pair()
    for _ in range(5):
        one.await_sync()
        old = one.primary
        lives = old.says("starts anew") + 1
        one.switch_over(old)
        one.until(lambda: old.says("starts anew") >= lives, "the end of the life as a primary")
        old.restart()
