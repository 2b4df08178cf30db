"""Clients on a unix socket: who may, who they are, and what becomes of its file."""

import contextlib
import os
import socket
import stat
import subprocess

import pytest

import wire
from client import TIMEOUT_S, Client, unique
from conftest import DAEMON
from test_clients import Sub
from test_ctl import Ctl, wait_for


class UnixClient(Client):
    def __init__(self, path):  # pylint: disable=super-init-not-called
        self.version, self.client_id, self.buffer, self.early = wire.V5, None, b"", []
        wait_for(lambda: self._comes_to(path))  # The daemon opens its listeners one by one.

    def _comes_to(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT_S)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            self.socket.connect(str(path))
            return True
        self.socket.close()
        return False


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mqtt.sock"


def option(path, query=""):
    return f"--listener=unix://{path}{query}"


def test_mosquitto_over_a_unix_socket(daemon, path):
    one = daemon(option(path))
    topic = unique("tools")
    UnixClient(path).drop()
    sub = Sub(one, wire.V5, "--unix", path, "-t", topic, "-q", 1, "-C", 1)
    done = subprocess.run(["mosquitto_pub", "--unix", str(path), "-t", topic, "-q", "1",
                           "-m", "near"], capture_output=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    assert sub.lines() == ["near"]


def test_a_client_is_shown_with_its_user_and_process(daemon, path):
    one = daemon(option(path))
    with UnixClient(path) as client:
        client.connect()
        row = Ctl(one.folder / "admin.sock").rows("clients", "list")[0]
        assert row["address"] == f"unix:uid={os.getuid()},pid={os.getpid()}"
        assert row["listener"] == f"unix://{path}"
        client.publish("large", bytes(300_000), 1)
        client.disconnect()


@pytest.mark.parametrize("query, mode", [("", 0o660), ("?mode=0600", 0o600), ("?mode=666", 0o666)])
def test_the_file_has_the_mode_that_was_asked_for_and_goes_in_the_end(daemon, path, query, mode):
    one = daemon(option(path, query))
    UnixClient(path).drop()
    status = path.stat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == mode
    one.stop()
    assert not path.exists()
    one.start()


def test_a_file_left_by_a_crash_is_replaced(daemon, path):
    one = daemon(option(path))
    UnixClient(path).drop()
    one.kill()
    assert path.exists()
    one.start()
    with UnixClient(path) as client:
        client.connect()
        client.disconnect()


def refusal(tmp_path, *options):
    command = [DAEMON, f"--data.dir={tmp_path / 'other'}", f"--admin.socket={tmp_path / 'a.sock'}",
               "--admin.http=", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode != 0
    return done.stderr


def test_a_socket_in_use_and_another_file_stay_as_they_are(daemon, path, tmp_path):
    daemon(option(path))
    UnixClient(path).drop()
    assert f"another process listens on '{path}'" in refusal(tmp_path, option(path))
    with UnixClient(path) as client:
        client.connect()
        client.disconnect()
    letter = tmp_path / "letter"
    letter.write_text("dear")
    assert f"'{letter}' is there and is no socket" in refusal(tmp_path, option(letter))
    assert letter.read_text() == "dear"


@pytest.mark.parametrize("url, why", [
    ("unix://", "expected unix:///PATH"),
    ("unix://mqtt.sock", "expected unix:///PATH"),
    ("unix:///" + "x" * 107, "at most 107 bytes"),
    ("unix:///s?mode=888", "mode: '888', expected octal digits up to 0777"),
    ("unix:///s?proxy=::1", "'proxy' is no parameter of unix://"),
    ("unix:///s?cert=c", "'cert' is a parameter of mqtts://"),
    ("mqtt://127.0.0.1?mode=0600", "'mode' is a parameter of unix://"),
])
def test_a_bad_url_is_told(tmp_path, url, why):
    assert why in refusal(tmp_path, f"--listener={url}")


def test_only_the_primary_of_a_pair_has_the_file(pair, path):
    two = pair()
    node = two.standby
    node.options += (option(path),)
    node.restart()
    two.await_sync()
    assert not path.exists()
    two.switch_over(two.primary)
    with UnixClient(path) as client:
        client.connect()
        two.await_sync()
        two.switch_over(two.primary)
        wait_for(lambda: not path.exists())
