"""kill -9 at random moments, in full traffic: what was acknowledged is there afterwards.

TANDEMQ_SEED=n repeats the choices of a run; the moments depend on the machine all the same.
"""

import asyncio
import os
import random
import subprocess

from crash_clients import RETRY_S
from crash_ledger import now
from crash_load import Load
from test_ctl import CTL

RATE = 1000  # Messages a second, all publishers together.
KILLS, SECONDS = 50, 120
SERVED_EVERY = 10  # Each tenth start may go on until it serves again.
BUSY = 10  # Messages in flight that make a moment worth waiting for,
BUSY_S = 0.2  # and how long.


def moment(dice):
    """Seconds after the start: into the recovery, into the return of the clients, into traffic."""
    return dice.uniform(*dice.choice(((0, 0.05), (0.05, 0.4), (0.4, 4), (0.4, 4), (0.4, 4))))


def serving_again(load):
    wanted = load.ledger.acknowledged + RATE // 10
    return lambda: load.ledger.acknowledged >= wanted


async def busy_moment(load):
    until = now() + BUSY_S * 1e9
    while load.in_flight() < BUSY and now() < until:
        await asyncio.sleep(0)


async def kill_at_random(load, kills, seconds):
    while load.kills < kills or load.age_s() < seconds:
        if load.kills % SERVED_EVERY == 0:
            await load.until(serving_again(load), "the daemon to serve after a restart")
        await asyncio.sleep(moment(load.dice))
        if load.accepted and load.dice.random() < 0.7:
            await busy_moment(load)
        load.kill()
        await asyncio.sleep(load.dice.choice((0, 0, 0.3)) * load.dice.random())
        load.launch()


def run(daemon, harm, *options, rate=RATE):
    """Load, harm, and judgement."""
    seed = int(os.environ.get("TANDEMQ_SEED", random.randrange(1 << 32)))
    print(f"\nTANDEMQ_SEED={seed}")
    load = Load(daemon(*options), seed, rate)

    async def course():
        await load.begin()
        await harm(load)
        await load.settle()

    try:
        asyncio.run(course())
    finally:
        print(load.summary())
    return load


def test_nothing_acknowledged_is_lost_in_two_minutes_of_crashes(daemon):
    # So little memory and log that crashes also meet rounds of the tables, trims, and reading back.
    load = run(daemon, lambda load: kill_at_random(load, KILLS, SECONDS),
               "--store.log_bytes_max=1M", "--memory.bodies_max_bytes=1M")
    assert load.kills >= KILLS
    assert load.busy_kills >= load.kills // 3, "most kills came before anybody was served"


def test_a_crash_of_the_process_loses_nothing_between_two_syncs(daemon):
    load = run(daemon, lambda load: kill_at_random(load, 10, 0), "--store.sync=interval:50")
    assert load.busy_kills >= 3


def test_a_crash_during_recovery_loses_nothing(daemon):
    """The queues of those who are away make the store large, and recovery long."""
    stored = 20000

    async def harm(load):
        load.parked = True
        for one in load.subscribers:
            if one.name.startswith("wanderer"):
                one.leave(politely=False)
        await load.until(lambda: load.ledger.acknowledged >= stored, "a large store")
        for delay_ms in (0, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 100, 200):
            for _ in range(2):
                load.kill()
                load.launch()
                await asyncio.sleep(delay_ms / 1000)
        await load.until(serving_again(load), "the daemon to serve after all these crashes")

    assert run(daemon, harm, rate=4 * RATE).early_kills >= 5, "no kill hit the recovery"


async def ended(process):
    while process.poll() is None:
        await asyncio.sleep(RETRY_S)
    return process.returncode


def test_a_crash_during_a_backup_loses_nothing(daemon, tmp_path):
    backups = []

    def back_up(load):
        backups.append(tmp_path / f"backup-{len(backups)}")
        return subprocess.Popen([CTL, f"--socket={load.daemon.folder / 'admin.sock'}", "backup",
                                 "create", str(backups[-1])], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    async def harm(load):
        for _ in range(8):
            await load.until(serving_again(load), "the daemon to serve before a backup")
            process = back_up(load)
            await asyncio.sleep(load.dice.uniform(0, 0.2))
            load.kill()
            await ended(process)
            load.launch()
        await load.until(serving_again(load), "the daemon to serve before the last backup")
        process = back_up(load)
        assert await ended(process) == 0, process.stdout.read().decode()
        assert any(backups[-1].iterdir())

    run(daemon, harm)
