"""Who guesses passwords is slowed down."""

import socket
import time

from client import TIMEOUT_S, Client, unique
from rule import BOTH, rule
from test_auth import BAD_PASSWORD, Scram, auth, begin, challenge_of, scram_line, written
from test_ctl import Ctl
from wire import CONNACK, V5
import wire

PAUSED = {V5: 0x9F}  # The older versions: return code 3.


class ClientFrom(Client):
    """Comes from another address of this machine."""

    def __init__(self, port, version, address):
        super().__init__(port, version)
        self.socket.close()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S,
                                               source_address=(address, 0))


def guarded(daemon, tmp_path, *options):
    path = written(tmp_path / "passwords", scram_line("user", "right"))
    return daemon(f"--auth.password_file={path}", "--auth.anonymous=false", *options)


def attempt(one, version, password, reason, address="127.0.0.1"):
    with ClientFrom(one.port, version, address) as client:
        client.connect(user="user", password=password, reason=reason)


@rule("after five wrong passwords an address has to wait, and others have not", BOTH)
def test_wrong_passwords(daemon, tmp_path, version):
    one = guarded(daemon, tmp_path)
    for _ in range(5):
        attempt(one, version, "wrong", BAD_PASSWORD.get(version, 4))
    began = time.monotonic()
    attempt(one, version, "wrong", PAUSED.get(version, 3))
    attempt(one, version, "right", PAUSED.get(version, 3))
    attempt(one, version, "right", 0, address="127.0.0.2")
    one.await_text("logins from 127.0.0.1 wait for 1 s, too many have failed")
    while True:  # What is heard again is heard within the pause and a little.
        with ClientFrom(one.port, version, "127.0.0.1") as client:
            client.send(wire.connect(unique("again"), version=version, user="user",
                                     password="right"))
            if client.expect(CONNACK).reason == 0:
                break
        assert time.monotonic() - began < TIMEOUT_S
    status = Ctl(one.folder / "admin.sock").record("status")
    assert status["logins_failed"] == 5 and status["logins_paused"] >= 2


@rule("wrong proofs of SCRAM are counted like wrong passwords", (V5, ))
def test_scram(daemon, tmp_path, version):
    one = guarded(daemon, tmp_path)
    for _ in range(5):
        with one.client(version) as client:
            scram = Scram("user", "wrong")
            begin(client, scram)
            client.send(auth(0x18, scram.final(challenge_of(client))))
            client.expect(CONNACK, reason=0x87)
    with one.client(version) as client:
        begin(client, Scram("user", "right"))
        client.expect(CONNACK, reason=0x9F)


@rule("with auth.failures_max = 0 nobody has to wait", (V5, ))
def test_off(daemon, tmp_path, version):
    one = guarded(daemon, tmp_path, "--auth.failures_max=0")
    for _ in range(12):
        attempt(one, version, "wrong", 0x86)
    attempt(one, version, "right", 0)
