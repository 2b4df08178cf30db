"""What an operator can set up wrong: tandemqctl doctor names it, and so does the log, in one line that
says what to do."""

import json
import subprocess
import time

import pytest

from conftest import DAEMON
from fake_standby import FakeStandby, about
from pair import PATIENCE_S, Node, meeting, write_secret
from ports import free_port
from test_ctl import CTL

OK, WARNING, ERROR = "ok", "warning", "error"


def examine(node, *words):
    """The findings as {check: [(state, sentence)]}, and the exit code."""
    done = node.ctl("doctor", *words)
    assert done.returncode in (0, 1), done.stderr
    findings = {}
    for row in map(json.loads, done.stdout.splitlines()):
        findings.setdefault(row["check"], []).append((row["state"], row["finding"]))
    states = [state for rows in findings.values() for state, _ in rows]
    assert (ERROR in states) == (done.returncode == 1), findings
    return findings


def has(node, check, state, words, *options):
    return any(one == state and words in text
               for one, text in examine(node, *options).get(check, []))


def until(condition, what, node):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}:\n{node.text()}"
        time.sleep(0.02)


@pytest.fixture
def node(tmp_path):
    """A function that starts one node of a pair, set up as the test wants it."""
    started = []
    ours = write_secret(tmp_path / "secret")

    def start(name, *options, port=None, peer=None, secret=ours):
        words = (*meeting(port or free_port(), peer or free_port(), secret),
                 "--failover.policy=manual", *options)
        started.append(Node(name, words))
        return started[-1]

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.remove()


def test_of_a_pair_in_order_the_doctor_finds_no_error(pair):
    one = pair()
    one.await_sync()
    for each in one.nodes:
        until(lambda node=each: has(node, "clocks", OK, "within a second"), "its clock", each)
        findings = examine(each)
        for check in ("daemon", "configuration", "data", "secrets", "peer", "pair", "versions",
                      "policy", "vip"):
            assert [state for state, _ in findings[check]] == [OK], findings[check]


def test_two_nodes_of_one_id_are_told_so(node):
    ports = free_port(), free_port()
    first = node("a", port=ports[0], peer=ports[1])
    second = node("a", port=ports[1], peer=ports[0])
    for each in (first, second):
        words = "has our own node.id, 'a': if replication.peer is an address of this node"
        until(lambda one=each: one.says(words), "its log", each)
        until(lambda one=each: has(one, "peer", ERROR, words), "the doctor", each)


def test_a_node_whose_peer_is_itself_is_told_so(node):
    port = free_port()
    one = node("a", port=port, peer=port)
    until(lambda: one.says("put the other node's there"), "its log", one)
    assert has(one, "peer", ERROR, "is this node itself: put the address of the other node there")


def test_two_clusters_are_told_apart(node):
    ports = free_port(), free_port()
    first = node("a", port=ports[0], peer=ports[1])
    second = node("b", "--cluster.id=other", port=ports[1], peer=ports[0])
    for each in (first, second):
        words = "set the same cluster.id on both nodes"
        until(lambda one=each: one.says(words), "its log", each)
        until(lambda one=each: has(one, "peer", ERROR, words), "the doctor", each)


def test_two_secrets_are_told_apart_and_so_is_one_that_others_can_read(node, tmp_path):
    ports = free_port(), free_port()
    first = node("a", port=ports[0], peer=ports[1])
    other = write_secret(tmp_path / "other")
    second = node("b", port=ports[1], peer=ports[0], secret=other)
    words = "copy the same replication.secret_file to both nodes"
    until(lambda: has(first, "peer", ERROR, words) and has(second, "peer", ERROR, words),
          "the doctor", first)
    assert first.says(words) and second.says(words)
    assert has(second, "secrets", OK, str(other))
    other.chmod(0o644)
    assert has(second, "secrets", WARNING, "chmod 600")
    other.unlink()
    assert has(second, "secrets", ERROR, "does not exist")


def test_a_peer_that_is_away_and_a_pair_without_a_leader_are_told(node):
    ports = free_port(), free_port()
    first = node("a", port=ports[0], peer=ports[1])
    until(lambda: has(first, "peer", ERROR, "Connection refused"), "the doctor", first)
    second = node("b", port=ports[1], peer=ports[0])
    until(lambda: has(second, "pair", ERROR, "neither node leads"), "the doctor", second)


def test_clocks_apart_are_told(lone_primary):
    node, port, secret = lone_primary
    with FakeStandby(port, secret) as standby:
        standby.tell(about(int((time.time() + 3600) * 1000)))
        until(lambda: has(node, "clocks", ERROR, "ahead of the one here"), "the doctor", node)
        until(lambda: node.says("ahead of the clock here"), "the log", node)
        assert has(node, "versions", WARNING, "the other node runs 0.0.1")
        standby.tell(about(int((time.time() - 5) * 1000)))
        until(lambda: has(node, "clocks", WARNING, "have NTP (chrony) set both"), "the doctor", node)


def vip_options(folder, address):
    return (f"--vip.role_file={folder}/role", f"--vip.claim_file={folder}/claim",
            f"--vip.address={address}")


def test_a_virtual_address_on_neither_node_is_told(node, tmp_path):
    one = node("a", *vip_options(tmp_path, "203.0.113.10/24"))
    assert one.ctl("promote").returncode == 0
    until(lambda: has(one, "vip", ERROR, "is not here although this node leads"), "the doctor", one)
    until(lambda: one.says("vip.address 203.0.113.10 is not on this machine"), "the log", one)


def test_a_virtual_address_on_a_node_that_does_not_lead_is_told(node, tmp_path):
    one = node("a", *vip_options(tmp_path, "127.0.0.1"))
    until(lambda: has(one, "vip", ERROR, "is here, and this node does not lead"), "the doctor", one)
    until(lambda: one.says("is on this machine, and this node does not lead"), "the log", one)


def test_a_virtual_address_on_both_nodes_is_told(pair, tmp_path):
    one = pair("--vip.address=127.0.0.1", f"--vip.role_file={tmp_path}/role")
    one.await_sync()
    for each in one.nodes:
        until(lambda node=each: has(node, "vip", ERROR, "is on both nodes"), "the doctor", each)
        until(lambda node=each: node.says("vip.address is on this machine and on that of"), "its log",
              each)


def written(tmp_path, *lines):
    path = tmp_path / "tandemq.conf"
    path.write_text("".join(line + "\n" for line in lines))
    return path


def offline(tmp_path, *words):
    done = subprocess.run([CTL, f"--socket={tmp_path}/nobody.sock", "--json", "doctor", *words],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1, (done.stdout, done.stderr)
    return [(row["check"], row["state"], row["finding"])
            for row in map(json.loads, done.stdout.splitlines())]


def test_a_folder_of_the_role_file_that_is_missing_is_told_without_a_broker(tmp_path):
    secret = write_secret(tmp_path / "secret")
    address = f"127.0.0.1:{free_port()}"
    path = written(tmp_path, f"data.dir = {tmp_path}", f"replication.listen = {address}",
                   f"replication.peer = {address}", f"replication.secret_file = {secret}",
                   f"vip.role_file = {tmp_path}/none/role", "vip.address = 203.0.113.10/24")
    findings = offline(tmp_path, f"--config={path}")
    assert any(check == "daemon" and state == ERROR and "systemctl start tandemq" in text
               for check, state, text in findings)
    assert any(check == "vip" and state == ERROR and "its folder does not exist" in text
               for check, state, text in findings)
    assert any(check == "peer" and "is this node itself" in text for check, _, text in findings)
    done = subprocess.run([DAEMON, f"--config={path}",
                           f"--data.dir={tmp_path}/data", "--admin.http=",
                           f"--admin.socket={tmp_path}/x.sock"],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert "there is no folder" in done.stderr and "make it" in done.stderr


def test_a_configuration_that_is_wrong_is_told_without_a_broker(tmp_path):
    findings = offline(tmp_path, f"--config={written(tmp_path, 'no.such = key')}")
    assert any(check == "configuration" and state == ERROR and "no.such" in text
               for check, state, text in findings)


@pytest.mark.parametrize("words, reason", [
    ("weight 0", "needs 'weight 0 reverse'"),
    ("weight 0 reverse", None),
])
def test_keepalived_is_looked_at(node, tmp_path, words, reason):
    one = node("a", *vip_options(tmp_path, "203.0.113.10/24"))
    conf = tmp_path / "keepalived.conf"
    printed = one.ctl("keepalived-config", "--interface=eth0", "--own-ip=203.0.113.1",
                      "--peer-ip=203.0.113.2")
    conf.write_text(json.loads(printed.stdout)["config"].replace("weight 0 reverse", words))
    findings = examine(one, f"--keepalived-conf={conf}")["keepalived"]
    assert any(reason in text for _, text in findings) if reason else not any(
        str(conf) in text for state, text in findings if state != OK), findings
    missing = tmp_path / "none.conf"
    assert has(one, "keepalived", WARNING, "cannot be read", f"--keepalived-conf={missing}")
