"""The load of the crash test: who publishes and who subscribes to what, and how it ends.

It owns the clients and the ledger, and kills and launches the daemon when told to. Every failure
tells the seed and the number of the kill before it.
"""

import asyncio
import random

import wire
from client import Client
from crash_clients import Churner, Publisher, RetainedWatcher, Subscriber, Wanderer
from crash_ledger import Ledger, now

POLL_S = 0.02
STALL_S = 60  # How long nothing at all may happen while something is waited for.
WAIT_S = 120  # For a condition.
PUBLISHERS = 8
VERSIONS = (wire.V5, wire.V311)

# Class, QoS, filters, and how late it acknowledges at most, in seconds. The versions take turns.
SUBSCRIBERS = (
    (Subscriber, 1, ("q1/#", "q2/#", "r1/#"), 0.0),
    (Subscriber, 2, ("q1/#", "q2/#"), 0.02),
    (Subscriber, 2, ("r1/#", "r2/#", "q2/+/0"), 0.0),
    (Subscriber, 1, ("q1/+/1", "r2/#"), 0.05),
    (Wanderer, 2, ("q2/#", ), 0.0),
    (Wanderer, 1, ("q1/#", ), 0.03),
    (Wanderer, 1, ("q2/+/1", "r1/#"), 0.0),
    (Wanderer, 2, ("q1/+/0", "q2/+/0"), 0.03),
    (Churner, 1, ("q1/0/+", "q2/1/+", "q1/2/+", "q2/3/+"), 0.0),
    (Churner, 2, ("q1/4/+", "q2/5/+", "q1/6/+", "q2/7/+"), 0.0),
    (Churner, 2, ("q2/0/+", "q1/1/+", "q2/2/+", "q2/4/+"), 0.03),
    (Churner, 1, ("q1/3/+", "q1/5/+", "q2/6/+", "q1/7/+"), 0.03),
)


class Load:
    def __init__(self, daemon, seed, rate):
        self.daemon, self.seed = daemon, seed
        self.dice = random.Random(seed)
        self.ledger = Ledger()
        self.resting = False  # Nothing new but what `settle` asks for.
        self.parked = False  # Wanderers stay away.
        self.over = False
        self.kills = self.busy_kills = self.early_kills = 0
        self.accepted = 0  # Connections since the last launch.
        self.failure = None
        self.moved_at = self.started_at = now()
        self.tasks = []
        self.fence_topic = self.ledger.add_topic("fence", 1)
        self.publishers = [self._publisher(n, rate / PUBLISHERS) for n in range(PUBLISHERS)]
        self.subscribers = [self._subscriber(n, *row) for n, row in enumerate(SUBSCRIBERS)]
        self.retained = [topic for topic in self.ledger.topics.values() if topic.retain]
        self.watchers = [RetainedWatcher(self, f"watcher-{n}", version, self.retained)
                         for n, version in enumerate(VERSIONS)]

    def _publisher(self, number, rate):
        add = self.ledger.add_topic
        ordinary = [add(f"q{qos}/{number}/{n}", qos) for qos in (1, 2) for n in (0, 1)]
        kept = [add(f"r{qos}/{number}/0", qos, retain=True) for qos in (1, 2)]
        kept += [add(f"d{qos}/{number}/0", qos, retain=True, deletes=True) for qos in (1, 2)]
        return Publisher(self, f"publisher-{number}", VERSIONS[number % 2], ordinary * 2 + kept,
                         rate)

    def _subscriber(self, number, kind, qos, filters, late_s):
        name = f"{kind.__name__.lower()}-{number}"
        reader = self.ledger.add_reader(name, qos, ("fence", *filters), kind is not Churner)
        return kind(self, reader, VERSIONS[number // 2 % 2], late_s)

    @property
    def port(self):
        return self.daemon.port  # Of a pair it moves.

    @property
    def host(self):
        return getattr(self.daemon, "host", "127.0.0.1")

    # --- told by the clients

    def fail(self, text):
        self.failure = self.failure or self.story(text)

    def served(self):
        self.accepted += 1
        self.progress()

    def progress(self):
        self.moved_at = now()

    # --- the daemon

    def kill(self):
        self.check()
        self.daemon.kill()
        self.kills += 1
        self.early_kills += not self.accepted
        self.busy_kills += self.accepted >= PUBLISHERS and self.in_flight() > 0

    def in_flight(self):
        return sum(len(one.flight) for one in self.publishers)

    def launch(self):
        self.accepted = 0
        self.daemon.launch()

    def check(self):
        assert not self.failure, self.failure
        assert self.daemon.is_alive(), self.story(
            f"the daemon ended by itself:\n{self.daemon.text()}")

    def story(self, text):
        return f"seed {self.seed}, after kill {self.kills}, {self.age_s():.1f} s: {text}"

    def age_s(self):
        return (now() - self.started_at) / 1e9

    # --- the course of it

    async def until(self, condition, what):
        self.progress()
        began = now()
        while not condition():
            self.check()
            assert now() - began < WAIT_S * 1e9, self.story(
                f"waited {WAIT_S} s for {what}, while messages came and went:\n"
                f"{self.daemon.text()}")
            assert now() - self.moved_at < STALL_S * 1e9, self.story(
                f"waited for {what}, and nothing has happened for {STALL_S} s. The daemon runs"
                f"{'' if self.accepted else ', but accepts nobody'}; its log ends:\n"
                f"{self.daemon.text()}")
            await asyncio.sleep(POLL_S)
        self.check()

    def start(self, peers):
        for peer in peers:
            task = asyncio.ensure_future(peer.live())
            task.add_done_callback(self._ended)
            self.tasks.append(task)

    def _ended(self, task):
        if not task.cancelled() and task.exception():
            self.fail(f"a client broke: {task.exception()!r}")

    async def begin(self):
        """Subscribers first: whoever is steady gets all from the first message on."""
        self.start(self.subscribers)
        await self.until(lambda: all(one.is_idle() for one in self.subscribers),
                         "the first subscriptions")
        self.start(self.publishers + self.watchers)

    async def settle(self):
        """Lets all come to rest, kills once more, and proves on what is left that all is there."""
        self.resting, self.parked = True, False
        await self._until_idle()
        await self._fence()
        await self.until(self.daemon.may_be_killed, "the daemon to be ready for its last crash")
        self.kill()
        self.launch()
        for publisher in self.publishers:
            publisher.waiting += dict.fromkeys(publisher.topics)
        await self._until_idle()
        await self._fence()
        try:
            self.ledger.judge()
            self._check_retained()
        except AssertionError as failure:
            raise AssertionError(self.story(str(failure))) from None
        await self._end()

    async def _until_idle(self):
        await self.until(lambda: all(one.is_idle() for one in self.publishers),
                         "the acknowledgements of all that was published")
        await self.until(lambda: not any(one.asking for one in self.subscribers),
                         "the answers to SUBSCRIBE and UNSUBSCRIBE")

    async def _fence(self):
        """A message to all, published when all others are acknowledged, comes as the last one."""
        number = len(self.fence_topic.messages) + 1
        self.publishers[0].waiting.append(self.fence_topic)

        def arrived(one):
            return one.is_idle() and one.reader.receipts["fence"].last == number

        def missing():
            return ", ".join(one.name for one in self.subscribers if "fence" not in
                             one.reader.receipts or not arrived(one))

        await self.until(lambda: not missing(), f"fence {number}")

    def _check_retained(self):
        wanted = {one.name: one.messages[-1].payload() for one in self.retained}
        deleted = [name for name, payload in wanted.items() if not payload]
        left = {name: payload for name, payload in wanted.items() if payload}
        with Client(self.port, host=self.host) as client:
            client.connect()
            client.subscribe(*((f"{kind}/#", 1) for kind in ("r1", "r2", "d1", "d2")))
            while left:
                try:
                    message = client.take(retain=True)
                except TimeoutError:
                    raise AssertionError(f"retained messages are missing: {left}") from None
                expected = left.pop(message.topic, None)
                assert message.payload == expected, (
                    f"retained in {message.topic}: {message.payload[:20]}, not {expected}")
            for name in deleted:
                client.subscribe((name, 1))
            client.expect_silence()

    async def _end(self):
        self.over = True
        for peer in self.publishers + self.subscribers + self.watchers:
            peer.leave(politely=True)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.check()

    def summary(self):
        ledger = self.ledger
        return (f"seed {self.seed}: {ledger.acknowledged} messages acknowledged and "
                f"{ledger.received} received in {self.age_s():.0f} s, {self.kills} kills "
                f"({self.busy_kills} with messages in flight, {self.early_kills} before anybody "
                f"was accepted), {ledger.copies} copies by publishers, {ledger.redelivered} "
                f"redeliveries, longest gap {ledger.gap_ns / 1e9:.2f} s, "
                f"{sum(one.looks for one in self.watchers)} looks at what is retained")
