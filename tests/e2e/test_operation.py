"""Starting, reloading, stopping; listeners and connections."""

import signal
import socket
import subprocess
import threading
import time

import pytest

import wire
from client import Client, unique
from conftest import DAEMON
from ports import free_port
from rule import ALL, NEW, rule
from test_ctl import Ctl, wait_for
from wire import V5

RUN_TIMEOUT_S = 30


def run(*words):
    return subprocess.run([DAEMON, *map(str, words)], capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_S)


def ctl_of(one):
    return Ctl(one.folder / "admin.sock")


def hang_up(one, words):
    """SIGHUP, and wait for what the log has to say."""
    said = one.text().count(words)
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: one.text().count(words) > said)


# --- the configuration


def test_a_reload_takes_what_it_can_and_names_what_it_cannot(daemon, tmp_path):
    path = tmp_path / "tandemq.conf"
    path.write_text("limits.max_packet_size = 5000\nnode.id = first\n")
    one = daemon(f"--config={path}")
    with one.connected() as before:
        path.write_text("limits.max_packet_size = 1000\nnode.id = second\n")
        hang_up(one, "users and rights were read again")
        text = one.text()
        assert "limits.max_packet_size: '5000' to '1000', in force" in text
        assert "node.id: 'first' to 'second', needs a restart" in text
        with one.client() as client:
            assert client.connect().props["max_packet_size"] == 1000
        before.send(wire.publish("t", b"x" * 2000))
        before.expect_refusal(0x95)
    assert ctl_of(one).record("status")["node"] == "first"


@pytest.mark.parametrize("text, complaint", [
    ("limits.max_packet_size = many\n", "limits.max_packet_size"),
    ("limits.max_packet_sighs = 1000\n", "max_packet_sighs"),
    ("auth.password_file = /no/such/file\n", "/no/such/file"),
    ("limits.max_packet_size\n", "line 1"),
    (None, "tandemq.conf"),
], ids=["bad value", "unknown key", "missing file", "no line", "no configuration"])
def test_a_bad_file_leaves_the_running_settings(daemon, tmp_path, text, complaint):
    path = tmp_path / "tandemq.conf"
    path.write_text("limits.max_packet_size = 5000\n")
    one = daemon(f"--config={path}")
    path.unlink() if text is None else path.write_text("log.level = debug\n" + text)
    hang_up(one, "nothing was changed")
    line = one.text().split("nothing was changed", 1)[1]
    assert complaint in line or complaint == "line 1" and ":2" in line, line
    assert ctl_of(one).record("log", "level") == {"level": "info"}
    with one.client() as client:
        assert client.connect().props["max_packet_size"] == 5000


def test_a_reload_can_stop_and_start_the_topics_of_sys(daemon, tmp_path):
    path = tmp_path / "tandemq.conf"
    path.write_text("mqtt.sys_interval_s = 1\n")
    one = daemon(f"--config={path}")
    for interval_s, comes in ((0, False), (1, True)):
        path.write_text(f"mqtt.sys_interval_s = {interval_s}\n")
        hang_up(one, "users and rights were read again")
        time.sleep(1.5)  # An update that was due before the reload.
        with one.connected() as client:
            client.subscribe("$SYS/broker/uptime")
            client.socket.settimeout(2.5)
            if comes:
                first, second = client.take(), client.take()
                assert first.payload != second.payload
            else:
                client.ping()
                with pytest.raises(TimeoutError):
                    client.receive()


def test_check_config_accepts_the_sample_and_says_so(tmp_path):
    sample = run("--print-config-sample")
    assert sample.returncode == 0
    path = tmp_path / "tandemq.conf"
    path.write_text(sample.stdout)
    done = run(f"--config={path}", "--check-config")
    assert (done.returncode, done.stdout) == (0, "The configuration is valid.\n"), done


def test_check_config_names_all_that_is_wrong(tmp_path):
    path = tmp_path / "tandemq.conf"
    path.write_text("limits.max_inflight = 0\nno.such.key = 1\nlimits.queue_full = explode\n"
                    f"auth.acl_file = {tmp_path / 'missing'}\nlistener = http://127.0.0.1:1\n")
    done = run(f"--config={path}", "--check-config")
    assert done.returncode == 1 and done.stdout == ""
    for words in ("limits.max_inflight", "no.such.key", "limits.queue_full", "missing", "http"):
        assert words in done.stderr, done.stderr


def test_a_wrong_configuration_does_not_start(tmp_path):
    done = run(f"--data.dir={tmp_path}", "--limits.max_inflight=0")
    assert done.returncode == 1 and "limits.max_inflight" in done.stderr


# --- listeners


@rule("a listener on an IPv6 address", ALL)
def test_ipv6(daemon, version):
    port = free_port()
    one = daemon(f"--listener=mqtt://[::1]:{port}")
    one.await_text(f"listening on mqtt://[::1]:{port}")
    with Client(port, version, "::1") as client:
        client.connect()
        (row,) = ctl_of(one).rows("clients", "list")
        assert row["address"].startswith("[::1]:")


@rule("clients on two listeners meet")
def test_two_listeners(daemon, version):
    port, topic = free_port(), unique("two")
    one = daemon(f"--listener=mqtt://127.0.0.1:{port}")
    one.await_text(f"listening on mqtt://127.0.0.1:{port}")
    with one.connected(version) as receiver, Client(port, version) as sender:
        receiver.subscribe(topic)
        sender.connect()
        sender.publish(topic, b"x")
        receiver.take(b"x")


def test_port_0_is_told_in_the_log(daemon):
    one = daemon("--listener=mqtt://127.0.0.1:0")

    def ports():
        lines = [line for line in one.text().splitlines() if "listening on mqtt" in line]
        return {int(line.rsplit(":", 1)[1]) for line in lines}

    wait_for(lambda: len(ports()) == 2)
    (other,) = ports() - {one.port}
    with Client(other) as client:
        client.connect()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_port_in_use_is_one_clear_line(tmp_path, host):
    family = socket.AF_INET6 if host == "[::1]" else socket.AF_INET
    with socket.socket(family) as holder:
        holder.bind(("::1" if host == "[::1]" else "127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run(f"--data.dir={tmp_path}", f"--admin.socket={tmp_path / 'admin.sock'}",
                   "--admin.http=", f"--listener=mqtt://{host}:{port}")
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines()
            if "LimitNOFILE" not in line and " info " not in line]
    assert len(said) == 1 and f":{port} is in use by another process" in said[0], done.stderr


def test_an_address_of_another_machine_is_one_clear_line(tmp_path):
    done = run(f"--data.dir={tmp_path}", "--admin.http=", "--listener=mqtt://192.0.2.1:1883")
    assert done.returncode == 1
    assert "no interface of this machine has the address 192.0.2.1" in done.stderr


# --- the end


def stopping(one):
    """SIGTERM; the seconds until the end are measured by a thread, in the list that is returned."""
    seconds, started = [], time.monotonic()

    def wait():
        one.process.wait(RUN_TIMEOUT_S)
        seconds.append(time.monotonic() - started)

    thread = threading.Thread(target=wait)
    one.process.send_signal(signal.SIGTERM)
    thread.start()
    return thread, seconds


def ended(one, thread):
    thread.join(RUN_TIMEOUT_S)
    assert one.process.returncode == 0, one.text()
    one.start()  # The fixture stops it once more.


@rule("who is connected when the node stops is told so")
@pytest.mark.parametrize("reference", ["", "pair.example:1883"])
def test_goodbye(daemon, version, reference):
    one = daemon(*([f"--mqtt.server_reference={reference}"] if reference else []))
    with one.connected(version) as client:
        thread, _ = stopping(one)
        if version == V5:
            packet = client.expect(wire.DISCONNECT, reason=0x9C if reference else 0x8B)
            assert packet.props.get("server_reference", "") == reference
        client.expect_closed()
    ended(one, thread)


@rule("a stop waits no longer than a second or two for clients that do not close")
@pytest.mark.parametrize("threads", [0, 2])
def test_stop_is_bounded(daemon, version, threads):
    one = daemon(f"--threads.net={threads}")
    clients = [one.connected(version) for _ in range(5)]
    silent = socket.create_connection(("127.0.0.1", one.port))
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 6)
    thread, seconds = stopping(one)
    thread.join(RUN_TIMEOUT_S)
    assert seconds[0] < 2.5, "it waited for sockets that their clients keep open"
    silent.close()
    for client in clients:
        client.drop()
    ended(one, thread)


@rule("a client that sends DISCONNECT and does not close is closed within a second or two")
def test_disconnect_without_close(daemon, version):
    one = daemon()
    with one.connected(version) as client:
        client.send(wire.disconnect())
        client.expect_closed()
        started = time.monotonic()
        wait_for(lambda: ctl_of(one).record("status")["connections"] == 0)
        # Whoever writes now to a socket that the broker has really closed is told so.
        with pytest.raises(OSError):
            while time.monotonic() < started + 2.5:
                client.send(wire.pingreq())
                time.sleep(0.05)


@rule("a will is not published when the node stops in order")
def test_no_will_at_stop(daemon, version):
    one, topic = daemon(), unique("will")
    with one.connected(version) as watcher, one.connected(version, will=wire.Will(topic)) as dying:
        watcher.subscribe(topic)
        thread, _ = stopping(one)
        if version == V5:
            watcher.expect(wire.DISCONNECT)
        watcher.expect_closed()
        dying.drop()
    ended(one, thread)


# --- connections


@rule("a connection above limits.max_connections is closed at once", ALL)
def test_max_connections(daemon, version):
    one = daemon("--limits.max_connections=3")
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 0)  # The fixture's own.
    clients = [one.connected(version) for _ in range(3)]
    with one.client(version) as fourth:
        fourth.expect_closed()
    one.await_text("limits.max_connections = 3 is reached")
    for client in clients:
        client.ping()
    clients.pop().disconnect()
    wait_for(lambda: ctl_of(one).record("status")["connections"] == 2)
    one.connected(version).ping()


@rule("who does not send a CONNECT in time is closed, and nobody else")
@pytest.mark.parametrize("size", [0, 1, 10])
def test_connect_timeout(daemon, version, size):
    one = daemon("--limits.connect_timeout_ms=300")
    with one.connected(version) as served, one.client(version) as silent:
        silent.send(wire.connect(unique("silent"), version)[:size])
        started = time.monotonic()
        silent.expect_closed()
        assert 0.2 < time.monotonic() - started < 5
        served.ping()


# --- a payload that is not what it says


@rule("[MQTT-3.3.2-4] a payload that is not the UTF-8 it claims to be is refused", NEW)
@pytest.mark.parametrize("payload", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"ok\xc0\x80"],
                         ids=lambda payload: payload.hex())
def test_payload_format(broker, version, payload):
    topic, claim = unique("format"), {"payload_format": 1}
    with broker.connected() as receiver, broker.connected() as sender:
        receiver.subscribe((topic, 2))
        assert sender.publish(topic, payload, 1, 1, props=claim).reason == 0x99
        assert sender.publish(topic, payload, 2, 2, props=claim).reason == 0x99
        sender.publish(topic, payload, 0, props=claim)
        assert sender.publish(topic, "gültig".encode(), 1, 3, props=claim).reason == 0
        receiver.take("gültig", props=claim)
        assert sender.publish(topic, payload, 1, 4, props={"payload_format": 0}).reason == 0
        receiver.take(payload)
        receiver.expect_silence()


@rule("the payload is not looked at if mqtt.check_payload_format is off", NEW)
def test_payload_format_off(daemon, version):
    one = daemon("--mqtt.check_payload_format=false")
    with one.connected() as client:
        client.subscribe("t")
        client.send(wire.publish("t", b"\xff", 0, props={"payload_format": 1}))
        client.take(b"\xff")
