"""kill -9 of the primary in full traffic, and the standby leads: nothing acknowledged is lost, and
what was exactly once stays so. The clients are those of the crash test."""

import asyncio
import os
import random

import pytest
from crash_load import Load
from test_crash import busy_moment

RATE = 1000  # Messages a second.
ROUNDS = 30


def run(one, harm, rate=RATE):
    seed = int(os.environ.get("TANDEMQ_SEED", random.randrange(1 << 32)))
    print(f"\nTANDEMQ_SEED={seed}")
    load = Load(one, seed, rate)

    async def course():
        await load.begin()
        await harm(load)
        await load.settle()

    try:
        asyncio.run(course())
    finally:
        print(load.summary())
    return load


async def fail_over(load, rounds):
    for _ in range(rounds):
        await load.until(load.daemon.in_sync, "the standby to be in sync")
        wanted = load.ledger.acknowledged + RATE // 10
        await load.until(lambda: load.ledger.acknowledged >= wanted, "traffic after a failover")
        await asyncio.sleep(load.dice.random() * 0.5)
        await busy_moment(load)
        load.kill()
        load.launch()


@pytest.mark.parametrize("mode", ["written", "flushed"])
def test_nothing_acknowledged_is_lost_when_the_standby_takes_over(pair, mode):
    # So little memory and log that failovers also meet rounds of the tables, trims, reading back.
    one = pair("--store.log_bytes_max=1M", "--memory.bodies_max_bytes=1M", mode=mode)
    load = run(one, lambda load: fail_over(load, ROUNDS))
    assert load.kills >= ROUNDS
    assert load.busy_kills >= load.kills // 3, "most kills came before anybody was served"
    one.await_sync()
    one.until(lambda: len(set(one.positions())) == 1, "equal positions")
