"""Two daemons that replicate, on free ports. Which of them leads is asked, never assumed."""

import contextlib
import json
import os
import pathlib
import random
import secrets
import signal
import subprocess
import time

from conftest import Daemon
from ports import free_port
from test_ctl import CTL

PATIENCE_S = 30
MODES = ("async", "received", "written", "flushed")


def patient(options):
    """Time-outs for a machine that may stand still for a second, unless `options` have their own."""
    names = ("--heartbeat.timeout_ms=", "--replication.timeout_ms=")
    if any(option.startswith(names) for option in options):
        return []
    return [f"{name}{ms}" for name, ms in zip(names, (2000, 4000))]


def as_shipped(_):
    """The time-outs that users have."""
    return []


def write_secret(path):
    path.write_text(secrets.token_hex(32) + "\n")
    path.chmod(0o600)
    return path


def meeting(port, peer_port, secret):
    """The options with which a node at `port` looks for its peer at `peer_port`."""
    return (f"--replication.listen=127.0.0.1:{port}", f"--replication.peer=127.0.0.1:{peer_port}",
            f"--replication.secret_file={secret}")


class Node(Daemon):
    """One of the two. It does not serve before it leads, so nobody waits for its port."""

    def __init__(self, name, options):
        self.name = name
        self.is_away = False  # Because the test has ended it.
        super().__init__((f"--node.id={name}", *options))

    def begin(self):
        self.launch()

    def launch(self):
        super().launch()
        self.is_away = False
        deadline = time.monotonic() + PATIENCE_S
        while self.ask("status") is None:
            assert self.is_alive() and time.monotonic() < deadline, (
                f"{self.name} does not start:\n{self.text()}")
            time.sleep(0.01)

    def kill(self):
        super().kill()
        self.is_away = True

    def stop(self):
        super().stop()
        self.is_away = True

    def ctl(self, *words):
        return subprocess.run([CTL, f"--socket={self.folder / 'admin.sock'}", "--json", *words],
                              capture_output=True, text=True, timeout=PATIENCE_S)

    def ask(self, *words):
        """The answer of tandemqctl; None if there is none."""
        done = self.ctl(*words)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def status(self):
        status = self.ask("status")
        assert status, f"{self.name} does not answer:\n{self.text()}"
        return status

    def says(self, text):
        """How many lines of the log contain it."""
        return sum(text in line for line in self.log.read_text(errors="replace").splitlines())

    def data(self, name):
        return self.folder / "data" / name

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) // 1024 for line in status if "VmRSS" in line)

    def open_files(self):
        """But for table files, which are as many as the store wants."""
        files = []
        for one in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # Closed meanwhile.
                files.append(os.readlink(one))
        return sum(not name.endswith(".sst") for name in files)

    def restart(self):
        """As an upgrade does it."""
        self.stop()
        self.launch()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def leads(self):
        status = self.is_alive() and self.ask("status")
        return bool(status) and status["role"] == "primary"


class Pair:
    def __init__(self, folder, *options, mode="written", policy="manual", peer_ports=None,
                 timing=patient):
        """`peer_ports` makes of the ports of a and b those at which they reach each other, if there
        is something in between. Unless `policy` says otherwise the test is who decides. `timing`
        is what gives them time-outs."""
        self.policy = policy
        self.tries_both = False
        self.secret = write_secret(folder / "secret")
        self.listen_ports = [free_port(), free_port()]
        reach = peer_ports(self.listen_ports) if peer_ports else self.listen_ports[::-1]
        self.nodes = []
        for name, port, peer in zip("ab", self.listen_ports, reach):
            self.nodes.append(Node(name, (
                *meeting(port, peer, self.secret), f"--replication.mode={mode}",
                f"--failover.policy={policy}", *timing(options), *options)))
        self.primary, self.standby = self.nodes
        self.promote(self.primary)

    @property
    def port(self):
        """Where clients connect. Those that know both addresses try one of them."""
        if not self.tries_both:
            return self.primary.port
        return random.choice(self.nodes).port

    @property
    def process(self):
        return self.primary.process

    def connected(self, *words, **options):
        return self.primary.connected(*words, **options)

    def promote(self, node, *words):
        if self.primary.is_away:  # A dead one's connections are closed; who waits has to read that.
            self.until(lambda: node.status()["peer"]["role"] != "primary", "the end of the link")
        done = node.ctl("promote", *words)
        assert done.returncode == 0, f"{done.stderr}\n{self.text()}"
        self.call_primary(node)

    def switch_over(self, asked):
        """The standby leads, by plan; returns what tandemqctl says, on the node that was asked."""
        done = asked.ctl("switchover")
        assert done.returncode == 0, f"{done.stderr}\n{self.text()}"
        self.call_primary(self.standby)
        return json.loads(done.stdout)

    def await_takeover(self):
        """The standby leads, by itself."""
        self.until(self.standby.leads, f"{self.standby.name} to take over")
        self.call_primary(self.standby)
        return self.primary

    def find_primary(self):
        """The one that leads; waits until there is one."""
        self.until(lambda: any(node.leads() for node in self.nodes), "a primary")
        leaders = [node for node in self.nodes if node.leads()]
        assert len(leaders) == 1, f"both lead:\n{self.text()}"
        self.call_primary(leaders[0])
        return self.primary

    def call_primary(self, node):
        self.primary = node
        self.standby = next(one for one in self.nodes if one is not node)

    def in_sync(self):
        status = self.primary.ask("status")
        return bool(status) and status["peer"]["in_sync"] and self._standby_knows()

    def _standby_knows(self):
        status = self.standby.ask("status")
        return bool(status) and status["peer"]["in_sync"]

    def await_equal(self):
        """In sync, and at the same position, which is that of all that was published."""
        self.await_sync()
        self.until(lambda: len(set(self.positions())) == 1, "equal positions")

    def await_sync(self):
        self.until(self.in_sync, "the standby to be in sync")

    def until(self, condition, what, patience_s=PATIENCE_S):
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"waited for {what}:\n{self.text()}"
            time.sleep(0.02)

    # --- as the load of the crash test wants a daemon

    def may_be_killed(self):
        return self.in_sync()

    def is_alive(self):
        return all(node.is_alive() or node.is_away for node in self.nodes)

    def kill(self):
        self.primary.kill()

    def launch(self):
        """The standby leads, and the one that was killed comes back to follow it."""
        killed = self.primary
        if self.policy == "manual":
            self.promote(self.standby)
        else:
            self.await_takeover()
        killed.launch()

    def text(self):
        return "\n".join(f"--- {node.name}\n{node.text()[-4000:]}" for node in self.nodes)

    def stop(self):
        for node in self.nodes:
            if not node.is_away:
                node.stop()

    def remove(self):
        for node in self.nodes:
            node.remove()

    def positions(self):
        states = [node.ask("status") or {} for node in self.nodes]
        return [(state.get("term", name), state.get("lsn")) for name, state in enumerate(states)]
