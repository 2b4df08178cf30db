"""A standby that has been away too long gets a copy of everything while the clients go on; and
either node may die in the middle of it."""

import shutil

import pytest

from flow import Flow, Queue
from test_failover import run

MESSAGES = 20_000
FIGURES = ("rows", "rows_about", "bytes", "bytes_about", "rows_per_s", "left_s")


def image(node):
    """Of a full sync, as status tells; None: there is none."""
    status = node.ask("status")
    replication = status and status.get("replication", {})
    return replication.get("image") if replication and replication["phase"] == "image" else None


def has_come(one, rows):
    """Whether the standby has so many rows of the image."""
    now = image(one.standby)
    return bool(now) and now["rows"] >= rows


def forgotten(node):
    """The log of this primary does not begin with its first record any more."""
    return node.ask("store", "info")["first_lsn"] > 1


def start_with_long_log(pair, bytes_per_s, **how):
    """A pair whose standby has lost its disk while it was away; and a queue with its flow."""
    one = pair("--store.log_bytes_max=1M", "--replication.log_bytes_max=2M",
               f"--replication.image_bytes_per_s={bytes_per_s}", **how)
    one.await_sync()
    one.standby.kill()
    shutil.rmtree(one.standby.folder / "data")
    filled = fill(one, "bulk", 6000, 1000)
    one.until(lambda: forgotten(one.primary), "the log to be trimmed")
    return one, filled


def fill(one, queue_topic, count, size):
    queue = Queue(one, queue_topic)
    with Flow(one, queue_topic, size, window=20) as flow:
        one.until(lambda: flow.acknowledged >= count, f"{count} messages")
    return queue, flow


def note(node, seen):
    """Keeps the figures of a full sync that is well on its way."""
    now = image(node)
    if not now or not now["rows"] or "left_s" not in now:
        return False
    seen[node.name] = now
    return True


def expect_tidy(one):
    for node in one.nodes:
        one.until(lambda: not node.data("store.old").exists(), "the old data to be removed")
        assert not node.data("store.image").exists()


def test_after_a_long_absence_the_standby_gets_everything_under_load(pair):
    one = pair("--store.log_bytes_max=1M", "--replication.log_bytes_max=8M",
               "--replication.image_bytes_per_s=8M")
    seen = {}

    async def harm(load):
        await load.until(one.in_sync, "the standby to be in sync")
        standby = one.standby
        standby.kill()
        seen["queue"], seen["flow"] = fill(one, "bulk", MESSAGES, 1000)
        standby.launch()
        for node in one.nodes:
            await load.until(lambda: note(node, seen), "figures of the full sync")
        await load.until(one.in_sync, "the standby to be in sync again")

    run(one, harm, rate=200)
    for name in "ab":
        assert all(figure in seen[name] for figure in FIGURES), seen[name]
        assert 0 < seen[name]["rows"] < seen[name]["rows_about"], seen[name]
        # The tables may be some seconds old; what they do not have yet comes from the log.
        assert seen[name]["bytes_about"] > MESSAGES * 200, seen[name]
    assert one.primary.name == "b"
    seen["queue"].expect_all(one, seen["flow"])
    one.await_equal()
    expect_tidy(one)


# Where the one dies, as said by the other or by the log of the standby.
PHASES = {
    "early in the image": lambda one: has_come(one, 300),
    "late in the image": lambda one: has_come(one, 5000),
    "at its installation": lambda one: one.standby.says("the full sync is whole"),
    "right after it": lambda one: one.standby.says("this node is in sync"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("victim", ["standby", "primary"])
def test_a_death_during_a_full_sync_loses_nothing(pair, victim, phase):
    one, filled = start_with_long_log(pair, "1500K")
    queue = Queue(one, "later")
    with Flow(one, "later", rate=100) as flow:
        queues = [filled, (queue, flow)]
        one.standby.launch()
        one.until(lambda: PHASES[phase](one), phase)
        killed = getattr(one, victim)
        killed.kill()
        killed.launch()
        one.find_primary()
        one.await_sync()
    one.kill()
    one.launch()
    for queue, flow in queues:
        queue.expect_all(one, flow)
    one.await_equal()
    expect_tidy(one)


def test_a_full_sync_goes_on_where_the_link_was_cut(pair, proxy):
    one, (queue, flow) = start_with_long_log(pair, "1500K", peer_ports=proxy.between)
    one.standby.launch()
    for rows in (1000, 2500, 4000):
        one.until(lambda: has_come(one, rows), f"{rows} rows")
        assert one.primary.status()["replication"]["phase"] == "image"
        links = proxy.alive()  # The next one may come before we look.
        proxy.cut()
        one.until(lambda: all(link.over for link in links), "the end of the link")
    one.await_equal()
    # Never from the beginning again.
    assert one.standby.says("a full sync from") == 1, one.text()
    assert one.standby.says("the link to a has ended") == 3, one.text()
    one.kill()
    one.launch()
    queue.expect_all(one, flow)
