"""What an operator and his scripts ask a pair: status, events, wait, health, verify."""

import json
import subprocess
import time

import pytest

from fake_standby import FakeStandby
from pair import PATIENCE_S
from test_ctl import CTL, Ctl, wait_for


def events(node, *words):
    done = node.ctl("events", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def steps(node):
    return [(row["from"], row["to"], row["event"]) for row in events(node, "-n", "100")]


def test_the_status_says_why_a_node_has_its_role_and_what_it_would_do(pair):
    one = pair(policy="heartbeat")
    one.await_sync()
    one.until(lambda: one.primary.status()["failover"]["role"] == "paired", "a pair")
    primary = one.primary.status()["failover"]
    assert primary["event"] == "standby near" and primary["why"]
    assert primary["since"] <= time.time() * 1000 + 1000
    assert primary["serves_if_peer_dies"]
    assert primary["if_peer_dies"].startswith("goes on alone: at once if only its process dies")
    standby = one.standby.status()["failover"]
    assert standby["role"] == "insync" and standby["event"] == "in sync"
    assert standby["if_peer_dies"].startswith("takes over: at once if only its process dies")
    text = subprocess.run([CTL, f"--socket={one.standby.folder / 'admin.sock'}", "status"],
                          capture_output=True, text=True, timeout=PATIENCE_S).stdout
    assert "- if the peer died" in text and "takes over" in text


def test_a_pair_that_waits_for_its_operator_says_so(pair):
    one = pair()
    one.await_sync()
    one.until(lambda: one.standby.status()["failover"]["role"] == "insync", "the standby's role")
    standby = one.standby.status()["failover"]
    assert not standby["serves_if_peer_dies"] and "tandemqctl promote" in standby["if_peer_dies"]


def test_events_are_kept_across_lives_and_restarts(pair):
    one = pair(policy="heartbeat")
    one.await_sync()
    old, new = one.primary, one.standby
    one.kill()
    one.await_takeover()
    old.launch()
    one.await_sync()
    took = steps(new)
    at = took.index(("insync", "claiming", "primary gone"))
    assert took[at + 1:at + 3] == [("claiming", "promoting", "proven"),
                                   ("promoting", "solo", "serves")]
    history = steps(old)
    assert history[0] == ("", "reconciling", "started")
    assert ("promoting", "solo", "serves") in history  # Before it was killed,
    assert history.count(("", "reconciling", "started")) == 2  # and it has come back.
    assert history[-1][1] in ("syncing", "insync")
    terms = [row["term"] for row in events(old, "--limit=100")]
    assert terms == sorted(terms) and terms[-1] > terms[0]
    assert all(row["why"] and row["at"] > 0 for row in events(old))
    assert len(events(old, "-n", "2")) == 2


def test_a_damaged_file_of_events_is_no_reason_not_to_start(pair):
    one = pair()
    one.await_sync()
    node = one.standby
    node.stop()
    path = node.data("role.events")
    text = bytearray(path.read_bytes())
    text[30] ^= 1
    path.write_bytes(bytes(text) + b"half a line")
    node.launch()
    one.await_sync()
    assert node.says("role.events was damaged: 2 of its lines cannot be used") == 1
    assert steps(node)[-1][1] in ("syncing", "insync")
    node.stop()
    node.launch()
    assert node.says("was damaged") == 1


def test_a_damaged_tail_of_another_life_does_not_hide_what_comes_later(daemon):
    one = daemon()
    one.stop()
    (one.folder / "data" / "role.events").write_bytes(b"\0" * 100)
    one.start()
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    rows = ctl.rows("events")
    assert [(row["event"], row["to"]) for row in rows] == [("started", "solo")]


def waiting(node, *words):
    return subprocess.Popen([CTL, f"--socket={node.folder / 'admin.sock'}", "--json", "wait", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_wait_ends_when_the_node_leads_and_the_pair_is_in_sync(pair):
    one = pair(policy="heartbeat")
    done = one.primary.ctl("wait", "--role=primary", "--in-sync", "--timeout=30s")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["role"] == "primary" and answer["in_sync"]
    assert one.standby.ctl("wait", "--role=insync", "--timeout=30s").returncode == 0
    waits = waiting(one.standby, "--role", "primary")
    one.kill()
    out, err = waits.communicate(timeout=PATIENCE_S)
    assert waits.returncode == 0, err
    assert json.loads(out)["role"] == "primary"
    one.await_takeover()


def test_wait_gives_up_in_time_and_says_what_it_has_seen(pair):
    one = pair()
    one.await_sync()
    done = one.standby.ctl("wait", "--role=primary", "--timeout=100ms")
    assert done.returncode == 1
    assert "waited 100ms for primary in vain. It is standby (" in done.stderr
    assert one.standby.ctl("wait", "--timeout=soon").returncode == 2
    assert one.standby.ctl("wait", "--role=king").returncode == 2


def test_wait_waits_for_a_broker_that_is_not_there_yet(daemon):
    one = daemon()
    one.stop()
    waits = waiting(one, "--role=solo")
    one.start()
    out, err = waits.communicate(timeout=PATIENCE_S)
    assert waits.returncode == 0, err
    assert json.loads(out)["failover"] == "solo"
    one.stop()
    done = Ctl(one.folder / "admin.sock").refused("wait", "--timeout=200ms")
    assert "in vain" in done and "cannot talk to a broker" in done
    one.start()


def test_health_is_an_exit_code(pair):
    one = pair()
    one.await_sync()

    def health(node, *words):
        return node.ctl("health", *words).returncode

    one.until(lambda: health(one.standby) == 0, "the standby to be ready")
    assert [health(one.primary, word) for word in ("--live", "--ready", "--serving")] == [0, 0, 0]
    assert [health(one.standby, word) for word in ("--live", "--ready", "--serving")] == [0, 0, 1]
    assert json.loads(one.standby.ctl("health").stdout)["why"]
    one.kill()
    one.until(lambda: health(one.standby) == 1, "the standby to know that it is alone")
    assert health(one.standby, "--live") == 0
    assert health(one.primary) == 2
    one.primary.launch()
    one.await_sync()


def queue_up(one, sessions):
    for i in range(sessions):
        with one.connected(client_id=f"s{i}", clean=False, props={"session_expiry": 1000}) as client:
            client.subscribe((f"t/{i}", 1))
            client.disconnect()
    with one.connected() as client:
        for i in range(sessions):
            client.publish(f"t/{i}", b"x", 1, retain=i % 3 == 0)


def test_verify_compares_both_nodes_while_they_work(pair):
    one = pair()
    one.await_sync()
    queue_up(one, 300)
    done = one.primary.ctl("verify")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "equal" and answer["ours"] == answer["theirs"]
    assert answer["sessions"] >= 300 and answer["parts"] >= 2
    assert 0 < answer["first_lsn"] <= answer["last_lsn"]
    assert one.in_sync()


def test_verify_that_could_not_be_done_is_neither_yes_nor_no(pair):
    one = pair()
    one.await_sync()
    done = one.standby.ctl("verify")
    assert done.returncode == 2 and "is a standby" in done.stderr
    one.standby.kill()
    one.until(lambda: "no standby is connected" in one.primary.ctl("verify").stderr, "its refusal")
    assert one.primary.ctl("verify").returncode == 2
    one.standby.launch()
    one.await_sync()


def test_events_of_a_broker_alone_and_its_settings_are_there_too(daemon):
    one = daemon()
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    assert [row["event"] for row in ctl.rows("events")] == ["started"]
    assert ctl.run("health", "--serving").returncode == 0
    assert "Nothing was compared: no standby is connected" in ctl.refused("verify", code=2)


def verified(node):
    """What `verify` says once the standby has caught up."""
    deadline = time.monotonic() + PATIENCE_S
    while (done := node.ctl("verify")).returncode == 2:
        assert time.monotonic() < deadline, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_verify_finds_a_standby_that_differs(lone_primary):
    node, port, secret = lone_primary
    with FakeStandby(port, secret):
        code, answer = verified(node)
        assert code == 0 and answer["verdict"] == "equal"
    with FakeStandby(port, secret, answer=lambda digest: digest ^ 1):
        code, answer = verified(node)
        assert code == 1 and answer["verdict"] == "different" and answer["why"]
        assert answer["ours"] != answer["theirs"]


VIP = ("--vip.address=203.0.113.10/24", "--vip.role_file={}/role", "--vip.claim_file={}/claim")


def test_keepalived_config_is_made_of_the_nodes_own_settings(daemon, tmp_path):
    words = [word.format(tmp_path) for word in VIP]
    one = daemon("--node.id=n1", *words)
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    named = ("--interface=eth9", "--own-ip=203.0.113.1", "--peer-ip=203.0.113.2", "--router-id=7")
    text = ctl.text("keepalived-config", *named)
    for line in ("router_id n1", f'file "{tmp_path}/role"', "interface eth9", "virtual_router_id 7",
                 "unicast_src_ip 203.0.113.1", "203.0.113.10/24", "weight 0 reverse"):
        assert line in text, text
    assert ctl.record("keepalived-config", *named)["config"] == text
    assert "--interface and --own-ip" in ctl.refused("keepalived-config")
    path = tmp_path / "tandemq.conf"
    path.write_text("node.id = n1\n" + "".join(
        word[2:].replace("=", " = ") + "\n" for word in words))
    offline = Ctl(tmp_path / "nobody.sock")
    assert offline.text("keepalived-config", f"--config={path}", *named) == text
    path.write_text("node.id = n1\n")
    assert "vip.address is not set" in offline.refused("keepalived-config", f"--config={path}")
    path.write_text("no.such = key\n")
    assert "no.such" in offline.refused("keepalived-config", f"--config={path}")


@pytest.mark.parametrize("node", [0, 1])
def test_the_settings_are_shown_by_either_node(pair, node):
    one = pair()
    rows = one.nodes[node].ctl("config", "show", "--changed")
    assert rows.returncode == 0, rows.stderr
    values = {row["key"]: row["value"] for row in map(json.loads, rows.stdout.splitlines())}
    assert values["failover.policy"] == "manual"
