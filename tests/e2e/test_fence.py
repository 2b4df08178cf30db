"""`tandemqctl fence`: the operator has the other node ended by failover.fence_command."""

import json
import signal
import stat
import subprocess

import pytest

from pair import PATIENCE_S
from test_ctl import CTL, Ctl
from test_operator import events


class Fence:
    """A script that ends the process whose number stands in `target`."""

    def __init__(self, folder):
        self.path = folder / "fence"
        self.target = folder / "target"
        self.gate = folder / "gate"  # It waits while this is here.
        self.path.write_text(f"""#!/bin/sh
echo "ending $1"
while [ -e {self.gate} ]; do sleep 0.05; done
[ -s {self.target} ] || {{ echo "no target" >&2; exit 7; }}
kill -9 $(cat {self.target})
""")
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def aim(self, node):
        self.target.write_text(str(node.process.pid))


@pytest.fixture
def fence(tmp_path):
    return Fence(tmp_path)


def fenced(node):
    """The events of its fences."""
    return [row for row in events(node, "-n", "100") if row["event"] == "fence"]


def test_the_operator_ends_the_other_node(pair, fence):
    one = pair(f"--failover.fence_command={fence.path} peer")
    one.await_sync()
    fence.aim(one.primary)
    dead, left = one.primary, one.standby
    refused = left.ctl("fence")
    assert refused.returncode == 1 and not refused.stdout
    assert "connected and in sync" in refused.stderr and "--force" in refused.stderr
    assert dead.is_alive() and not fenced(left)

    done = left.ctl("fence", "--force")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "succeeded": True, "end": "it ended with exit code 0", "output": ["ending peer"]}
    assert dead.process.wait(PATIENCE_S) == -signal.SIGKILL
    dead.is_away = True
    (event,) = fenced(left)
    assert event["from"] == event["to"]
    assert event["why"] == "the operator ordered it: it ended with exit code 0"
    assert left.status()["failover"]["event"] != "fence"
    assert left.says("the fence command runs, as the operator has ordered") == 1
    one.promote(left)
    dead.launch()
    one.await_sync()


def test_a_fence_that_fails_says_so(pair, fence):
    one = pair(f"--failover.fence_command={fence.path} peer")
    one.await_sync()
    one.standby.kill()
    one.until(lambda: not one.primary.status()["peer"]["connected"], "the link to end")
    done = one.primary.ctl("fence")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert not answer["succeeded"] and answer["end"] == "it ended with exit code 7"
    assert answer["output"] == ["ending peer", "no target"]
    assert fenced(one.primary)[0]["why"].endswith("it ended with exit code 7")
    one.standby.launch()
    one.await_sync()


def test_two_fences_never_run_at_once(pair, fence):
    one = pair(f"--failover.fence_command={fence.path} peer")
    one.await_sync()
    fence.gate.touch()
    fence.aim(one.standby)
    words = [CTL, f"--socket={one.primary.folder / 'admin.sock'}", "fence", "--force"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as first:
        one.until(lambda: one.primary.says("as the operator has ordered"), "the command to run")
        second = one.primary.ctl("fence", "--force")
        assert second.returncode == 1 and "runs already" in second.stderr
        fence.gate.unlink()
        shown, _ = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 0 and "ending peer" in shown
    assert one.standby.process.wait(PATIENCE_S) == -signal.SIGKILL
    one.standby.is_away = True
    one.standby.launch()
    one.await_sync()


def test_without_a_command_or_a_peer_nothing_is_ended(pair, daemon):
    one = pair()
    one.await_sync()
    done = one.primary.ctl("fence", "--force")
    assert done.returncode == 1 and "failover.fence_command is not set" in done.stderr
    assert "no peer" in Ctl(daemon().folder / "admin.sock").refused("fence")
