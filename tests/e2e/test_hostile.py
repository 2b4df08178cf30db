"""Clients that mean harm (hostile.py), one kind at a time: nobody gets in, memory is bounded, and
others are served as if nothing were. How long others wait is measured in tests/bench."""

import json
import pathlib
import resource
import subprocess
import sys
import time

import pytest

import wire
from fortress import RETAINED_MAX, SUBSCRIPTIONS_MAX, Fortress
from hostile import ATTACKS
from test_ctl import Ctl
from test_limits import memory_mb

SECONDS = 5
TIMEOUT_S = 60
GROWTH_MB = 150  # Of ten thousand connections, or of all that the limits allow one of them.
QUARANTINE_MB = 300
HOSTILE = pathlib.Path(__file__).with_name("hostile.py")


@pytest.fixture
def fortress(tmp_path):
    return Fortress(tmp_path)


class Citizen:
    """Publishes and gets it back, one message after the other, and tells how long each took."""

    def __init__(self, one):
        self.sender, self.receiver = one.connected(wire.V311), one.connected(wire.V311)
        self.receiver.subscribe(("good/1", 1))
        self.waits = []

    def say(self):
        number = b"%d" % len(self.waits)
        began = time.monotonic()
        self.sender.publish("good/1", number, qos=1)
        assert self.receiver.take().payload == number
        self.waits.append(time.monotonic() - began)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_broker_stands(daemon, fortress, attack):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    one = daemon(*fortress.options)
    citizen, before_mb, most_mb = Citizen(one), memory_mb(one), 0
    citizen.say()
    command = [sys.executable, HOSTILE, attack, str(fortress.port_for(attack)), str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        try:
            while attacker.poll() is None:
                citizen.say()
                most_mb = max(most_mb, memory_mb(one))
            found = json.loads(attacker.stdout.read())
        finally:
            attacker.kill()
    assert attacker.returncode == 0
    assert found.get("entered", 0) == 0
    citizen.say()
    growth_mb = most_mb - before_mb
    waits = sorted(citizen.waits)
    print(f"\n{attack}: {found}; {growth_mb:.0f} MB more at the most; {len(waits)} messages of others,"
          f" p99 {1000 * waits[int(0.99 * len(waits))]:.1f} ms, at the most {1000 * waits[-1]:.1f} ms")
    maps = pathlib.Path(f"/proc/{one.process.pid}/maps").read_text(encoding="utf-8")
    assert growth_mb < GROWTH_MB + (QUARANTINE_MB if "libasan" in maps else 0)
    status = Ctl(one.folder / "admin.sock").record("status")
    assert status["retained"]["count"] <= RETAINED_MAX
    assert status["subscriptions"] <= SUBSCRIPTIONS_MAX + 1
