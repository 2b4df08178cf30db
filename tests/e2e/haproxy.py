"""A real HAProxy before the daemon, on loopback: it speaks the PROXY protocol to it."""

import socket
import subprocess
import time

from conftest import START_TIMEOUT_S
from ports import free_port

CONFIG = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:{port} {bind}
  default_backend broker
backend broker
  server node 127.0.0.1:{to} source {source} {server}
"""
# Where it comes from: another address than that of the tests, though of the same machine.
SOURCE = "127.0.0.9"


class Haproxy:
    """Leaves with `with`. `server` are the words of HAProxy about the daemon."""

    def __init__(self, folder, to, server, bind=""):
        self.port = free_port()
        file = folder / f"haproxy-{self.port}.cfg"
        file.write_text(CONFIG.format(port=self.port, to=to, server=server, bind=bind,
                                      source=SOURCE))
        self.process = subprocess.Popen(["haproxy", "-db", "-f", str(file)],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        self.__exit__()
        raise AssertionError(self.process.stdout.read().decode())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(START_TIMEOUT_S)
