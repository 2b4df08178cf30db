"""What the clients of a crash test were promised and what they got; no sockets here.

The ledger hears of each message when it is sent and when it is acknowledged, and of each receipt.
What can be judged at once raises AssertionError at once; `judge` does the rest when all is quiet.
One thread sees all of it, so times (time.monotonic_ns) order what happened without a doubt.
"""

import time
from dataclasses import dataclass, field

NEVER = 1 << 62
FILLER = b"tandem" * 2000
LARGE_EVERY = 199  # Each 199th message of a topic is large.


def now():
    return time.monotonic_ns()


def matches(name, topic):
    """The rule of MQTT for filters, `#` and `+` included."""
    parts, levels = name.split("/"), topic.split("/")
    if parts[-1] == "#":
        parts.pop()
        levels = levels[:max(len(parts), 1)] if parts else []
    return len(parts) == len(levels) and all(p in ("+", l) for p, l in zip(parts, levels))


@dataclass(slots=True)
class Message:
    topic: "Topic"
    number: int  # From 1, without gaps, in each topic.
    sends: int = 0
    sent_at: int = NEVER
    acknowledged_at: int = NEVER

    def __str__(self):
        return f"message {self.number} of {self.topic.name}"

    def deletes(self):
        return self.topic.deletes and self.number % 3 == 0

    def payload(self):
        if self.deletes():
            return b""
        size = 10000 if self.number % LARGE_EVERY == 0 else self.number * 37 % 150
        return b"%d:" % self.number + FILLER[:size]


class Topic:
    """One publisher writes to it, always with the same QoS, so its messages have an order."""

    def __init__(self, name, qos, retain=False, deletes=False):
        self.name, self.qos, self.retain, self.deletes = name, qos, retain, deletes
        self.messages = []
        self.acknowledged = 0  # The number of the last message that was.

    def next_message(self):
        self.messages.append(Message(self, len(self.messages) + 1))
        return self.messages[-1]

    def last_acknowledged(self):
        return self.messages[self.acknowledged - 1] if self.acknowledged else None


@dataclass(slots=True)
class Span:
    """A time with a subscription. Between asking and answer nobody can know whether it is there."""
    asked_at: int
    on_at: int = NEVER
    leaving_at: int = NEVER
    off_at: int = NEVER


@dataclass
class Subscription:
    name: str
    spans: list = field(default_factory=list)

    def is_on(self):
        return bool(self.spans) and self.spans[-1].leaving_at == NEVER

    def owes(self, message):
        return any(span.on_at < message.sent_at and message.acknowledged_at < span.leaving_at
                   for span in self.spans)

    def forbids(self, message):
        """Sent and acknowledged while the subscription was certainly not there."""
        gone_at = 0
        for span in self.spans:
            if gone_at < message.sent_at and message.acknowledged_at < span.asked_at:
                return True
            gone_at = span.off_at
        return gone_at < message.sent_at


class Receipts:
    """How often each message of one topic reached one reader; a redelivery counts once."""

    def __init__(self):
        self.last, self.counts = 0, bytearray(1)

    def of(self, number):
        return self.counts[number] if number < len(self.counts) else 0

    def add(self, number):
        if number >= len(self.counts):
            self.counts.extend(bytes(number + 1 - len(self.counts)))
        self.counts[number] = min(self.counts[number] + 1, 255)
        self.last = max(self.last, number)


class Reader:
    """A subscriber as the ledger knows it. A steady one subscribes once, before the first message,
    so each of its topics must come without a gap."""

    def __init__(self, name, qos, filters, steady):
        self.name, self.qos, self.steady = name, qos, steady
        self.subscriptions = [Subscription(one) for one in filters]
        self.receipts = {}

    def subscription_to(self, topic):
        return next((one for one in self.subscriptions if matches(one.name, topic.name)), None)


class Ledger:
    def __init__(self):
        self.topics, self.readers = {}, []
        self.acknowledged = self.received = self.copies = self.redelivered = 0
        self.receipt_at, self.gap_ns = now(), 0

    def add_topic(self, *words, **options):
        topic = Topic(*words, **options)
        self.topics[topic.name] = topic
        return topic

    def add_reader(self, *words):
        self.readers.append(Reader(*words))
        return self.readers[-1]

    def forget_gaps(self):
        self.receipt_at, self.gap_ns = now(), 0

    def sent(self, message):
        message.sends += 1
        message.sent_at = min(message.sent_at, now())

    def acknowledge(self, message):
        topic = message.topic
        assert message.number == topic.acknowledged + 1, (
            f"{message} was acknowledged after {topic.acknowledged}: out of order")
        topic.acknowledged = message.number
        message.acknowledged_at = now()
        self.acknowledged += 1

    def find(self, packet):
        """The message that came; it must be one that was sent, whole."""
        topic = self.topics.get(packet.topic)
        assert topic, f"nobody publishes to {packet.topic}"
        number = int(packet.payload.split(b":", 1)[0] or 0)
        assert 0 < number <= len(topic.messages), f"nobody sent {number} to {topic.name}"
        message = topic.messages[number - 1]
        assert packet.payload == message.payload(), f"{message} came with another payload"
        return message

    def receive(self, reader, message, again):
        """`again` is said of a redelivery: DUP, or a packet id that is still open."""
        arrival, receipts = now(), reader.receipts.setdefault(message.topic.name, Receipts())
        self.gap_ns = max(self.gap_ns, arrival - self.receipt_at)
        self.receipt_at = arrival
        self.received += 1
        if receipts.of(message.number):
            self._check_copy(receipts, message, again)
        else:
            self._check_order(reader, receipts, message)
            receipts.add(message.number)

    def _check_copy(self, receipts, message, again):
        if again:
            self.redelivered += 1
            return
        receipts.add(message.number)
        self.copies += 1
        copies = receipts.of(message.number)
        assert message.topic.qos == 1, f"{message} (QoS 2) came {copies} times"
        assert copies <= message.sends, f"{message} was sent {message.sends}, came {copies} times"

    def _check_order(self, reader, receipts, message):
        topic, number, last = message.topic, message.number, receipts.last
        assert number > last or self._is_late_copy(reader, message), (
            f"{message} came for the first time after {last}: out of order")
        assert not reader.steady or number == last + 1, (
            f"{message} came after {last}: {number - last - 1} missing before it, "
            f"{topic.acknowledged} are acknowledged")

    def _is_late_copy(self, reader, message):
        """The first copy came before the subscription, a copy made by a retry after it."""
        span = reader.subscription_to(message.topic).spans[-1]
        return message.topic.qos == 1 and message.sends > 1 and message.sent_at < span.on_at

    def judge(self):
        """When all is quiet: who misses what, and who has what it must not have."""
        for topic in self.topics.values():
            assert topic.acknowledged == len(topic.messages), (
                f"{topic.name}: {len(topic.messages)} sent, {topic.acknowledged} acknowledged")
            for reader in self.readers:
                self._judge(reader, topic)

    def _judge(self, reader, topic):
        subscription = reader.subscription_to(topic)
        if subscription is None:
            assert topic.name not in reader.receipts, f"{reader.name} got {topic.name} unasked"
            return
        receipts = reader.receipts.get(topic.name, Receipts())
        for message in topic.messages:
            count = receipts.of(message.number)
            assert count or not subscription.owes(message), (
                f"{reader.name} never got {message}, acknowledged {self._age(message)}")
            assert not count or not subscription.forbids(message), (
                f"{reader.name} got {message} though it had unsubscribed from {subscription.name}")

    @staticmethod
    def _age(message):
        return f"{(now() - message.acknowledged_at) / 1e9:.3f} s ago, sent {message.sends} times"
