"""A disk that runs full, for real: a small one in memory, mounted in a namespace of the daemon."""

import os
import time

import pytest

from conftest import Daemon
from rule import NEW, rule
from test_operation import ctl_of

MEGABYTE = 1_000_000
SETTINGS = ["--store.low_bytes=200M", "--store.floor_bytes=100M", "--store.log_bytes_max=1M",
            "--limits.max_queued_messages=1000000", "--limits.max_queued_bytes=1G"]
PAYLOAD = os.urandom(20_000)  # Which no compression makes smaller.
QUOTA_EXCEEDED = 0x97
PATIENCE_S = 60


@pytest.fixture
def small_disk():
    """A function that starts a daemon whose data.dir is a disk of its own of so many bytes."""
    started = []

    def start(size):
        mount = (f'mkdir -p "$0" && mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"')
        started.append(Daemon(SETTINGS, lambda folder: [
            "unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(folder / "data")]))
        return started[-1]

    yield start
    for one in started:
        one.stop()
        one.remove()


@rule("a full disk refuses what is new, loses nothing, and serves again when there is room", NEW)
def test_full_and_back(small_disk, version):
    one = small_disk(420 * MEGABYTE)
    with one.connected(version, client_id="away", clean=False, props={"session_expiry": 1000}) as away:
        away.subscribe(("t", 1))
        away.disconnect()
    with one.connected(version) as sender:
        count = 0
        while True:
            puback = sender.publish("t", b"%08d" % count + PAYLOAD, 1, 1 + count % 1000)
            if puback.reason == QUOTA_EXCEEDED:
                break
            assert puback.reason == 0 and count < 30_000, f"never full, after {count} messages"
            count += 1
        assert count > 1_000
        # What needs no room goes on, and what would be new is refused.
        sender.publish("nobody/listens", b"", 1, 1)
        one.client(version).connect("new", QUOTA_EXCEEDED, clean=False, props={"session_expiry": 1000})
    with one.connected(version, client_id="away", clean=False, props={"session_expiry": 1000}) as away:
        assert [int(away.take().payload[:8]) for _ in range(count)] == list(range(count))
        deadline = time.monotonic() + PATIENCE_S
        with one.connected(version) as sender:
            while sender.publish("t", b"again", 1, 1).reason == QUOTA_EXCEEDED:
                assert time.monotonic() < deadline, ctl_of(one).record("store", "info")
                time.sleep(0.1)
        away.take("again")
    one.await_text("has room again")
