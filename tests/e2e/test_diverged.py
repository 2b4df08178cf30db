"""What one node took alone, and the other, which was forced to lead, has not: it is cut off the
log and kept in a file, which can be listed, looked into and published again."""

import json
import time

KEEP = {"session_expiry": 1000}
EXPIRY_S = 1


def rows(node, *words):
    done = node.ctl(*words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(node, *words):
    done = node.ctl(*words)
    assert done.returncode == 1 and not done.stdout, (done.returncode, done.stdout)
    return done.stderr


def tails(node):
    return rows(node, "diverged", "list") if node.ask("status") else []


def publish_alone(node):
    """What only this node has; when the last of it has expired that will."""
    with node.connected(client_id="alone") as sender:
        for n in range(1, 4):
            sender.publish("t/x", f"alone {n}", 1, n)
        sender.publish("t/bytes", b"\xff\x00", 2, 4)
        sender.publish("t/short", b"too late", 1, 5, props={"message_expiry": EXPIRY_S})
        sender.publish("t/kept", b"kept", 1, 6, retain=True)
        sender.publish("gone", b"gone", 1, 7, retain=True)
    assert node.ask("retained", "delete", "gone")["deleted"] == 1
    return time.monotonic() + EXPIRY_S


def diverge(one):
    """`b` has led since `a`, which is back and has cut off its tail. Its name."""
    a, b = one.nodes
    with a.connected(client_id="reader", clean=False, props=KEEP) as reader:
        reader.subscribe(("t/#", 2))
    one.await_sync()
    b.kill()
    expired_at = publish_alone(a)
    a.kill()
    b.launch()
    one.promote(b, "--force")
    b.await_port()
    with b.connected() as sender:
        sender.publish("t/x", b"meanwhile", 1)
        sender.publish("own", b"own", 1, 2, retain=True)
    a.launch()
    one.await_sync()
    one.until(lambda: len(tails(a)) == 1, "the tail to be cut off")
    one.until(lambda: time.monotonic() > expired_at, "a message to expire")
    return tails(a)[0]


def switch_to(one, node):
    one.switch_over(one.primary)
    assert one.primary is node
    node.await_port()
    one.await_sync()


def test_what_one_node_took_alone_is_shown_and_published_again(pair):
    one = pair("--replication.timeout_ms=1500")
    a, b = one.nodes
    tail = diverge(one)
    name = tail["name"]
    assert (tail["messages"], "damage" in tail) == (7, False)
    assert tail["records"] == tail["last_lsn"] - tail["first_lsn"] + 1
    assert name == f"diverged-{tail['term']}-{tail['first_lsn']}"
    assert tails(b) == []

    messages = rows(a, "diverged", "show", name, "--messages")
    assert [row.get("payload") for row in messages] == [
        "alone 1", "alone 2", "alone 3", None, "too late", "kept", "gone"]
    assert messages[3]["payload_base64"] == "/wA=" and messages[3]["qos"] == 2
    assert [row["topic"] for row in messages if row["retain"]] == ["t/kept", "gone"]
    everything = rows(a, "diverged", "show", name)
    assert {"message", "queued", "retained", "no longer retained"} <= {
        row["what"] for row in everything}
    assert [row["lsn"] for row in everything] == sorted(row["lsn"] for row in everything)

    assert "is a standby" in refused(a, "diverged", "replay", name)
    assert "There is no 'diverged-9-9' here" in refused(b, "diverged", "replay", "diverged-9-9")
    switch_to(one, a)
    total = rows(a, "diverged", "replay", name)[-1]
    assert total == {"published": 6, "no_subscriber": 1, "skipped": 1, "reasons": {"expired": 1}}
    with a.connected(client_id="reader", clean=False, props=KEEP) as reader:
        for payload in ("meanwhile", "alone 1", "alone 2", "alone 3"):
            reader.take(payload, topic="t/x")
        reader.take(b"\xff\x00", topic="t/bytes", qos=2)
        reader.take("kept", topic="t/kept")
        reader.expect_silence()
    assert sorted(row["topic"] for row in rows(a, "retained", "list")) == ["own", "t/kept"]

    assert a.ask("diverged", "delete", name) == {"deleted": name}
    assert tails(a) == []
    one.await_equal()


def test_a_tail_is_named_without_its_folder_and_a_damaged_one_is_said_to_be(pair):
    one = pair("--replication.timeout_ms=1500")
    a, b = one.nodes
    tail = diverge(one)
    for command in ("show", "replay", "delete"):
        node = one.primary if command == "replay" else a
        assert "is no name" in refused(node, "diverged", command, f"../diverged/{tail['name']}")
    # A tail is replayed on the other node when its file is copied there.
    whole = (a.data("diverged") / tail["name"]).read_bytes()
    b.data("diverged").mkdir()
    (b.data("diverged") / tail["name"]).write_bytes(whole[:-1])
    listed = tails(b)[0]
    assert "is damaged: it is cut short" in listed["damage"]
    assert listed["records"] == tail["records"] - 1
    done = b.ctl("diverged", "replay", tail["name"])
    assert done.returncode == 1 and "is damaged" in done.stderr
    assert json.loads(done.stdout.splitlines()[0])["published"] > 0
