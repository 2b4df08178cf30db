"""Slow receivers, full queues, expiry: what is dropped, what waits, and that all is counted."""

import time

import pytest

import wire
from client import unique
from rule import NEW, OLD, rule
from test_ctl import wait_for
from test_operation import ctl_of
from wire import V5

KEEP = {"session_expiry": 1000}


def dropped(one):
    """Messages dropped so far, by reason."""
    counts = ctl_of(one).record("status")["dropped"]
    return {reason: count for reason, count in counts.items() if count and reason != "total"}


# --- a receiver that reads too slowly


QUARANTINE_MB = 300  # What AddressSanitizer keeps of freed memory, where the daemon has it.


def memory_mb(one):
    with open(f"/proc/{one.process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096 / 1e6


def expect_growth_below(one, before_mb, bound_mb):
    with open(f"/proc/{one.process.pid}/maps", encoding="utf-8") as maps:
        bound_mb += QUARANTINE_MB if "libasan" in maps.read() else 0
    assert memory_mb(one) - before_mb < bound_mb


@rule("who does not read loses QoS 0 messages, counted; others lose none; memory is bounded")
@pytest.mark.parametrize("threads", [0, 2])
def test_slow_receiver_qos0(daemon, version, threads):
    total, size, burst = 30000, 1000, 50  # More than the kernel's buffers hold.
    one = daemon("--limits.outbox_bytes=64K", f"--threads.net={threads}")
    slow, quick = one.connected(version), one.connected(version)
    sender, before_mb, seen = one.connected(version), memory_mb(one), 0
    slow.subscribe("t")
    quick.subscribe("t")
    while seen < total:  # No further ahead than what the quick one has read.
        sender.send(b"".join(wire.publish("t", b"%08d" % n + b"x" * size, version=version)
                             for n in range(seen, seen + burst)))
        for _ in range(burst):
            assert int(quick.take().payload[:8]) == seen
            seen += 1
    expect_growth_below(one, before_mb, 100)
    lost = dropped(one)
    assert set(lost) == {"outbox_full"} and lost["outbox_full"] > 0
    rows = ctl_of(one).rows("drops", f"--client={slow.client_id}")
    assert {(row["reason"], row["topic"]) for row in rows} == {("outbox_full", "t")}
    got = [int(slow.take().payload[:8]) for _ in range(total - lost["outbox_full"])]
    assert got == sorted(got) and got[0] == 0
    slow.expect_silence()
    assert dropped(one) == lost, "what was not dropped has arrived"


@rule("who does not read QoS 1 messages is disconnected, and gets them when it comes back")
def test_slow_receiver_qos1(daemon, version):
    total, size = 3000, 10000  # More than the kernel's buffers hold.
    # The memory of the disk's store is another matter (test_durable.py).
    one = daemon("--store.in_memory=true", "--limits.outbox_bytes=64K",
                 "--limits.max_inflight=65535",
                 "--limits.max_queued_messages=10000")
    options = {"clean": False, **({"props": KEEP} if version == V5 else {})}
    slow, sender = one.connected(version, **options), one.connected(version)
    name, before_mb = slow.client_id, memory_mb(one)
    slow.subscribe(("t", 1))
    for n in range(total):
        sender.publish("t", b"%08d" % n + b"x" * (size if n % 2 else 100), 1, 1 + n)
    wait_for(lambda: not ctl_of(one).record("sessions", "show", name)["connected"])
    expect_growth_below(one, before_mb, 3 * total * size / 2 / 1e6)
    slow.drop()
    with one.connected(version, name, **options) as back:
        assert [int(back.take().payload[:8]) for _ in range(total)] == list(range(total))
    assert dropped(one) == {}


# --- a queue that is full


def away(one, version, topic, name):
    options = {"clean": False, **({"props": KEEP} if version == V5 else {})}
    client = one.connected(version, name, **options)
    client.subscribe((topic, 1))
    client.disconnect()
    return lambda: one.connected(version, name, **options)


def filled(daemon, version, policy, *more):
    """A session that is away with room for three messages, and a publisher."""
    one, topic = daemon("--limits.max_queued_messages=3", f"--limits.queue_full={policy}",
                        *more), unique("full")
    return one, topic, away(one, version, topic, unique("away")), one.connected(version)


@rule("queue_full = reject: the publisher is told, and the queue keeps what it has", NEW)
@pytest.mark.parametrize("qos", [1, 2])
def test_full_reject(daemon, version, qos):
    one, topic, back, sender = filled(daemon, version, "reject")
    reasons = [sender.publish(topic, str(n), qos, n + 1).reason for n in range(5)]
    assert reasons == [0, 0, 0, 0x97, 0x97]
    with back() as receiver:
        for n in range(3):
            receiver.take(str(n))
        assert sender.publish(topic, b"again", qos, 9).reason == 0, "there is room again"
        receiver.take("again")
        receiver.expect_silence()
    assert dropped(one) == {"queue_full": 2}


@rule("queue_full = reject: nobody gets a message that is refused", NEW)
def test_full_reject_all_or_nothing(daemon, version):
    one, topic, back, sender = filled(daemon, version, "reject")
    with one.connected() as other:
        other.subscribe((topic, 1))
        for n in range(4):
            sender.publish(topic, str(n), 1, n + 1)
        for n in range(3):
            other.take(str(n))
        other.expect_silence()


def blocks(one, version, topic, back, sender, qos):
    for n in range(3):
        sender.publish(topic, str(n), qos, n + 1)
    sender.send(wire.publish(topic, b"3", qos, 4, version=version) +
                wire.publish(topic, b"4", qos, 5, version=version))
    wait_for(lambda: ctl_of(one).record("clients", "show", sender.client_id)["blocked"])
    with back() as receiver:
        for n in range(5):
            receiver.take(str(n))
        answers = [sender.expect(wire.PUBACK if qos == 1 else wire.PUBREC) for _ in range(2)]
        assert [(answer.packet_id, answer.reason) for answer in answers] == [(4, 0), (5, 0)]
        receiver.expect_silence()
    sender.ping()
    assert dropped(one) == {}


@rule("queue_full = reject: a publisher that cannot be told waits", OLD)
@pytest.mark.parametrize("qos", [1, 2])
def test_full_reject_old(daemon, version, qos):
    one, topic, back, sender = filled(daemon, version, "reject")
    blocks(one, version, topic, back, sender, qos)


@rule("queue_full = block: the publisher waits until there is room, and nothing is lost")
@pytest.mark.parametrize("qos", [1, 2])
def test_full_block(daemon, version, qos):
    one, topic, back, sender = filled(daemon, version, "block")
    blocks(one, version, topic, back, sender, qos)


@rule("queue_full = block: after limits.block_max_ms the publisher is disconnected")
def test_full_block_bounded(daemon, version):
    one, topic, back, sender = filled(daemon, version, "block", "--limits.block_max_ms=300")
    for n in range(3):
        sender.publish(topic, str(n), 1, n + 1)
    started = time.monotonic()
    sender.send(wire.publish(topic, b"3", 1, 4, version=version))
    sender.expect_refusal(0x97)
    assert 0.2 < time.monotonic() - started < 5
    with back() as receiver:
        for n in range(3):
            receiver.take(str(n))
        receiver.expect_silence()


@rule("queue_full = drop_oldest: the newest messages stay")
def test_full_drop_oldest(daemon, version):
    one, topic, back, sender = filled(daemon, version, "drop_oldest")
    assert [sender.publish(topic, str(n), 1, n + 1).reason for n in range(5)] == [0] * 5
    with back() as receiver:
        for n in range(2, 5):
            receiver.take(str(n))
        receiver.expect_silence()
    assert dropped(one) == {"queue_full": 2}


@rule("queue_full = drop_newest: the oldest messages stay, others get all, the publisher is told",
      NEW)
def test_full_drop_newest(daemon, version):
    one, topic, back, sender = filled(daemon, version, "drop_newest")
    with one.connected(version) as other:
        other.subscribe((topic, 1))
        reasons = [sender.publish(topic, str(n), 1, n + 1).reason for n in range(5)]
        assert reasons == [0, 0, 0, 0x97, 0x97]
        for n in range(5):
            other.take(str(n))
    with back() as receiver:
        for n in range(3):
            receiver.take(str(n))
        receiver.expect_silence()
    assert dropped(one) == {"queue_full": 2}


@rule("queue_full = drop_newest: a publisher that cannot be told waits", OLD)
@pytest.mark.parametrize("qos", [1, 2])
def test_full_drop_newest_old(daemon, version, qos):
    one, topic, back, sender = filled(daemon, version, "drop_newest")
    blocks(one, version, topic, back, sender, qos)


@rule("limits.max_queued_bytes bounds a queue, too")
def test_full_bytes(daemon, version):
    one, topic = daemon("--limits.max_queued_bytes=10K", "--limits.queue_full=drop_oldest"), "t"
    back, sender = away(one, version, topic, "away"), one.connected(version)
    for n in range(20):
        sender.publish(topic, b"%04d" % n + b"x" * 996, 1, n + 1)
    lost = dropped(one)["queue_full"]
    assert 10 <= lost <= 12
    with back() as receiver:
        for n in range(lost, 20):
            assert int(receiver.take().payload[:4]) == n


# --- dead letters and expiry


@rule("a dropped message is published again under the reason")
def test_dead_letters(daemon, version):
    one, topic, back, sender = filled(daemon, version, "drop_oldest",
                                      "--mqtt.dead_letter_topic=dead/letters")
    with one.connected(version) as watcher:
        watcher.subscribe(("dead/#", 1))
        for n in range(5):
            sender.publish(topic, str(n), 1, n + 1)
        for n in range(2):
            watcher.take(str(n), topic=f"dead/letters/queue_full/{topic}", qos=1, retain=False)
        watcher.expect_silence()


@rule("a dead letter that finds no room makes no dead letter")
def test_dead_letters_end(daemon, version):
    one, topic, back, sender = filled(daemon, version, "drop_oldest",
                                      "--mqtt.dead_letter_topic=dead")
    reader = away(one, version, "dead/#", unique("reader"))
    for n in range(20):
        sender.publish(topic, str(n), 1, n + 1)
    with reader() as watcher:
        for n in range(14, 17):
            watcher.take(str(n), topic=f"dead/queue_full/{topic}")
        watcher.expect_silence()
    assert dropped(one) == {"queue_full": 17 + 14}


@rule("a message that expires in a queue is counted and becomes a dead letter", NEW)
def test_expired_dead_letter(daemon, version):
    one, topic = daemon("--mqtt.dead_letter_topic=dead"), unique("expiry")
    back, sender = away(one, version, topic, unique("away")), one.connected()
    with one.connected() as watcher:
        watcher.subscribe("dead/#")
        sender.publish(topic, b"short", 1, 1, props={"message_expiry": 1})
        sender.publish(topic, b"long", 1, 2, props={"message_expiry": 100})
        time.sleep(1.2)
        with back() as receiver:
            assert 97 <= receiver.take("long").props["message_expiry"] <= 99
            receiver.expect_silence()
        letter = watcher.take("short", topic=f"dead/expired/{topic}")
        assert "message_expiry" not in letter.props
    assert dropped(one) == {"expired": 1}
