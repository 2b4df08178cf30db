"""`tandemqctl passwd`: the users of a password file, and that the broker lets them in."""

import json
import subprocess

import pytest

import wire
from client import TIMEOUT_S
from test_auth import mosquitto_lines, reload, scram_line
from test_clients import Sub, pub
from test_ctl import CTL

WRONG = 0x86


@pytest.fixture
def users(tmp_path):
    """A function that runs a command on the file; and the file."""
    path = tmp_path / "passwords"

    def passwd(*words, password="", status=0):
        done = subprocess.run([CTL, "passwd", *words, f"--password-file={path}", "--json"],
                              input=password, capture_output=True, text=True, timeout=TIMEOUT_S)
        assert done.returncode == status, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()] if status == 0 else done.stderr

    return passwd, path


def lets_in(one, user, password):
    with one.client() as client:
        client.send(wire.connect("passwd", user=user, password=password))
        reason = client.receive().reason
    assert reason in (0, WRONG)
    return reason == 0


def test_a_user_comes_changes_and_goes(daemon, users):
    passwd, path = users
    assert passwd("set", "anna", password="first\nignored\n") == [
        {"user": "anna", "kind": "argon2id", "done": "added"}]
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    one = daemon(f"--auth.password_file={path}", "--auth.failures_max=0")
    assert lets_in(one, "anna", "first") and not lets_in(one, "anna", "first\nignored")
    assert passwd("set", "anna", password="second") == [
        {"user": "anna", "kind": "argon2id", "done": "replaced"}]
    assert path.stat().st_mode & 0o777 == 0o640
    reload(one)
    assert lets_in(one, "anna", "second") and not lets_in(one, "anna", "first")
    assert passwd("delete", "anna") == [{"user": "anna", "done": "deleted"}]
    reload(one)
    assert not lets_in(one, "anna", "second")
    assert "is not in" in passwd("delete", "anna", status=1)


def test_lines_of_others_stay(users, tmp_path):
    passwd, path = users
    before = "# ours\n\n" + mosquitto_lines(tmp_path, [("old", "x", "sha512")])
    path.write_text(before + scram_line("scram", "scram-password", b"salt" * 4))
    passwd("set", "new user", "--kind=scram", password="secret")
    assert path.read_text().startswith(before)
    assert [(row["user"], row["kind"]) for row in passwd("list")] == [
        ("old", "6"), ("scram", "scram-sha-256"), ("new user", "scram-sha-256")]


def test_what_is_wrong_is_said_and_nothing_changes(users):
    passwd, path = users
    assert "empty" in passwd("set", "anna", password="", status=1)
    assert "cannot stand in a password file" in passwd("set", "a:b", password="x", status=1)
    assert "cannot be read" in passwd("list", status=1)
    assert not path.exists()
    path.write_text("anna:plain\n")
    assert "line 1" in passwd("set", "bob", password="x", status=1)
    assert path.read_text() == "anna:plain\n"


def test_a_real_client_logs_in_with_argon2id(daemon, users):
    passwd, path = users
    passwd("set", "anna", password="Wonder land!")
    one = daemon(f"--auth.password_file={path}", "--auth.anonymous=false")
    who = ("-u", "anna", "-P", "Wonder land!")
    sub = Sub(one, wire.V311, "-t", "t", "-C", 1, *who)
    pub(one, wire.V5, "-t", "t", "-q", 1, "-m", "in", *who)
    assert sub.lines() == ["in"]
