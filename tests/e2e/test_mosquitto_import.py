"""From a real Mosquitto to tandemqd: its clients come back and find everything once."""

import getpass
import shutil
import subprocess
import time

import pytest

import wire
from client import Client
from conftest import DAEMON
from ports import free_port
from rule import BOTH, rule
from test_ctl import Ctl, wait_for
from test_session import keep, resume

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
PASSWORD_TOOL = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
TIMEOUT_S = 20


class Mosquitto:
    def __init__(self, folder, *lines):
        self.folder, self.port = folder, free_port()
        self.conf = folder / "mosquitto.conf"
        self.conf.write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "persistence true",
            f"persistence_location {folder}/",
            f"user {getpass.getuser()}", *lines]) + "\n")
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.conf)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                Client(self.port).drop()
                return
            except OSError:
                assert time.monotonic() < deadline, "mosquitto does not listen"
                time.sleep(0.02)

    def connected(self, version, name=None, **options):
        client = Client(self.port, version)
        client.connect(name, **options)
        return client

    def stop(self):
        """It writes its mosquitto.db."""
        self.process.terminate()
        assert self.process.wait(TIMEOUT_S) == 0


@pytest.fixture
def mosquitto(tmp_path):
    started = []

    def start(*lines):
        started.append(Mosquitto(tmp_path, *lines))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@rule("clients of Mosquitto come back to tandemqd and get everything once", BOTH)
def test_clients_go_on(daemon, mosquitto, version):
    old = mosquitto("allow_anonymous true")
    with (old.connected(version, "away", **keep(version)) as away,
          old.connected(version, "flying", **keep(version)) as flying,
          old.connected(version) as sender):
        away.subscribe(("t", 2))
        away.disconnect()
        flying.subscribe(("t", 2))
        for n, qos in ((1, 2), (2, 2), (3, 1)):
            sender.publish("t", str(n), qos, n)
        ids = [flying.expect(wire.PUBLISH, payload=str(n)).packet_id for n in (1, 2, 3)]
        flying.send(wire.ack(wire.PUBREC, ids[0]))
        flying.expect(wire.PUBREL, packet_id=ids[0])
        sender.publish("kept", b"r", 1, 4, retain=True)
    old.stop()
    one = daemon()
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    done = ctl.run("import", "mosquitto", f"--db={old.folder / 'mosquitto.db'}")
    assert done.returncode == 0, done.stderr
    assert b"holds no wills" in done.stderr
    with resume(one, version, "away") as away:
        for n, qos in ((1, 2), (2, 2), (3, 1)):
            away.take(str(n), qos=qos)
        away.expect_silence()
        away.subscribe(("kept", 1))
        away.take("r", retain=True)
    with resume(one, version, "flying") as flying:
        flying.expect(wire.PUBREL, packet_id=ids[0])
        flying.send(wire.ack(wire.PUBCOMP, ids[0]))
        for n, qos in ((2, 2), (3, 1)):
            flying.take(str(n), qos=qos, dup=True, packet_id=ids[n - 1])
        flying.expect_silence()


def test_the_translated_configuration_serves_its_users_and_their_rights(daemon, mosquitto,
                                                                        tmp_path):
    passwords, rights = tmp_path / "passwords", tmp_path / "rights"
    subprocess.run([PASSWORD_TOOL, "-b", "-c", str(passwords), "ann", "secret"], check=True,
                   stderr=subprocess.DEVNULL)
    passwords.chmod(0o600)
    rights.write_text("user ann\ntopic readwrite own/#\n")
    rights.chmod(0o600)
    old = mosquitto("allow_anonymous false", f"password_file {passwords}", f"acl_file {rights}",
                    "log_type websockets", "max_keepalive 600")
    login = {"user": "ann", "password": b"secret"}
    with old.connected(wire.V311, "ann-1", clean=False, **login) as ann:
        ann.subscribe(("own/#", 1))
        ann.disconnect()
    with old.connected(wire.V311, "ann-2", **login) as ann:
        ann.publish("own/t", b"x", 1)
    old.stop()

    conf, nobody = tmp_path / "tandemq.conf", Ctl(tmp_path / "no.sock")
    done = nobody.run("import", "mosquitto", f"--conf={old.conf}", f"--out={conf}", "--no-db")
    assert done.returncode == 0 and done.stdout == b"", done.stderr
    assert b"mosquitto.conf:" in done.stderr
    again = nobody.run("import", "mosquitto", f"--conf={old.conf}", f"--out={conf}", "--no-db")
    assert again.returncode == 1 and b"is not overwritten" in again.stderr
    printed = nobody.run("import", "mosquitto", f"--conf={old.conf}", "--dry-run")
    assert printed.returncode == 0 and printed.stdout == conf.read_bytes()
    assert f"listener = mqtt://127.0.0.1:{old.port}" in conf.read_text()
    assert subprocess.run([DAEMON, "--check-config", f"--config={conf}"]).returncode == 0

    one = daemon(f"--config={conf}")
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    done = ctl.run("import", "mosquitto", f"--conf={old.conf}")
    assert done.returncode == 0, done.stderr
    with Client(one.port, wire.V311) as stranger:
        stranger.connect("stranger", reason=5)
    with Client(one.port, wire.V311) as ann:
        assert ann.connect("ann-1", clean=False, **login).session_present
        ann.take("x", topic="own/t", qos=1)
        with one.connected(wire.V311, "ann-2", **login) as sender:
            sender.publish("own/t", b"y", 1)
            ann.take("y")
            sender.send(wire.publish("other", b"z", 1, version=wire.V311))
            sender.expect_closed()


def test_a_folder_of_included_files_is_read_by_name(mosquitto, tmp_path):
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (folder / "b.conf").write_text("max_queued_messages 77\n")
    (folder / "a.conf").write_text("max_queued_messages 66\n")
    (folder / "c.conf.off").write_text("max_queued_messages 88\n")
    conf = tmp_path / "main.conf"
    conf.write_text(f"include_dir {folder}\n")
    nobody = Ctl(tmp_path / "no.sock")
    done = nobody.run("import", "mosquitto", f"--conf={conf}", "--no-db")
    assert done.returncode == 0
    assert b"limits.max_queued_messages = 77\n" in done.stdout
    assert nobody.run("import", "mosquitto", f"--conf={conf}").returncode == 1
    assert nobody.run("import", "mosquitto").returncode == 2
