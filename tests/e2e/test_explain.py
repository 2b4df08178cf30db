"""tandemqctl explain against a real daemon, and what it still knows after a crash."""

import wire
from test_ctl import Ctl, wait_for
from test_durable import settle


def ctl_of(one):
    ctl = Ctl(one.folder / "admin.sock")
    wait_for(lambda: ctl.run("status").returncode == 0)
    return ctl


def explain(ctl, *words):
    """The rows, and the sentences behind them."""
    lines = ctl.rows("explain", *words)
    rows = [line for line in lines if "event" in line]
    return rows, [line["sentence"] for line in lines if "sentence" in line]


def events(rows, name):
    return [row for row in rows if row["event"] == name]


def test_what_happened_before_a_crash_is_known_after_it(daemon):
    one = daemon()
    with one.connected(client_id="c", props={"session_expiry": 1000}) as client:
        client.subscribe(("t/#", 1))
        with one.connected() as sender:
            sender.publish("t/1", b"x", 1)
            first = client.expect(wire.PUBLISH, topic="t/1")
            client.send(wire.ack(wire.PUBACK, first.packet_id))
            sender.publish("t/2", b"x", 1)
            second = client.expect(wire.PUBLISH, topic="t/2")
        settle(one)
        before, _ = explain(ctl_of(one), "c")
        one.restart()
    after, sentences = explain(ctl_of(one), "c")
    for rows in (before, after):
        assert [row["topic"] for row in events(rows, "PUBLISH out")] == ["t/1", "t/2"]
        assert [row["packet_id"] for row in events(rows, "PUBACK in")] == [first.packet_id]
        assert all(row["lsn"] > 0 for row in events(rows, "PUBLISH out"))
    assert events(before, "session opened")[0]["detail"].startswith("from 127.0.0.1")
    assert after[-1]["event"] == "disconnected"
    assert any(f"Packet id {second.packet_id} (QoS 1, topic 't/2') was sent at" in s
               and "waits for PUBACK" in s for s in sentences), sentences


def test_a_person_reads_a_table_and_then_sentences(daemon):
    one = daemon()
    ctl = ctl_of(one)
    with one.connected(client_id="c") as client:
        client.subscribe("a")
        text = ctl.text("explain", "c", "--topic=b")
    lines = text.splitlines()
    assert lines[0].split()[:2] == ["TIME", "RECORD"]
    assert any("SUBSCRIBE" in line for line in lines)
    assert "None of its 1 subscription matches 'b': it does not get it." in lines
    assert lines[-1].startswith("Looked at: the broker's events since")


def test_limits_and_times_bound_the_rows(daemon):
    one = daemon()
    ctl = ctl_of(one)
    with one.connected(client_id="c") as client:
        client.subscribe("t")
        for n in range(50):
            client.publish("t", str(n))
        for n in range(50):
            client.expect(wire.PUBLISH, topic="t")
        rows, _ = explain(ctl, "c", "--limit=10")
        assert len(rows) == 10
        rows, _ = explain(ctl, "c")
        assert len(events(rows, "PUBLISH in")) == len(events(rows, "PUBLISH out")) == 50
        rows, _ = explain(ctl, "c", "--limit=1000")
        assert len(rows) == 102
        assert explain(ctl, "c", "--since=2100-01-01T00:00:00Z")[0] == []
    assert "not a topic name" in ctl.refused("explain", "c", "--topic=+")


def test_a_client_that_was_never_here_gets_a_clear_answer(daemon):
    one = daemon()
    rows, sentences = explain(ctl_of(one), "nobody")
    assert rows == []
    assert "it was never here" in sentences[0]
