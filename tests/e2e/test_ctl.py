"""tandemqctl against a real daemon: what operators see and do, and its exit codes."""

import base64
import json
import os
import select
import stat
import subprocess
import time

import pytest

from conftest import ROOT

CTL = os.environ.get("TANDEMQCTL", str(ROOT / "build/release/tandemqctl"))
TIMEOUT_S = 20


class Ctl:
    def __init__(self, socket):
        self.socket = str(socket)

    def run(self, *words, input=None):
        command = [CTL, f"--socket={self.socket}", *words]
        return subprocess.run(command, capture_output=True, input=input, timeout=TIMEOUT_S)

    def text(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def rows(self, *words):
        return [json.loads(line) for line in self.text("--json", *words).splitlines()]

    def record(self, *words, **options):
        return json.loads(self.text("--json", *words, **options))

    def refused(self, *words, code=1):
        done = self.run(*words)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == b""
        return done.stderr.decode()

    def stream(self, *words):
        return subprocess.Popen([CTL, f"--socket={self.socket}", "--json", *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def end(process):
    process.kill()
    process.communicate()


@pytest.fixture
def started(daemon):
    one = daemon()
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    return one, ctl


def queue_for(one, name, payloads, topic="t"):
    """A session that is away, with messages waiting."""
    client = one.connected(client_id=name, clean=False, props={"session_expiry": 1000})
    client.subscribe((topic, 1))
    client.disconnect()
    publisher = one.connected(client_id="publisher-of-" + name)
    for payload in payloads:
        publisher.publish(topic, payload, 1)
    publisher.disconnect()


def test_the_status_counts_what_is_there(started):
    _, ctl = started
    status = ctl.record("status")
    assert status["role"] == "primary" and status["node"] == "a"
    assert status["connections"] == 0
    ctl.text("publish", "kept", "payload", "--retain", "--qos=1")
    assert ctl.record("status")["retained"] == {"count": 1, "bytes": 11}
    assert "retained messages:" in ctl.text("status")


def test_only_owner_and_group_may_use_the_socket(started):
    one, _ = started
    assert stat.S_IMODE(os.stat(one.folder / "admin.sock").st_mode) == 0o660


def test_wrong_usage_and_no_broker_are_exit_code_2(started, tmp_path):
    _, ctl = started
    assert "is no command" in ctl.refused("dance", code=2)
    assert "Usage: tandemqctl clients show CLIENT" in ctl.refused("clients", "show", code=2)
    nobody = Ctl(tmp_path / "nobody.sock")
    assert "Is tandemqd running?" in nobody.refused("status", code=2)


def test_the_environment_names_the_socket(started):
    _, ctl = started
    done = subprocess.run([CTL, "--json", "status"], capture_output=True, timeout=TIMEOUT_S,
                          env={"TANDEMQ_SOCKET": ctl.socket})
    assert done.returncode == 0 and json.loads(done.stdout)["role"] == "primary"


def test_help_needs_no_broker():
    done = subprocess.run([CTL, "--help"], capture_output=True, timeout=TIMEOUT_S)
    assert done.returncode == 0 and b"clients kick CLIENT" in done.stdout


def test_a_client_is_listed_shown_and_kicked(started):
    one, ctl = started
    client = one.connected(client_id="meter", clean=False, props={"session_expiry": 1000})
    assert [row["client"] for row in ctl.rows("clients", "list")] == ["meter"]
    shown = ctl.record("clients", "show", "meter")
    assert shown["protocol"] == "5.0" and shown["session_expiry_s"] == 1000
    assert ctl.record("clients", "kick", "meter") == {"kicked": "meter"}
    assert client.receive().reason == 0x98
    assert "No client 'meter' is connected" in ctl.refused("clients", "kick", "meter")
    session = ctl.record("sessions", "show", "meter")
    assert session["connected"] is False and "suspended_at" in session


def test_a_session_is_deleted(started):
    one, ctl = started
    queue_for(one, "away", ["1"])
    assert "away" in [row["client"] for row in ctl.rows("sessions", "list")]
    ctl.text("sessions", "delete", "away")
    assert "There is no session" in ctl.refused("sessions", "show", "away")
    assert ctl.rows("drops")[-1]["reason"] == "session_ended"


def test_subscriptions_are_listed_of_all_and_of_one(started):
    one, ctl = started
    clients = {name: one.connected(client_id=name) for name in ("one", "two")}
    for name, client in clients.items():
        client.subscribe((f"of/{name}", 1))
    assert len(ctl.rows("subscriptions", "list")) == 2
    (row,) = ctl.rows("subscriptions", "list", "--client=two")
    assert (row["filter"], row["qos"]) == ("of/two", 1)


def test_retained_messages_are_listed_read_and_deleted(started):
    _, ctl = started
    for topic in ("a/1", "a/2", "b"):
        ctl.text("publish", topic, "x", "--retain")
    ctl.text("publish", "binary", "--retain", "--stdin", input=b"\xff\x00")
    assert [row["topic"] for row in ctl.rows("retained", "list", "a/+")] == ["a/1", "a/2"]
    assert len(ctl.rows("retained", "list", "--limit=2")) == 2
    assert ctl.record("retained", "get", "a/1")["payload"] == "x"
    binary = ctl.record("retained", "get", "binary")["payload_base64"]
    assert base64.b64decode(binary) == b"\xff\x00"
    assert ctl.record("retained", "delete", "a/#") == {"deleted": 2}
    assert "No message is retained" in ctl.refused("retained", "get", "a/1")
    assert "not a topic filter" in ctl.refused("retained", "delete", "a#")


def test_a_queue_is_shown_peeked_at_and_purged(started):
    one, ctl = started
    queue_for(one, "away", ["1", "2", "3"])
    shown = ctl.record("queue", "show", "away")
    assert (shown["queued"], shown["inflight"]) == (3, 0)
    assert [row["payload"] for row in ctl.rows("queue", "peek", "away", "--limit=2")] == ["1", "2"]
    assert [row["payload"] for row in ctl.rows("queue", "peek", "away", "--skip=2")] == ["3"]
    assert ctl.record("queue", "purge", "away") == {"purged": 3}
    assert ctl.record("queue", "show", "away")["queued"] == 0
    drops = ctl.rows("drops", "--client=away")
    assert [(drop["reason"], drop["topic"]) for drop in drops] == [("purged", "t")] * 3
    assert ctl.rows("drops", "--client=somebody") == []


def test_drops_are_followed(started):
    one, ctl = started
    queue_for(one, "away", ["1"])
    stream = ctl.stream("drops", "--follow", "--client=away")
    try:
        ctl.text("queue", "purge", "away")
        assert json.loads(stream.stdout.readline())["reason"] == "purged"
    finally:
        end(stream)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_subscribe_shows_messages_as_they_come(started, qos):
    _, ctl = started
    ctl.text("publish", "before", "kept", "--retain", f"--qos={qos}")
    stream = ctl.stream("subscribe", "#", "--qos=2")
    try:
        first = json.loads(stream.stdout.readline())
        assert (first["topic"], first["payload"], first["retain"]) == ("before", "kept", True)
        for number in range(3):
            ctl.text("publish", "t", str(number), f"--qos={qos}")
            row = json.loads(stream.stdout.readline())
            assert (row["topic"], row["payload"], row["qos"]) == ("t", str(number), qos)
    finally:
        end(stream)
    wait_for(lambda: ctl.record("status")["sessions"] == 0)


def test_a_subscription_loses_nothing_of_qos_1(started):
    """More than fit its window: what it has not taken yet waits in its session."""
    one, ctl = started
    stream = ctl.stream("subscribe", "t", "--qos=1")
    try:
        wait_for(lambda: ctl.record("status")["subscriptions"] == 1)
        publisher = one.connected()
        for number in range(3000):
            publisher.publish("t", str(number), 1)
        rows = [json.loads(stream.stdout.readline()) for _ in range(3000)]
        assert [row["payload"] for row in rows] == [str(number) for number in range(3000)]
    finally:
        end(stream)


def test_a_list_of_many_pages_is_complete(started):
    one, ctl = started
    client = one.connected(client_id="many")
    filters = [f"filter/{number:05}" for number in range(2500)]
    client.subscribe(*filters)
    assert [row["filter"] for row in ctl.rows("subscriptions", "list")] == filters
    assert len(ctl.rows("subscriptions", "list", "--limit=1500")) == 1500


def test_a_trace_shows_a_client_until_it_is_stopped(started):
    one, ctl = started
    stream = ctl.stream("trace", "start", "client", "watched")
    try:
        client = one.connected(client_id="watched")
        while not select.select([stream.stdout], [], [], 0.1)[0]:
            client.publish("t", "x", 1)
        row = json.loads(stream.stdout.readline())
        assert (row["client"], row["topic"]) == ("watched", "t") and "PUBLISH in" in row["text"]
        assert ctl.record("trace", "stop", "client", "somebody") == {"stopped": 0}
        assert ctl.record("trace", "stop") == {"stopped": 1}
        assert stream.wait(TIMEOUT_S) == 0
    finally:
        end(stream)


def test_settings_are_shown_and_read_again(started):
    _, ctl = started
    changed = {row["key"]: row["value"] for row in ctl.rows("config", "show", "--changed")}
    assert set(changed) >= {"listener", "data.dir", "admin.socket"}
    assert changed["admin.socket"] == ctl.socket
    assert len(ctl.rows("config", "show")) > len(changed)
    assert ctl.rows("config", "reload")


def test_the_level_of_the_log_is_shown_and_set(started):
    _, ctl = started
    assert ctl.record("log", "level") == {"level": "info"}
    assert ctl.record("log", "level", "warn") == {"level": "warn"}
    assert ctl.record("log", "level") == {"level": "warn"}


def test_a_stop_ends_the_streams_and_removes_the_socket(daemon):
    one = daemon()
    ctl = Ctl(one.folder / "admin.sock")
    stream = ctl.stream("subscribe", "#")
    wait_for(lambda: ctl.record("status")["connections"] == 1)
    one.stop()
    assert stream.wait(TIMEOUT_S) == 1
    stream.communicate()
    assert not (one.folder / "admin.sock").exists()
    one.start()
    assert ctl.record("status")["connections"] == 0
