"""A standby that stands still, or a link that is slow: acknowledgements wait for it as long as they
may, then the primary goes on alone, and the standby comes back. One that has missed something says
so, and does not lead unless it is forced."""

import pytest

from flow import Flow

TIMEOUT_S = 1.0
TIMEOUT = "--replication.timeout_ms=1000"
SLACK_S = 1.0  # For a machine that has other things to do.
MEGABYTE = 1_000_000


def is_alone(one):
    return one.primary.status()["replication"]["acknowledges"] == "alone"


def lag_bytes(one):
    return one.primary.status()["replication"]["lag_bytes"]


@pytest.mark.parametrize("mode", ["received", "written", "flushed"])
def test_a_standby_that_stands_still_delays_acknowledgements_once(pair, mode):
    one = pair(TIMEOUT, mode=mode)
    one.await_sync()
    with Flow(one, rate=200, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= 20, "traffic")
        one.standby.pause()
        before = flow.acknowledged + flow.window
        one.until(lambda: flow.acknowledged > before, "acknowledgements without the standby")
        assert is_alone(one)
        one.standby.go_on()
        one.await_sync()
    assert TIMEOUT_S / 2 < flow.longest_s < TIMEOUT_S + SLACK_S, flow.longest_s
    one.await_equal()


def test_the_memory_of_the_primary_is_bounded_while_the_standby_stands_still(pair):
    one = pair(TIMEOUT, "--memory.bodies_max_bytes=1M")
    one.await_sync()
    size, count = 50_000, 2000
    with Flow(one, size=size, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= count // 10, "the first tenth")
        before_mb = one.primary.rss_mb()
        one.standby.pause()
        one.until(lambda: flow.acknowledged >= count, f"{size * count} bytes")
        grown_mb = one.primary.rss_mb() - before_mb
        print(f"{before_mb} MB, and {grown_mb} more")
        one.standby.go_on()
    assert grown_mb < 100, grown_mb
    one.await_equal()


def test_a_link_slower_than_the_load_delays_acknowledgements_at_most_so_long(pair, proxy):
    one = pair(TIMEOUT, peer_ports=proxy.between)
    one.await_sync()
    with Flow(one, size=5000, rate=100, retain=True) as flow:
        one.until(lambda: flow.acknowledged >= 20, "traffic")
        proxy.to["b"].bytes_per_s = 50_000
        one.until(lambda: is_alone(one), "the primary to go on alone")
        before = flow.acknowledged
        one.until(lambda: flow.acknowledged >= before + 300, "traffic without the standby")
        proxy.to["b"].bytes_per_s = 0
        one.await_sync()
    assert flow.longest_s < TIMEOUT_S + SLACK_S, flow.longest_s
    one.await_equal()


@pytest.mark.parametrize("lag_max", [MEGABYTE, 12 * MEGABYTE])
def test_async_slows_publishers_down_to_what_the_standby_takes(pair, proxy, lag_max):
    """What would be lost with the primary is measured on the link itself."""
    one = pair(f"--replication.max_lag_bytes={lag_max}", "--replication.timeout_ms=30000",
               mode="async", peer_ports=proxy.between)
    one.await_sync()
    speed, size = 500_000, 20_000
    link, before = proxy.to["b"], proxy.to["b"].passed
    link.bytes_per_s = speed
    lags = []

    def is_slowed():
        lags.append(flow.acknowledged * size - (link.passed - before))
        assert lags[-1] < lag_max + 2 * MEGABYTE, f"{lags[-1]} bytes behind"
        told = lag_bytes(one)
        assert told < lag_max + 2 * MEGABYTE, f"status tells of {told} bytes"
        return flow.acknowledged * size >= lag_max + 3 * speed

    with Flow(one, size=size, retain=True) as flow:
        one.until(is_slowed, "publishers that are slowed")
        assert max(lags) > lag_max / 2, lags
        assert not is_alone(one)
        link.bytes_per_s = 0
    one.await_equal()


def leave_behind(one, proxy):
    """The standby stands still until the primary goes on without it, and then cannot reach it."""
    one.standby.pause()
    with one.connected() as client:
        for number in range(5):
            client.publish(f"missed/{number}", b"alone", 1, retain=True)
    one.until(lambda: is_alone(one), "the primary to go on alone")
    proxy.refusing = True  # What is on its way to the standby still arrives.
    one.standby.go_on()
    one.until(lambda: one.standby.status()["replication"]["outdated"], "the standby to know")


def test_a_standby_that_missed_something_leads_only_if_it_is_forced(pair, proxy):
    one = pair(TIMEOUT, peer_ports=proxy.between)
    old, new = one.nodes
    one.await_sync()
    leave_behind(one, proxy)
    one.until(lambda: not new.status()["peer"]["connected"], "the end of the link")
    here = new.status()["lsn"]

    done = new.ctl("promote")
    assert done.returncode == 1, done.stdout
    for part in ("went on without this node", f"Here the log ends at {here} of term 1",
                 "the peer's was last seen at ", "'promote --force'"):
        assert part in done.stderr, done.stderr
    new.kill()
    new.launch()
    assert "went on without this node" in new.ctl("promote").stderr  # It is written down.

    one.promote(new, "--force")
    with new.connected() as client:
        client.publish("since", b"forced", 1, retain=True)
    assert old.leads()  # Nobody has told it.
    there = old.status()["lsn"]
    proxy.allow()
    one.await_equal()
    assert one.primary is new and new.status()["term"] == 2
    names = [path.name for path in old.data("diverged").iterdir()]
    assert names == [f"diverged-1-{here + 1}"], names  # What only the old primary had.
    assert old.says(f"records {here + 1} to {there} of term 1 are not in the log of b") == 1, (
        one.text())
