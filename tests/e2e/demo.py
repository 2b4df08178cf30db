"""What the pair is for, shown in a minute: persistent subscribers, publishers with QoS 1 and 2, and
kill -9 of the primary. As root it has network namespaces, keepalived and a virtual IP of its own,
otherwise two ports on loopback. `make demo` runs it; it ends with a report of one page."""

import argparse
import asyncio
import contextlib
import os
import pathlib
import random
import shutil
import tempfile

from crash_load import PUBLISHERS, SUBSCRIBERS, Load
from netns import TOOLS, Network, NetPair
from pair import Pair, as_shipped
from test_crash import busy_moment

RATE = 1000
BEFORE_S, AFTER_S = 5, 5


@contextlib.contextmanager
def network_pair():
    network = Network()
    try:
        pair = NetPair(network, policy="heartbeat", timing=as_shipped)
        try:
            pair.promote(pair.nodes[0])
            pair.await_sync()
            pair.until(lambda: network.holders() == ["a"], "the virtual IP on a")
            with network.inside("client"):
                yield pair
            pair.stop()
        finally:
            pair.remove()
    finally:
        network.close()


@contextlib.contextmanager
def loopback_pair():
    with tempfile.TemporaryDirectory(prefix="tandemq-demo-") as folder:
        pair = Pair(pathlib.Path(folder), policy="heartbeat", timing=as_shipped)
        try:
            pair.await_sync()
            pair.tries_both = True
            yield pair
            pair.stop()
        finally:
            pair.remove()


class Demo:
    def __init__(self, pair, seed):
        self.pair = pair
        self.load = Load(pair, seed, RATE)
        self.killed = self.heir = None
        self.gap_ms = 0

    async def run(self):
        load, pair = self.load, self.pair
        await load.begin()
        await load.until(pair.in_sync, "the standby to be in sync")
        print(f"node {pair.primary.name} leads, {pair.standby.name} follows; traffic runs",
              flush=True)
        await asyncio.sleep(BEFORE_S)
        await busy_moment(load)
        load.ledger.forget_gaps()
        self.killed, self.heir = pair.primary, pair.standby
        print(f"kill -9 of node {self.killed.name}, {load.in_flight()} messages in flight",
              flush=True)
        load.kill()
        wanted = load.ledger.acknowledged + RATE
        await load.until(lambda: load.ledger.acknowledged >= wanted, "traffic")
        self.gap_ms = load.ledger.gap_ns / 1e6
        await asyncio.sleep(AFTER_S)
        await asyncio.to_thread(self.killed.launch)
        pair.find_primary()
        pair.tries_both = False
        print("it comes back and follows; now all is counted, and the other one is killed too",
              flush=True)
        await load.settle()

    def report(self, where):
        ledger = self.load.ledger
        return f"""
A pair of tandemq, {where}
{PUBLISHERS} publishers with QoS 1 and 2, {len(SUBSCRIBERS)} persistent subscribers
{RATE} messages a second

  killed with -9                 node {self.killed.name}; node {self.heir.name} took over
  acknowledged to publishers     {ledger.acknowledged:>8,}
  delivered to subscribers       {ledger.received:>8,}
  lost                           {0:>8}
  duplicates of QoS 2            {0:>8}
  sent again with DUP            {ledger.redelivered:>8,}
  longest gap at the failover    {self.gap_ms:>8.0f} ms
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--loopback", action="store_true", help="even as root")
    arguments = parser.parse_args()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    real = os.geteuid() == 0 and not missing and not arguments.loopback
    where = ("in network namespaces, with keepalived and a virtual IP" if real else
             "on loopback (as root, with keepalived, it has a virtual IP)")
    print(f"Starting a pair {where}", flush=True)
    with network_pair() if real else loopback_pair() as pair:
        demo = Demo(pair, arguments.seed)
        asyncio.run(demo.run())
        print(demo.report(where))


if __name__ == "__main__":
    main()
