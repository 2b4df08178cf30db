"""The audit trail: who came, went, was refused or denied something, and what operators did."""

import json
import os
import re
import signal
import stat

import pytest

from client import unique
from rule import BOTH, rule
from test_auth import scram_line, written
from test_ctl import Ctl, wait_for
from test_rights import as_user
from wire import V5

RULES = """user ann
topic readwrite own/#
topic read shared/#
topic deny shared/secret
user root
topic readwrite #
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines(path):
    """Every whole line, as JSON."""
    if not path.exists():
        return []
    text = path.read_text()
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


@pytest.fixture
def audited(daemon, tmp_path):
    users = scram_line("ann", "ann-password") + scram_line("root", "root-password")
    one = daemon(f"--auth.password_file={written(tmp_path / 'passwords', users)}",
                 f"--auth.acl_file={written(tmp_path / 'rules', RULES)}",
                 f"--audit.to={tmp_path / 'audit.log'}", "--auth.anonymous=false")
    one.trail = tmp_path / "audit.log"
    return one


def await_lines(one, client_id, count):
    """The lines about a client, when there are so many."""
    def mine():
        return [line for line in lines(one.trail) if line.get("client") == client_id]
    wait_for(lambda: len(mine()) >= count)
    return mine()


@rule("a client that comes and goes leaves two lines, in order", BOTH)
def test_come_and_go(audited, version):
    with as_user(audited, "ann", version) as client:
        client.disconnect()
    came, went = await_lines(audited, client.client_id, 2)
    assert list(came) == ["time", "node", "event", "client", "user", "address", "listener", "mqtt"]
    assert TIME.fullmatch(came["time"])
    assert (came["event"], came["user"], came["node"]) == ("connected", "ann", "a")
    assert came["address"].startswith("127.0.0.1:") and came["listener"].startswith("mqtt://")
    assert came["mqtt"] == {V5: "5.0"}.get(version, "3.1.1")
    assert (went["event"], went["reason_code"]) == ("disconnected", 0)
    assert "disconnected by the client" in went["why"]


@rule("a refused login names the user that was claimed, and no password", (V5, ))
def test_refused(audited, version):
    with audited.client(version) as client:
        client.connect(user="ann", password="hush-hush", reason=0x86)
    refused, = await_lines(audited, client.client_id, 1)
    assert (refused["event"], refused["user"], refused["reason_code"]) == \
        ("login_refused", "ann", 0x86)
    assert "hush-hush" not in audited.trail.read_text()


@rule("what is denied is told with its topic and its rule, a fan-out once", (V5, ))
def test_denied(audited, version):
    with as_user(audited, "ann") as ann, as_user(audited, "root") as root:
        assert ann.publish("other", b"x", 1).reason == 0x87
        assert ann.subscribe("other", "shared/#").codes == [0x87, 0]
        for _ in range(20):
            assert root.publish("shared/secret", b"x", 1).reason == 0x10  # Nobody gets it.
        ann.ping()
    came, published, subscribed, received, went = await_lines(audited, ann.client_id, 5)
    assert came["event"] == "connected" and went["event"] == "disconnected"
    assert (published["event"], published["topic"]) == ("publish_denied", "other")
    assert "rule" not in published  # No line allowed it.
    assert (subscribed["event"], subscribed["topic"]) == ("subscribe_denied", "other")
    assert (received["event"], received["topic"], received["rule"], received["count"]) == \
        ("receive_denied", "shared/secret", 4, 1)


def test_commands_name_the_process_and_no_payload(audited):
    ctl = Ctl(audited.folder / "admin.sock")
    ctl.text("publish", "t/x", "hush-hush")
    ctl.refused("clients", "kick", "nobody")
    ctl.rows("clients", "list")

    def commands():
        return [line for line in lines(audited.trail) if line["event"] == "admin_command"]
    wait_for(lambda: len(commands()) == 3)
    published, kicked, listed = commands()
    assert published["uid"] == os.getuid() and published["pid"] > 0
    assert published["arguments"] == {"topic": "t/x", "payload_size": 9}
    assert (kicked["command"], kicked["arguments"], kicked["result"]) == \
        ("clients kick", {"client": "nobody"}, "failed")
    assert "No client 'nobody' is connected." in kicked["why"]
    assert (listed["command"], listed["result"]) == ("clients list", "ok")
    assert "hush-hush" not in audited.trail.read_text()


def test_the_file_is_opened_anew_on_sighup(audited):
    moved = audited.trail.with_suffix(".1")
    assert stat.S_IMODE(audited.trail.stat().st_mode) & 0o137 == 0
    audited.trail.rename(moved)
    audited.process.send_signal(signal.SIGHUP)
    wait_for(audited.trail.exists)
    with as_user(audited, "ann") as client:
        client.disconnect()
    await_lines(audited, client.client_id, 2)
    assert lines(moved)[0]["event"] == "audit_started"
    audited.process.send_signal(signal.SIGTERM)
    audited.process.wait()
    assert lines(audited.trail)[-1]["event"] == "audit_stopped"
    audited.start()


def test_a_full_disk_costs_lines_and_no_client(daemon):
    one = daemon("--audit.to=/dev/full")
    for _ in range(20):
        one.connected().disconnect()
    one.await_text("audit.to = /dev/full: it cannot be written: No space left on device")


def test_lines_of_text_on_stderr(daemon):
    one = daemon("--audit.to=stderr", "--audit.format=text")
    client_id = unique("text client")
    one.connected(client_id=client_id).disconnect()
    one.await_text(f' a disconnected client="{client_id}" address=127.0.0.1:')


def test_a_trail_that_cannot_be_is_refused_with_its_key(daemon, tmp_path):
    with pytest.raises(AssertionError, match="audit.to = .* cannot be opened: No such file"):
        daemon(f"--audit.to={tmp_path}/none/audit.log")
    with pytest.raises(AssertionError, match="audit.to = 'syslog': expected none, stderr"):
        daemon("--audit.to=syslog")
