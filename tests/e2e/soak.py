"""Failovers in a row under load: kill -9, switchover, and hosts that fall silent, mixed. What
test_crash.py asks of crashes is asked of each: nothing acknowledged is lost, QoS 2 comes once,
order is kept; and no process grows. `make soak MINUTES=n` runs it; test_soak.py a short one."""

import argparse
import asyncio
import collections
import pathlib
import random
import statistics
import tempfile
import time

from crash_load import Load
from pair import Pair, as_shipped
from test_crash import busy_moment

RATE = 500  # Messages a second, all publishers together.
WORK = RATE // 5  # Messages between two failovers at least.
SETTLED = 12  # Failovers until a process has what it needs.
FILES_MORE = 16  # Sockets that come and go.
MEMORY_MORE_MB = 64
OPTIONS = ("--store.log_bytes_max=4M", "--memory.bodies_max_bytes=4M")


class Soak:
    def __init__(self, pair, seed, rate=RATE):
        self.pair = pair
        self.load = Load(pair, seed, rate)
        self.gaps = collections.defaultdict(list)  # By kind, in seconds.
        self.files, self.memory = [], []  # Of both nodes, after each failover.
        self.is_over = lambda: False

    def run(self, is_over):
        """Until `is_over` says so, and then the judgement."""
        self.is_over = is_over
        asyncio.run(self._course())

    async def _course(self):
        load, pair = self.load, self.pair
        kinds = [self.kill, self.switch_over, self.fall_silent]
        await load.begin()
        while not self.is_over():
            load.dice.shuffle(kinds)
            for kind in kinds:
                await self._fail_over(kind)
        pair.tries_both = False
        pair.find_primary()
        await load.settle()
        self._judge_growth()

    async def _fail_over(self, kind):
        load, pair = self.load, self.pair
        await load.until(pair.in_sync, "the standby to be in sync")
        await self._work()
        await asyncio.sleep(load.dice.random() * 0.3)
        await busy_moment(load)
        pair.tries_both = True
        load.ledger.forget_gaps()
        lost, heir = pair.primary, pair.standby
        await kind(lost, heir)
        await self._work()
        self.gaps[kind.__name__].append(load.ledger.gap_ns / 1e9)
        await asyncio.to_thread(lambda: lost.is_away and lost.launch())
        pair.find_primary()
        assert pair.primary is heir, load.story(f"{lost.name} leads again:\n{pair.text()}")
        self.files.append(max(node.open_files() for node in pair.nodes))
        self.memory.append(max(node.rss_mb() for node in pair.nodes))

    async def _work(self):
        wanted = self.load.ledger.acknowledged + WORK
        await self.load.until(lambda: self.load.ledger.acknowledged >= wanted, "traffic")

    # --- how a primary is lost

    async def kill(self, lost, _):
        self.load.kill()

    async def switch_over(self, lost, heir):
        asked = self.load.dice.choice((lost, heir))
        done = await asyncio.to_thread(asked.ctl, "switchover")
        assert done.returncode == 0, self.load.story(f"{done.stderr}\n{self.pair.text()}")

    async def fall_silent(self, lost, heir):
        """As a host that is switched off: nothing answers, no connection ends. Where clients find
        out is their matter; here it is when the other one serves."""
        lost.pause()
        while not await asyncio.to_thread(heir.leads):
            self.load.check()
        self.load.kill()

    # --- the judgement

    def _judge_growth(self):
        for what, seen, more in (("open files", self.files, FILES_MORE),
                                 ("MB of memory", self.memory, MEMORY_MORE_MB)):
            if len(seen) < 3 * SETTLED:
                continue
            early, late = max(seen[:SETTLED]), statistics.median(seen[-SETTLED:])
            assert late <= early + more, f"{what} grew from {early} to {late}: {seen}"

    def failovers(self):
        return sum(len(gaps) for gaps in self.gaps.values())

    def report(self):
        ledger = self.load.ledger
        lines = [f"{self.failovers()} failovers in {self.load.age_s():.0f} s, "
                 f"seed {self.load.seed}",
                 f"acknowledged {ledger.acknowledged}, delivered {ledger.received}, lost 0, "
                 f"duplicates of QoS 2 0, redeliveries {ledger.redelivered}",
                 f"open files at the most {max(self.files)}, at the end {self.files[-1]}; "
                 f"memory at the most {max(self.memory)} MB, at the end {self.memory[-1]} MB"]
        for kind, gaps in sorted(self.gaps.items()):
            lines.append(f"{kind.replace('_', ' '):12} {len(gaps):4}: longest gap median "
                         f"{statistics.median(gaps) * 1000:.0f} ms, at the most "
                         f"{max(gaps) * 1000:.0f} ms")
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--failovers", type=int, default=0, help="so many at least")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--mode", default="written")
    arguments = parser.parse_args()
    until = time.monotonic() + arguments.minutes * 60
    with tempfile.TemporaryDirectory(prefix="tandemq-soak-") as folder:
        pair = Pair(pathlib.Path(folder), *OPTIONS, mode=arguments.mode, policy="heartbeat",
                    timing=as_shipped)
        try:
            soak = Soak(pair, arguments.seed)
            soak.run(lambda: time.monotonic() >= until and
                     soak.failovers() >= arguments.failovers)
            pair.stop()
            print(soak.report())
        finally:
            pair.remove()


if __name__ == "__main__":
    main()
