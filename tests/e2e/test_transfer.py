"""tandemqctl export and import: from one daemon to another, where the clients go on."""

import json

import pytest

import wire
from rule import ALL, rule
from test_ctl import Ctl, wait_for
from test_durable import queue, settle
from test_session import keep, resume


@pytest.fixture
def pair(daemon):
    """Two daemons, each with its tandemqctl."""

    def start(*options):
        both = []
        for one in (daemon(*options), daemon()):
            ctl = Ctl(one.folder / "admin.sock")
            wait_for(lambda ctl=ctl: ctl.run("status").returncode == 0)
            both += [one, ctl]
        return both

    return start


def move(source, target, folder):
    """Everything from one broker to the other; what the import says."""
    path = folder / "export.jsonl"
    done = source.run("export", f"--file={path}")
    assert done.returncode == 0 and done.stdout == b"", done.stderr
    assert b"lines exported: session" in done.stderr
    return target.record("import", str(path))


@rule("sessions, subscriptions, queues, handshakes and retained messages move", ALL)
def test_move(pair, version, tmp_path):
    one, source, other, target = pair()
    queue(one, version, "away", "t")
    with resume(one, version, "flying", present=False) as flying, one.connected(version) as sender:
        flying.subscribe(("t", 2))
        for n, qos in ((1, 2), (2, 2), (3, 1)):
            sender.publish("t", str(n), qos, n)
        ids = [flying.expect(wire.PUBLISH, payload=str(n)).packet_id for n in (1, 2, 3)]
        flying.send(wire.ack(wire.PUBREC, ids[0]))
        flying.expect(wire.PUBREL, packet_id=ids[0])
        flying.send(wire.publish("halfway", b"x", 2, 77, version=version))
        flying.expect(wire.PUBREC, packet_id=77)
        flying.drop()
        sender.publish("kept", b"r", 1, 4, retain=True)
    settle(one)
    totals = move(source, target, tmp_path)
    assert totals["refused_count"] == 0
    taken = totals["taken"]
    assert (taken["session"], taken["queued"], taken["retained"]) == (2, 6, 2)
    other.restart()  # It is as durable as anything else.
    with resume(other, version, "away") as away:
        for n, qos in ((1, 2), (2, 2), (3, 1)):
            away.take(str(n), qos=qos, dup=False)
        away.expect_silence()
    with (resume(other, version, "flying") as flying,
          resume(other, version, "witness", present=False) as seen):
        flying.expect(wire.PUBREL, packet_id=ids[0])
        flying.send(wire.ack(wire.PUBCOMP, ids[0]))
        flying.expect(wire.PUBLISH, payload="2", dup=True, packet_id=ids[1])
        flying.expect(wire.PUBLISH, payload="3", dup=True, packet_id=ids[2])
        seen.subscribe(("halfway", 2), ("kept", 1))
        seen.take("r", retain=True)
        flying.send(wire.publish("halfway", b"x", 2, 77, dup=True, version=version))
        flying.expect(wire.PUBREC, packet_id=77)
        flying.send(wire.ack(wire.PUBREL, 77))
        flying.expect(wire.PUBCOMP, packet_id=77)
        seen.expect_silence()  # The old broker has delivered it.


def test_a_will_moves_with_the_time_at_which_it_is_due(pair, tmp_path):
    one, source, other, target = pair()
    queue(one, wire.V5, "watcher", "will")
    client = one.client()
    will = wire.Will("will", b"gone", 1, props={"will_delay": 3})
    client.connect("mortal", will=will, **keep(wire.V5))
    client.drop()
    wait_for(lambda: one_is_away(source, "mortal"))
    assert move(source, target, tmp_path)["taken"]["will"] == 1
    with resume(other, wire.V5, "watcher") as watcher:
        watcher.take("gone", qos=1)


def one_is_away(ctl, client):
    return not ctl.record("sessions", "show", client)["connected"]


def test_messages_on_disk_only_are_exported_and_shown(pair, tmp_path):
    one, source, other, target = pair("--memory.bodies_max_bytes=1M")
    queue(one, wire.V311, "away", "t")
    body = "x" * 10_000
    with one.connected() as sender:
        for n in range(500):
            sender.publish("t", f"{n} {body}", 1)
    status = source.record("store", "info")
    wait_for(lambda: source.record("store", "info")["tables_at"] > status["tables_at"])
    rows = source.rows("queue", "peek", "away", "--limit=500")
    assert [row["payload"].split()[0] for row in rows] == [str(n) for n in range(500)]
    assert "oldest_at" in source.record("queue", "show", "away")
    assert move(source, target, tmp_path)["taken"]["queued"] == 500
    with resume(other, wire.V311, "away") as away:
        for n in range(500):
            away.take(f"{n} {body}")
        away.expect_silence()


def filters_of(ctl, client):
    return [row["filter"] for row in ctl.rows("subscriptions", "list", f"--client={client}")]


def test_what_cannot_be_taken_is_refused_line_by_line(pair, tmp_path):
    one, source, other, target = pair()
    queue(one, wire.V5, "taken", "t")
    queue(one, wire.V5, "free", "t")
    queue(other, wire.V5, "taken", "own")
    path = tmp_path / "export.jsonl"
    source.text("export", f"--file={path}")
    path.write_text(path.read_text() + "no JSON\n")
    done = target.run("import", str(path))
    assert done.returncode == 1
    reasons = done.stderr.decode()
    assert "line 2 refused: The client 'taken' has a session here." in reasons
    assert "line 6 refused: The line 'no JSON' cannot be imported" in reasons
    assert target.record("sessions", "show", "free")["subscriptions"] == 1
    assert filters_of(target, "taken") == ["own"]
    with resume(other, wire.V5, "free"):
        done = target.run("import", "--replace", str(path))
        assert done.returncode == 1
        assert "The client 'free' is connected here" in done.stderr.decode()
    assert filters_of(target, "taken") == ["t"]


def test_a_dry_run_reads_and_checks_and_asks_no_broker(pair, tmp_path):
    one, source, _, target = pair()
    queue(one, wire.V5, "away", "t")
    path = tmp_path / "export.jsonl"
    source.text("export", f"--file={path}")
    nobody = Ctl(tmp_path / "no.sock")
    assert b"0 are wrong" in nobody.run("import", "--dry-run", str(path)).stderr
    lines = path.read_text().splitlines()
    done = nobody.run("import", "--dry-run", "-", input="\n".join(lines[2:]).encode())
    assert done.returncode == 1
    assert "line 1: The client 'away' has no session line before this one." in done.stderr.decode()
    assert target.record("status")["sessions"] == 0
    assert nobody.run("import", str(path)).returncode == 2


def test_an_export_goes_to_the_standard_output_and_can_be_narrowed(pair, tmp_path):
    one, source, _, target = pair()
    queue(one, wire.V5, "a", "t")
    queue(one, wire.V5, "b", "t")
    with one.connected() as sender:
        sender.publish("t", b"x", 1, retain=True)

    def types(*words):
        return [json.loads(line)["type"] for line in source.text("export", *words).splitlines()]

    assert types() == [
        "header", "session", "subscription", "message", "queued", "session", "subscription",
        "queued", "retained"]
    assert types("--retained-only") == ["header", "message", "retained"]
    assert "retained" not in types("--sessions-only")
    alone = source.text("export", "--client=b")
    assert '"client":"a"' not in alone and '"client":"b"' in alone
    assert target.run("import", "-", input=alone.encode()).returncode == 0
    assert target.record("sessions", "show", "b")["queued"] == 1
    source.refused("export", "--retained-only", "--sessions-only")


def test_one_import_at_a_time(pair):
    _, _, _, target = pair()
    first = target.record("import", "lines", "")
    assert "Another import is under way" in target.refused("import", "lines", "")
    target.record("import", "lines", "", f"--import={first['import']}", "--last")
    target.record("import", "lines", "", "--last")
