"""`tandemqctl drill`: a failover there and back that is measured, and what it is refused for."""

import json
import subprocess

from flow import Flow, Queue
from pair import PATIENCE_S
from test_ctl import CTL, Ctl

LOAD = 100  # Messages before and behind a drill.
GAP_MS = 5000  # On a machine that does other things too.


def probes(one):
    return "--probe=" + ",".join(f"127.0.0.1:{node.port}" for node in one.nodes)


def drill(one, node, *words):
    """The exit code, the rows by step and what, and what was said on the way."""
    done = node.ctl("drill", probes(one), *words)
    rows = {}
    for row in map(json.loads, done.stdout.splitlines()):
        rows.setdefault(row["step"], {})[row["what"]] = row["value"]
    return done.returncode, rows, done.stderr


def test_a_drill_under_load_ends_as_it_began(pair):
    one = pair()
    queue = Queue(one)
    one.await_sync()
    with Flow(one, rate=500) as flow:
        one.tries_both = True
        one.until(lambda: flow.acknowledged >= LOAD, "traffic")
        leader = one.primary
        code, rows, said = drill(one, leader)
        assert code == 0, f"{said}\n{rows}\n{one.text()}"
        wanted = flow.acknowledged + LOAD
        one.until(lambda: flow.acknowledged >= wanted, "traffic")
    one.tries_both = False
    assert leader.leads()
    assert list(rows) == ["before", "there", "between", "back", "after", "result"]
    print(rows)
    for step, to in (("there", "b"), ("back", "a")):
        assert rows[step]["leads"] == to
        assert 0 < rows[step]["clients not served, ms"] < GAP_MS
        assert rows[step]["records lost"] == 0
        assert rows[step]["- answered"] > 0
    terms = [rows[step]["term"] for step in ("before", "there", "back")]
    assert terms == [terms[0], terms[0] + 1, terms[0] + 2]
    for step in ("before", "after"):
        assert rows[step]["digest of a"] == rows[step]["digest of b"]
        assert rows[step]["durable sessions of a"] == 2  # Of the queue and the flow.
    assert rows["between"]["durable sessions of a"] == 2
    assert rows["after"]["log position of a"] > rows["before"]["log position of a"]
    result = rows["result"]
    assert result["RPO, records"] == 0 and result["as before"] is True
    gaps = [rows[step]["clients not served, ms"] for step in ("there", "back")]
    assert result["RTO, ms"] == max(gaps)
    assert "the leadership moves to b" in said and "moves back to a" in said
    queue.expect_all(one, flow)


def test_a_drill_is_shown_as_a_table(pair):
    one = pair()
    one.await_sync()
    done = subprocess.run([CTL, f"--socket={one.primary.folder / 'admin.sock'}", "drill",
                           probes(one)], capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["STEP", "WHAT", "VALUE"]
    assert lines[-1].split() == ["result", "as", "before", "yes"]


def test_a_drill_is_refused_where_nobody_could_take_over(pair):
    one = pair("--replication.timeout_ms=500")
    one.await_equal()
    code, rows, said = drill(one, one.standby)
    assert code == 1 and not rows and "begins on the one that leads, a" in said
    one.standby.kill()
    one.until(lambda: not one.primary.status()["peer"]["connected"], "the link to end")
    code, rows, said = drill(one, one.primary)
    assert code == 1 and not rows and "No standby is connected" in said
    assert one.primary.leads()
    one.standby.launch()
    one.await_sync()


def test_a_drill_is_refused_where_no_client_is_served(pair):
    one = pair()
    one.await_sync()
    done = one.primary.ctl("drill", f"--probe=127.0.0.1:{one.standby.port}")
    assert done.returncode == 1 and not done.stdout
    assert f"no client is served at 127.0.0.1:{one.standby.port}" in done.stderr
    assert one.primary.ctl("drill", "--probe=nonsense").returncode == 1
    assert one.primary.ctl("drill", "--timeout=soon").returncode == 2
    assert one.primary.leads()


def test_a_drill_without_its_second_half_says_who_leads(pair):
    """The standby that was moved to is paused, so that the pair does not come together again."""
    one = pair("--replication.timeout_ms=800")
    one.await_sync()
    first, second = one.primary, one.standby
    words = [CTL, f"--socket={first.folder / 'admin.sock'}", "--json", "drill", probes(one),
             "--timeout=2s"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        one.until(lambda: second.says("leading in term"), "the first half")
        second.pause()
        _, said = run.communicate(timeout=PATIENCE_S)
    second.go_on()
    assert run.returncode == 1
    assert "The drill has failed" in said and "tandemqctl" in said
    one.find_primary()
    one.await_equal()


def test_a_broker_alone_has_nothing_to_rehearse(daemon):
    assert "no peer" in Ctl(daemon().folder / "admin.sock").refused("drill")
