"""What machines ask a node over HTTP: health, metrics and status, alone and in a pair."""

import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import exposition
import wire
from conftest import DAEMON
from ports import free_port
from test_ctl import Ctl, wait_for

TIMEOUT_S = 10
ANY_PORT = "--admin.http=127.0.0.1:0"
PORT = re.compile(r"HTTP for machines on port (\d+) of ")


def http_port(one):
    """Of the daemon's present life: the last that its log names."""
    found = []
    wait_for(lambda: found.extend(PORT.findall(one.log.read_text(errors="replace"))) or found)
    return int(found[-1])


def ask(one, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", http_port(one), timeout=TIMEOUT_S)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def health(one, kind):
    status, body = ask(one, f"/health/{kind}")
    assert body.endswith("\n") and body.count("\n") == 1
    told = json.loads(body)
    assert told["why"].endswith(".")
    assert told[kind] == (status == 200) and status in (200, 503)
    return status, told


def codes(one):
    return [health(one, kind)[0] for kind in ("live", "ready", "primary")]


def metrics(one):
    status, text = ask(one, "/metrics")
    assert status == 200
    return exposition.parse(text)


def value(families, name, suffix="", **labels):
    return families[name].samples[suffix, tuple(sorted(labels.items()))]


def shape(thing):
    """The keys and types of a JSON value, without its numbers and words."""
    if isinstance(thing, dict):
        return {key: shape(part) for key, part in thing.items()}
    return "number" if isinstance(thing, (int, float)) and not isinstance(thing, bool) \
        else type(thing).__name__


@pytest.fixture
def alone(daemon):
    one = daemon(ANY_PORT)
    http_port(one)
    return one


def test_a_node_alone_is_alive_ready_and_primary(alone):
    assert codes(alone) == [200, 200, 200]
    assert health(alone, "primary")[1]["role"] == "primary"
    assert ask(alone, "/health/primary", "HEAD") == (200, "")
    assert ask(alone, "/health/primary", "OPTIONS")[0] == 405
    assert ask(alone, "/nothing")[0] == 404
    assert "/metrics" in ask(alone, "/")[1]


def test_the_status_is_that_of_tandemqctl(alone):
    status, body = ask(alone, "/status")
    assert status == 200
    told = json.loads(body)
    assert shape(told) == shape(Ctl(alone.folder / "admin.sock").record("status"))
    assert told["role"] == "primary" and told["node"] == "a"


def traffic(one, count):
    with one.connected(client_id="reader") as reader, one.connected(client_id="writer") as writer:
        reader.subscribe(("t", 1))
        for number in range(count):
            writer.publish("t", str(number), qos=number % 3)
            reader.take(str(number))


def test_metrics_count_what_happens(alone):
    wait_for(lambda: value(metrics(alone), "tandemq_connections") == 0)
    before = metrics(alone)
    assert {family.kind for family in before.values()} == {"counter", "gauge", "histogram"}
    assert all(family.name.startswith("tandemq_") and family.help.endswith(".")
               for family in before.values())
    assert value(before, "tandemq_core_up") == 1

    traffic(alone, 30)
    with alone.connected(client_id="stays", clean=False, props={"session_expiry": 100}):
        wait_for(lambda: value(metrics(alone), "tandemq_connections") == 1)
        after = metrics(alone)
        assert value(after, "tandemq_sessions") >= 1
    for qos in "012":
        assert value(after, "tandemq_messages_received_total", qos=qos) == 10
    sent = after["tandemq_messages_sent_total"].samples
    assert sum(sent.values()) == 30
    acknowledged = after["tandemq_messages_acknowledged_total"].samples
    assert sum(acknowledged.values()) == 20
    assert value(after, "tandemq_connections_accepted_total") == 3
    for name, family in before.items():
        if family.kind == "counter":
            for key, count in family.samples.items():
                assert after[name].samples[key] >= count, f"{name} fell"


def test_commits_and_fsyncs_are_timed(alone):
    with alone.connected(client_id="away", clean=False, props={"session_expiry": 100}) as client:
        client.subscribe(("kept", 1))
        client.disconnect()
    with alone.connected() as writer:
        for number in range(20):
            writer.publish("kept", str(number), 1)
    seen = metrics(alone)
    assert value(seen, "tandemq_commit_duration_seconds", "_count") >= 20
    assert value(seen, "tandemq_fsync_duration_seconds", "_count") >= 20
    assert value(seen, "tandemq_fsync_records", "_sum") >= 20
    assert 0 < value(seen, "tandemq_commit_duration_seconds", "_sum") < 60
    assert value(seen, "tandemq_disk_free_bytes") > 0
    assert value(seen, "tandemq_resident_memory_bytes") > 1_000_000


def test_dropped_messages_are_counted_by_their_reason(alone):
    ctl = Ctl(alone.folder / "admin.sock")
    with alone.connected(client_id="away", clean=False, props={"session_expiry": 100}) as client:
        client.subscribe(("kept", 1))
        client.disconnect()
    with alone.connected() as writer:
        writer.publish("kept", "x", 1)
    assert value(metrics(alone), "tandemq_queued_messages") == 1
    ctl.text("queue", "purge", "away")
    assert value(metrics(alone), "tandemq_messages_dropped_total", reason="purged") == 1


def test_slow_and_rude_clients_keep_neither_machines_nor_clients_waiting(alone):
    port = http_port(alone)
    rude = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    try:
        for one in rude:
            one.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        began = time.monotonic()
        with alone.connected() as client:
            client.publish("t", "x", 1)
        assert codes(alone) == [200, 200, 200]
        assert time.monotonic() - began < 5  # One after the other they would take 50 s.
    finally:
        for one in rude:
            one.close()


def let_go(pipe):
    """Who opens the pipe to read it finds an empty file."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        assert error.errno == errno.ENXIO  # Nobody reads it now.


def test_a_process_that_hangs_is_not_alive(daemon, tmp_path):
    """The core thread reads the password file on SIGHUP, and a pipe has no end."""
    passwords, pipe = tmp_path / "passwords", tmp_path / "pipe"
    passwords.write_text("")
    one = daemon(ANY_PORT, f"--auth.password_file={passwords}")
    assert codes(one) == [200, 200, 200]
    os.mkfifo(pipe)
    pipe.rename(passwords)
    one.process.send_signal(signal.SIGHUP)
    try:
        wait_for(lambda: codes(one) == [503, 503, 503])
        assert health(one, "live")[1]["role"] == "unknown"
        seen = metrics(one)
        assert value(seen, "tandemq_core_up") == 0
        assert "tandemq_term" not in seen and "tandemq_resident_memory_bytes" in seen
    finally:
        wait_for(lambda: let_go(passwords) or codes(one) == [200, 200, 200])


def test_a_port_that_is_taken_is_one_line_that_names_the_key(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        done = subprocess.run(
            [DAEMON, f"--data.dir={tmp_path}", f"--admin.socket={tmp_path / 'admin.sock'}",
             f"--listener=mqtt://127.0.0.1:{free_port()}",
             f"--admin.http=127.0.0.1:{holder.getsockname()[1]}"],
            capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines()
            if "LimitNOFILE" not in line and " info " not in line]
    assert len(said) == 1, done.stderr
    assert "in use by another process" in said[0] and "'admin.http'" in said[0]


def test_only_loopback_is_allowed(tmp_path):
    done = subprocess.run([DAEMON, "--check-config", "--admin.http=0.0.0.0:9883"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "admin.http" in done.stderr and "loopback" in done.stderr


def test_a_restart_keeps_the_port(daemon):
    port = free_port()
    one = daemon(f"--admin.http=127.0.0.1:{port}")
    assert http_port(one) == port
    for _ in range(3):
        codes(one)
        one.restart()
    assert codes(one) == [200, 200, 200]


def test_in_a_pair_only_the_primary_is_primary_and_that_swaps(pair):
    one = pair(ANY_PORT)
    one.await_equal()
    for _ in range(2):
        assert codes(one.primary) == [200, 200, 200]
        assert codes(one.standby) == [200, 200, 503]
        assert health(one.primary, "ready")[1]["role"] == "primary"
        assert health(one.standby, "ready")[1]["role"] == "standby"
        old, new = one.primary, one.standby
        one.switch_over(old)
        assert one.primary is new
        one.await_sync()
        one.until(lambda: is_served(old), "the new life of the old primary")


def is_served(node):
    try:
        return health(node, "live")[0] == 200
    except OSError:
        return False


def test_a_standby_without_its_primary_is_alive_and_not_ready(pair):
    one = pair(ANY_PORT)
    one.await_equal()
    one.primary.kill()
    one.until(lambda: codes(one.standby) == [200, 503, 503], "the standby to be not ready")
    assert "no connection" in health(one.standby, "ready")[1]["why"]
    one.promote(one.standby)
    assert codes(one.primary) == [200, 200, 200]
    assert "no standby" in health(one.primary, "ready")[1]["why"]


def test_both_nodes_of_a_pair_tell_of_the_replication(pair):
    one = pair(ANY_PORT)
    one.await_equal()
    with one.connected() as client:
        client.publish("t", "x", 1, retain=True)
    one.await_equal()
    primary, standby = metrics(one.primary), metrics(one.standby)
    for seen, role in ((primary, "primary"), (standby, "standby")):
        assert value(seen, "tandemq_role", role=role) == 1
        assert sum(seen["tandemq_role"].samples.values()) == 1
        assert value(seen, "tandemq_peer_connected") == 1
        assert value(seen, "tandemq_peer_in_sync") == 1
        assert value(seen, "tandemq_replication_lag_records") == 0
        for name in ("tandemq_resident_memory_bytes", "tandemq_disk_free_bytes"):
            assert value(seen, name) > 0
    assert value(primary, "tandemq_term") == value(standby, "tandemq_term") >= 1
    assert value(primary, "tandemq_log_position") == value(standby, "tandemq_log_position") > 0
    assert value(primary, "tandemq_replication_lag_bytes") == 0
    assert 0 <= value(primary, "tandemq_replication_lag_seconds") < 60
    assert "tandemq_replication_lag_seconds" not in standby
    assert "tandemq_retained_messages" in primary and "tandemq_retained_messages" not in standby
    for node in one.nodes:
        assert shape(json.loads(ask(node, "/status")[1])) == shape(node.status())


def test_a_standby_times_its_disk_too(pair):
    one = pair(ANY_PORT, mode="flushed")
    one.await_equal()
    before = value(metrics(one.standby), "tandemq_fsync_duration_seconds", "_count")
    with one.connected() as client:
        for number in range(20):
            client.publish("t", str(number), 1, retain=True)
    seen = metrics(one.standby)
    assert value(seen, "tandemq_fsync_duration_seconds", "_count") > before
    assert value(seen, "tandemq_fsync_records", "_sum") >= 20
    assert value(seen, "tandemq_commit_duration_seconds", "_count") == 0  # Nobody waits there.


def test_changes_of_the_role_are_counted_over_all_lives_of_a_process(pair):
    one = pair(ANY_PORT)
    one.await_equal()

    def counted(node):
        seen = metrics(node)
        return value(seen, "tandemq_failovers_total"), value(seen, "tandemq_role_changes_total")

    old, new = one.primary, one.standby
    assert counted(old)[0] == 1 and counted(new)[0] == 0
    changes = counted(old)[1]
    one.switch_over(old)
    one.await_sync()
    one.until(lambda: is_served(old), "the new life of the old primary")
    assert counted(new)[0] == 1
    assert counted(old)[0] == 1 and counted(old)[1] > changes
    one.switch_over(new)
    one.await_sync()
    assert counted(old)[0] == 2


def test_what_is_in_flight_is_counted(alone):
    with alone.connected() as reader, alone.connected() as writer:
        reader.subscribe(("t", 1))
        writer.publish("t", "x", 1)
        message = reader.expect(wire.PUBLISH)
        assert value(metrics(alone), "tandemq_inflight_messages") == 1
        reader.send(wire.ack(wire.PUBACK, message.packet_id))
        reader.ping()
        assert value(metrics(alone), "tandemq_inflight_messages") == 0


def test_beyond_loopback_a_token_is_needed(daemon, tmp_path):
    with pytest.raises(AssertionError, match="admin.http = '0.0.0.0:0'.*admin.http_token_file"):
        daemon("--admin.http=0.0.0.0:0")
    path = tmp_path / "token"
    path.write_text("short\n")
    with pytest.raises(AssertionError, match="its first line has 5 bytes, expected 16 or more"):
        daemon("--admin.http=0.0.0.0:0", f"--admin.http_token_file={path}")
    path.write_text("0123456789abcdef\n")
    one = daemon("--admin.http=0.0.0.0:0", f"--admin.http_token_file={path}")
    assert ask(one, "/metrics")[0] == ask(one, "/status")[0] == 401
    assert codes(one) == [200, 200, 200]
    connection = http.client.HTTPConnection("127.0.0.1", http_port(one), timeout=TIMEOUT_S)
    connection.request("GET", "/metrics", headers={"Authorization": "Bearer 0123456789abcdef"})
    assert connection.getresponse().status == 200
    connection.close()
    assert "0123456789abcdef" not in one.text()
