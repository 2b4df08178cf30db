"""MQTT over WebSocket and TLS below it: real clients, and clients that break the rules."""

import json
import os
import pathlib
import subprocess
import time

import paho.mqtt.client as paho
import pytest

import wire
from certificates import Authority
from client import unique
from conftest import DAEMON, Daemon
from ports import free_port
from rule import ALL, BOTH, rule
from test_clients import PAHO_VERSIONS, QOS
from test_ctl import Ctl, wait_for
from test_http import ANY_PORT, metrics, value
from test_limits import expect_growth_below, memory_mb
from test_tls import s_client
from tls_client import context
from wire import V5, V31, V311
from ws_client import (BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, WsClient, answer_to,
                       frame, header, request)

MQTTJS = pathlib.Path(__file__).with_name("mqttjs.js")
PAGES = "https://app.example"


class Served:
    """A daemon with both kinds of listeners, and one more that asks for the Origin."""

    def __init__(self, folder, threads):
        self.authority = Authority(folder / "authority")
        server = self.authority.issue("server")
        self.ws, self.wss, self.strict = free_port(), free_port(), free_port()
        self.daemon = Daemon([
            f"--threads.net={threads}", ANY_PORT, f"--listener=ws://127.0.0.1:{self.ws}",
            f"--listener=wss://127.0.0.1:{self.wss}/mqtt?cert={server.cert}&key={server.key}",
            f"--listener=ws://127.0.0.1:{self.strict}/deep/path?origin={PAGES},http://b.example"])

    def client(self, version=V5, **options):
        return WsClient(self.ws, version, **options)

    def tls_client(self, version=V5):
        return WsClient(self.wss, version, tls=context(self.authority))

    def connected(self, version=V5):
        client = self.client(version)
        client.connect()
        return client


@pytest.fixture(scope="module", params=[0, 2], ids=["threads 0", "threads 2"])
def served(request, tmp_path_factory):  # pylint: disable=redefined-outer-name
    one = Served(tmp_path_factory.mktemp("ws"), request.param)
    try:
        yield one
        one.daemon.stop()
    finally:
        one.daemon.remove()


def url(served, scheme):
    port = served.wss if scheme == "wss" else served.ws
    return f"{scheme}://localhost:{port}/mqtt"


SCHEMES = pytest.mark.parametrize("scheme", ["ws", "wss"])


# ---------------------------------------------------------------- clients that people use


@SCHEMES
@rule("MQTT.js sends and receives small and large messages of each QoS", ALL)
def test_mqttjs(served, version, scheme):
    topic, number = unique("mqttjs"), {V31: "3", V311: "4", V5: "5"}[version]
    words = ["node", str(MQTTJS), url(served, scheme), number, topic]
    if scheme == "wss":
        words.append(str(served.authority.pem))
    done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["acknowledged"] == 6
    assert sorted(told["got"]) == sorted(
        [f"{topic}/{kind}", qos, f"QoS {qos}" if kind == "small" else "true"]
        for kind in ("small", "large") for qos in (0, 1, 2))


@SCHEMES
@QOS
@rule("paho sends and receives over WebSocket", ALL)
def test_paho(served, version, qos, scheme):
    topic, payload, got = unique("paho"), bytes(range(256)) * 1000, []
    client = paho.Client(client_id=unique("paho"), transport="websockets",
                         protocol=PAHO_VERSIONS[version])
    if scheme == "wss":
        client.tls_set(ca_certs=str(served.authority.pem))
    client.on_connect = lambda *_: client.subscribe(topic, qos)
    client.on_subscribe = lambda *_: client.publish(topic, payload, qos)
    client.on_message = lambda _c, _u, message: got.append((message.qos, message.payload))
    client.connect("localhost", served.wss if scheme == "wss" else served.ws)
    client.loop_start()
    try:
        wait_for(lambda: got)
    finally:
        client.disconnect()
        client.loop_stop()
    assert got == [(qos, payload)]


@rule("clients of WebSocket, TLS and TCP meet, and where each comes from is shown")
def test_all_meet(served, version):
    topic = unique("meet")
    with served.client(version) as one, served.tls_client(version) as two, \
            served.daemon.client(version) as three:
        for client in (one, two, three):
            client.connect()
            client.subscribe((topic, 1))
        with served.connected(version) as sender:
            sender.publish(topic, b"hello" * 10_000, 1)
        for client in (one, two, three):
            client.take(payload=b"hello" * 10_000)
        ctl = Ctl(served.daemon.folder / "admin.sock")
        shown = [ctl.record("clients", "show", client.client_id) for client in (one, two)]
        assert [row["listener"].split("?")[0] for row in shown] == [
            f"ws://127.0.0.1:{served.ws}", f"wss://127.0.0.1:{served.wss}/mqtt"]
        mine = one.socket.plain.getsockname()[1]
        assert shown[0]["address"] == f"127.0.0.1:{mine}"


@rule("many messages reach a client that reads late, over both")
def test_late_reader(served, version):
    topic, payload = unique("late"), bytes(60_000)
    with served.tls_client(version) as reader, served.client(version) as writer:
        reader.connect()
        reader.subscribe((topic, 1))
        writer.connect()
        for n in range(200):
            writer.publish(topic, payload + bytes([n]), 1)
        for n in range(200):
            assert reader.take(topic=topic).payload[-1] == n
        reader.send(wire.disconnect())


# ---------------------------------------------------------------- the upgrade


@rule("[MQTT-6.0.0-3, -4, MQTT311-6.0.0-3, -4] only who offers the subprotocol mqtt is let in, and "
      "is told that name")
def test_subprotocol(served, version):
    with served.client(version, protocol="chat, mqtt") as client:
        assert b"Sec-WebSocket-Protocol: mqtt\r\n" in client.answer + b"\r\n"
        client.connect()
    assert answer_to(served.ws, request(protocol="chat")) == 400
    assert answer_to(served.ws, request(protocol=None)) == 400


def test_path_and_origin(served):
    assert answer_to(served.ws, request("/")) == 404
    assert answer_to(served.strict, request("/mqtt")) == 404
    for origin in ("https://app.example.evil", "http://app.example", "null"):
        assert answer_to(served.strict, request("/deep/path", more=[f"Origin: {origin}"])) == 403
    for more in ([], [f"Origin: {PAGES}"], ["Origin: http://b.example"]):
        with WsClient(served.strict, path="/deep/path", more=more) as client:
            client.connect()


def test_requests_that_are_none(served):
    with served.daemon.client() as plain:
        plain.connect()
    assert answer_to(served.ws, wire.connect("plain")) == 400
    assert answer_to(served.ws, b"\x16\x03\x01\x02\x00\x01") == 400
    assert answer_to(served.ws, b"POST /mqtt HTTP/1.1\r\nHost: a\r\n\r\n") == 405
    assert answer_to(served.ws, b"GET /mqtt HTTP/1.1\r\nHost: a\r\n\r\n") == 426
    old = request().replace(b"Version: 13", b"Version: 7")
    assert answer_to(served.ws, old) == 426
    assert answer_to(served.ws, request().replace(b"Host: broker\r\n", b"")) == 400


def test_header_flood(served):
    """What it takes of a request is little, and it ends there."""
    before_mb = memory_mb(served.daemon)
    before = value(metrics(served.daemon), "tandemq_websocket_upgrades_total", result="refused")
    endless = b"GET /mqtt HTTP/1.1\r\n" + b"X: " + b"x" * 500_000
    lines = b"GET /mqtt HTTP/1.1\r\n" + b"A: b\r\n" * 100_000
    for _ in range(50):
        assert answer_to(served.ws, endless) == 431
        assert answer_to(served.ws, lines) == 431
    assert answer_to(served.ws, request(more=["A: b"] * 60)) == 431
    expect_growth_below(served.daemon, before_mb, 20)
    after = value(metrics(served.daemon), "tandemq_websocket_upgrades_total", result="refused")
    assert after - before == 101


@pytest.mark.parametrize("threads", [0, 2])
def test_slow_upgrades_end(daemon, threads):
    port = free_port()
    one = daemon(f"--threads.net={threads}", f"--listener=ws://127.0.0.1:{port}",
                 "--limits.connect_timeout_ms=1000")
    begun = time.monotonic()
    assert answer_to(port, b"") == 408
    assert answer_to(port, request()[:-2]) == 408
    assert time.monotonic() - begun < 10
    # The time counts on after the upgrade.
    silent = WsClient(port)
    silent.expect_end(1000)
    assert time.monotonic() - begun < 15
    assert Ctl(one.folder / "admin.sock").rows("clients", "list") == []


# ---------------------------------------------------------------- frames


@rule("[MQTT-6.0.0-2, MQTT311-6.0.0-2] a CONNECT may come byte by byte, each a fragment with pings "
      "between them")
def test_fragments(served, version):
    with served.client(version) as client:
        packet = wire.connect(unique("fragments"), version=version)
        for at in range(len(packet)):
            last = FIN if at == len(packet) - 1 else 0
            kind = CONTINUATION if at else BINARY
            client.send_raw(frame(packet[at:at + 1], last | kind))
            client.send_raw(frame(b"%d" % at, FIN | PING))
        client.expect(wire.CONNACK, reason=0)
        client.send(wire.pingreq() + wire.pingreq()[:1])
        client.expect(wire.PINGRESP)
        client.send(wire.pingreq()[1:])
        client.expect(wire.PINGRESP)
        pongs = [body for kind, body in client.socket.frames if kind == PONG]
        assert pongs and pongs == sorted(pongs, key=int)


@rule("[MQTT-6.0.0-1, MQTT311-6.0.0-1] a text frame ends the connection, and its will is published",
      BOTH)
def test_text(served, version):
    topic = unique("will")
    with served.connected(version) as watcher, served.client(version) as client:
        watcher.subscribe(topic)
        client.connect(will=wire.Will(topic, b"gone"))
        client.send_raw(frame(wire.pingreq(), FIN | TEXT))
        client.expect_end(1003)
        client.drop()
        watcher.take(topic=topic, payload=b"gone")


@pytest.mark.parametrize("bad, code", [
    (frame(b"\xC0\x00", masked=False), 1002),
    (frame(b"\xC0\x00", FIN | 0x40 | BINARY), 1002),
    (frame(b"\xC0\x00", FIN | 0x10 | BINARY), 1002),
    (frame(b"\xC0\x00", FIN | CONTINUATION), 1002),
    (frame(b"", PING), 1002),
    (frame(bytes(126), FIN | PING), 1002),
    (frame(b"", FIN | 0xF), 1002),
    (header(FIN | BINARY, 1 << 63, b"mask"), 1002),
    (header(FIN | BINARY, (1 << 63) - 1, b"mask") + b"x", 1009),
    (header(FIN | BINARY, (1 << 30) + 1, b"mask") + b"x", 1009),
    (frame(b"\x03", FIN | CLOSE), 1002),
], ids=["unmasked", "RSV1", "RSV3", "continuation of nothing", "cut ping", "long ping", "kind",
        "2^63 bytes", "2^63-1 bytes", "over a gigabyte", "close of one byte"])
def test_bad_frames(served, bad, code):
    before_mb = memory_mb(served.daemon)
    with served.connected() as client:
        client.ping()
        client.send_raw(bad + frame(wire.pingreq()))
        client.expect_end(code)
    expect_growth_below(served.daemon, before_mb, 20)


@rule("a frame of a gigabyte takes no memory, and its packets are bounded as others")
def test_large_frame(served, version):
    before_mb = memory_mb(served.daemon)
    with served.client(version) as client:
        client.send_raw(header(FIN | BINARY, 1 << 30, bytes(4)))
        client.send_raw(wire.connect("", version=version))
        client.expect(wire.CONNACK, reason=0)
        for _ in range(100):
            client.send_raw(wire.pingreq() * 1000)
            for _ in range(1000):
                client.expect(wire.PINGRESP)
        client.send_raw(b"\x30\xFF\xFF\xFF\x7F")  # A PUBLISH of 256 MB.
        client.expect_refusal(0x95)
    expect_growth_below(served.daemon, before_mb, 20)


def test_alpn(served):
    """Browsers offer HTTP over TLS, and MQTT is what comes of it."""
    assert "ALPN protocol: http/1.1" in s_client(served.wss, "-alpn", "h2,http/1.1")
    assert "no application protocol" in s_client(served.wss, "-alpn", "h2")


def test_close_is_answered(served):
    with served.connected() as client:
        client.send_raw(frame((1001).to_bytes(2, "big") + b"leaving", FIN | CLOSE))
        client.expect_end(1001)
    with served.connected() as client:
        client.send(wire.disconnect())
        client.expect_end(1000)


def test_pings_of_who_never_reads(served):
    """One pong is owed, not as many as there were pings."""
    before_mb, sent = memory_mb(served.daemon), 0
    with served.connected() as client:
        burst = frame(bytes(125), FIN | PING) * 1000
        client.socket.settimeout(5)
        for _ in range(400):
            client.send_raw(burst)
            sent += 1000
        client.ping()
        pongs = sum(kind == PONG for kind, _ in client.socket.frames)
        assert 0 < pongs <= sent
    expect_growth_below(served.daemon, before_mb, 20)


def test_check_config():
    def complaint(listener):
        done = subprocess.run([DAEMON, "--check-config", f"--listener={listener}"],
                              capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout + done.stderr

    assert complaint("ws://127.0.0.1:9001/a?origin=http://a")[0] == 0
    for listener, why in (("ws://127.0.0.1:9001?cert=x", "is a parameter of mqtts:// and wss://"),
                          ("wss://127.0.0.1:9001", "needs cert=FILE and key=FILE"),
                          ("ws://127.0.0.1:9001?origin=a", "expected SCHEME://HOST")):
        code, text = complaint(listener)
        assert code != 0 and why in text, text
