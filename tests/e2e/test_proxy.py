"""Clients that come through a proxy: a real HAProxy, and headers that no proxy would write."""

import socket
import ssl
import struct
import time

import pytest

import wire
from client import TIMEOUT_S, Client, unique
from haproxy import SOURCE, Haproxy
from ports import free_port
from test_ctl import Ctl, wait_for
from test_http import ANY_PORT, metrics, value
from tls_client import Door, TlsClient, context

NOT_AUTHORIZED = 0x87
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 50123 1883\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


def v2(source, port):
    addresses = socket.inet_aton(source) + socket.inet_aton("198.51.100.1")
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", 12) + addresses + struct.pack(">HH", port, 1)


class Proxied(Client):
    """A client and the proxy before it in one: sends a header of its own."""

    def __init__(self, port, header=b"", source=SOURCE):  # pylint: disable=super-init-not-called
        self.version, self.client_id, self.buffer, self.early = wire.V5, None, b"", []
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S, (source, 0))
        self.send(header)


class Entry:
    """A listener for proxies, of a daemon that knows no users."""

    def __init__(self, daemon, *options, query=""):
        self.port = free_port()
        self.one = daemon(f"--listener=mqtt://127.0.0.1:{self.port}?proxy={SOURCE}{query}",
                          ANY_PORT, *options)
        self.ctl = Ctl(self.one.folder / "admin.sock")

    def refused(self, reason):
        return value(metrics(self.one), "tandemq_proxy_refused_total", reason=reason)

    def client(self, name):
        wait_for(lambda: any(row["client"] == name for row in self.ctl.rows("clients", "list")))
        return next(row for row in self.ctl.rows("clients", "list") if row["client"] == name)


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_a_client_behind_haproxy_is_known_by_its_own_address(daemon, tmp_path, send):
    entry = Entry(daemon)
    with Haproxy(tmp_path, entry.port, send) as proxy, Client(proxy.port) as client:
        client.connect(unique("behind"))
        ours = "%s:%d" % client.socket.getsockname()
        row = entry.client(client.client_id)
        assert row["address"] == ours
        assert row["listener"].endswith(f"?proxy={SOURCE}")
        client.subscribe(("large", 1))
        client.publish("large", bytes(300_000), 0)
        assert len(client.take(topic="large").payload) == 300_000
        client.disconnect()
    assert entry.refused("header") == 0 and entry.refused("stranger") == 0


@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_goes_through_haproxy_to_the_broker(daemon, tmp_path, tls):
    door = Door(tmp_path, proxy=SOURCE).asks_clients()
    user = door.authority.issue("sensor")
    one = daemon(door.option())
    with Haproxy(tmp_path, door.port, "send-proxy-v2") as proxy, \
            TlsClient(proxy.port, context(door.authority, user, tls)) as client:
        client.connect()
        rows = Ctl(one.folder / "admin.sock").rows("clients", "list")
        assert [(row["user"], row["address"]) for row in rows] == \
            [("sensor", "%s:%d" % client.socket.getsockname())]
        client.disconnect()


def test_the_certificate_that_haproxy_has_verified_names_the_user(daemon, tmp_path):
    door = Door(tmp_path)
    both = tmp_path / "both.pem"
    both.write_text(door.server.cert.read_text() + door.server.key.read_text())
    bind = f"ssl crt {both} ca-file {door.authority.pem} verify optional"
    entry = Entry(daemon, "--auth.anonymous=false", query="&proxy_user=cn")
    with Haproxy(tmp_path, entry.port, "send-proxy-v2-ssl-cn", bind) as proxy:
        of = context(door.authority, door.authority.issue("sensor-7"))
        with TlsClient(proxy.port, of) as client:
            client.connect()
            assert entry.client(client.client_id)["user"] == "sensor-7"
            client.disconnect()
        with TlsClient(proxy.port, context(door.authority)) as nobody:
            nobody.connect(reason=NOT_AUTHORIZED)


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_health_checks_of_haproxy_are_welcome(daemon, tmp_path, send):
    entry = Entry(daemon)
    with Haproxy(tmp_path, entry.port, f"{send} check inter 50ms"):
        entry.one.await_text(f"connection from {SOURCE}:")  # Closed before CONNECT.
    assert entry.refused("header") == 0


def test_a_client_from_elsewhere_is_none_of_this_machine_though_its_proxy_is(daemon):
    entry = Entry(daemon)
    for header in (LINE, v2("192.0.2.7", 50123), b"PROXY UNKNOWN\r\n"):
        with Proxied(entry.port, header) as client:
            client.connect(reason=NOT_AUTHORIZED)
    for header in (v2("127.0.0.1", 4), LOCAL):
        with Proxied(entry.port, header) as client:
            client.connect()
            client.disconnect()


def test_who_comes_from_elsewhere_is_refused_whatever_it_says(daemon):
    entry = Entry(daemon)
    for header in (LINE, LOCAL, b""):
        with Proxied(entry.port, header, "127.0.0.1") as stranger:
            stranger.expect_closed()
    wait_for(lambda: entry.refused("stranger") == 3)
    entry.one.await_text("only the addresses of its parameter proxy may come")


@pytest.mark.parametrize("header", [
    wire.connect("x"), b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n",
    b"PROXY TCP4 nowhere\r\n", b"PROXY " + b"x" * 200,
    SIGNATURE + b"\x31\x11\x00\x0c", SIGNATURE + b"\x21\x11\xff\xff",
], ids=["no header", "TLS", "HTTP", "no addresses", "too long", "version 3", "64 KB"])
def test_what_is_no_header_ends_the_connection(daemon, header):
    entry = Entry(daemon)
    with Proxied(entry.port, header) as client:
        client.expect_closed()
    wait_for(lambda: entry.refused("header") == 1)
    entry.one.await_text(f"no PROXY header from {SOURCE}:")


def test_a_header_that_is_cut_or_late_ends_the_connection(daemon):
    entry = Entry(daemon, "--limits.connect_timeout_ms=1000")
    with Proxied(entry.port, LINE[:20]) as cut:
        cut.socket.shutdown(socket.SHUT_WR)
        cut.expect_closed()
    begin = time.monotonic()
    with Proxied(entry.port, LINE[:20]) as late:
        late.expect_closed()
    assert 0.9 < time.monotonic() - begin < 5
    assert entry.refused("header") == 2


def test_a_header_in_single_bytes_is_taken(daemon):
    entry = Entry(daemon)
    for header in (b"PROXY TCP4 127.0.0.1 127.0.0.1 4 5\r\n", v2("127.0.0.1", 4)):
        with Proxied(entry.port) as client:
            for byte in header + wire.connect("slow"):
                client.send(bytes([byte]))
            client.expect(wire.CONNACK, reason=0)
            assert entry.client("slow")["address"] == "127.0.0.1:4"
            client.disconnect()
