"""Starts the real daemon. TANDEMQD names the binary (build/release/tandemqd by default)."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import wire
from client import Client
from peer_proxy import PeerProxy
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAEMON = os.environ.get("TANDEMQD", str(ROOT / "build/release/tandemqd"))
START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 30
ALARMS = ("broken invariant", "ENSURE", "Sanitizer", "runtime error:", "terminate called")


class Daemon:
    def __init__(self, options, wrapper=lambda folder: []):
        """`wrapper` gives the words of a command that runs the daemon."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tandemq-e2e-"))
        self.wrapper = wrapper(self.folder)
        self.port = free_port()
        self.options = options
        self.process = None
        self.log = self.folder / "stderr.log"
        try:
            self.begin()
        except BaseException:
            self.remove()
            raise

    def begin(self):
        self.start()

    def launch(self):
        """Starts the process and waits for nothing."""
        command = [
            *self.wrapper, DAEMON, f"--data.dir={self.folder / 'data'}",
            f"--listener=mqtt://127.0.0.1:{self.port}",
            f"--admin.socket={self.folder / 'admin.sock'}", *self.options
        ]
        if not any(option.startswith("--admin.http") for option in self.options):
            command.append("--admin.http=")  # Two of them would want one port.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def start(self):
        self.launch()
        self.await_port()

    def await_port(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            assert self.process.poll() is None, f"the daemon did not start:\n{self.text()}"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, f"the daemon does not listen:\n{self.text()}"
                time.sleep(0.02)

    def stop(self):
        """SIGTERM must end it in order: exit code 0 and nothing alarming said."""
        self.check()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT_S)
        assert code == 0, f"exit code {code} after SIGTERM:\n{self.text()}"
        self.check_log()

    def kill(self):
        """As a crash: the process has no say. What it has given to the kernel is written."""
        self.check()
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    def is_alive(self):
        return self.process.poll() is None

    def may_be_killed(self):
        return True

    def check(self):
        assert self.process.poll() is None, (
            f"the daemon died with {self.process.returncode}:\n{self.text()}")

    def check_log(self):
        text = self.text()
        assert not any(alarm in text for alarm in ALARMS), text

    def text(self):
        return self.log.read_text(errors="replace")[-20000:]

    def await_text(self, text):
        """Waits until the log says so: what it tells of is done before it is written."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while text not in self.text():
            assert time.monotonic() < deadline, f"the log does not say {text!r}:\n{self.text()}"
            time.sleep(0.02)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self, version=wire.V5):
        return Client(self.port, version)

    def connected(self, version=wire.V5, client_id=None, **options):
        client = Client(self.port, version)
        client.connect(client_id, **options)
        return client


@pytest.fixture
def daemon():
    """A function that starts a daemon with options of the test's own."""
    started = []

    def start(*options):
        started.append(Daemon(options))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()


@pytest.fixture(scope="session")
def shared_daemon():
    one = Daemon([])
    try:
        yield one
        one.stop()
    finally:
        one.remove()


@pytest.fixture
def broker(shared_daemon):
    """The daemon with default settings. Who kills it fails; the next test starts it again."""
    if shared_daemon.process.poll() is not None:
        shared_daemon.start()
    yield shared_daemon
    shared_daemon.check()


@pytest.fixture
def pair(tmp_path):
    """A function that starts a pair of nodes; `a` leads."""
    from pair import Pair  # pylint: disable=import-outside-toplevel  # It builds on this file.
    started = []

    def start(*options, **how):
        started.append(Pair(tmp_path, *options, **how))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()


@pytest.fixture
def lone_primary(tmp_path):
    """A node that leads, whose standby the test is: the node, its port for that, the secret."""
    from pair import Node, meeting, write_secret  # pylint: disable=import-outside-toplevel
    secret = write_secret(tmp_path / "secret")
    port = free_port()
    node = Node("a", (*meeting(port, free_port(), secret), "--failover.policy=manual"))
    try:
        assert node.ctl("promote").returncode == 0
        yield node, port, secret.read_bytes().strip()
        node.stop()
    finally:
        node.remove()


@pytest.fixture
def proxy():
    """Stands between the nodes of a pair that is started with peer_ports=proxy.between."""
    one = PeerProxy()
    yield one
    one.close()
