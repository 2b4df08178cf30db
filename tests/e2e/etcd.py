"""A real etcd on the host `witness` of a Network."""

import os
import shutil
import signal
import subprocess

import pytest

from netns import address, await_that

PORT = 2379
PEER_PORT = 2380


class Etcd:
    def __init__(self, network):
        if not shutil.which("etcd"):
            pytest.skip("etcd not found: run make deps")
        self.network = network
        self.url = f"http://{address('witness', 'witness')}:{PORT}"
        self.log = network.folder / "etcd.log"
        self.process = None
        self.start()

    def start(self):
        peer = f"http://127.0.0.1:{PEER_PORT}"
        with self.log.open("ab") as log:
            self.process = self.network.popen("witness", [
                "etcd", "--name", "witness", "--data-dir", str(self.network.folder / "etcd"),
                "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", f"witness={peer}", "--heartbeat-interval", "20",
                "--election-timeout", "200"
            ], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        await_that(self.answers, "etcd", lambda: self.log.read_text(errors="replace")[-2000:])

    def ctl(self, *words):
        return subprocess.run(
            [*self.network.words("witness"), "etcdctl", f"--endpoints={self.url}", *words],
            capture_output=True, text=True, timeout=20, env={**os.environ, "ETCDCTL_API": "3"})

    def answers(self):
        return self.ctl("--dial-timeout=500ms", "--command-timeout=500ms", "get",
                        "x").returncode == 0

    def lose_data(self):
        assert self.ctl("del", "--prefix", "/tandemq/").returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
