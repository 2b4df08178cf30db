"""TLS on a listener, with clients of several makers: who gets in, who does not, and what it says."""

import contextlib
import hashlib
import signal
import socket
import ssl
import subprocess
import time

import paho.mqtt.client as paho
import pytest

import wire
from certificates import PAST, Authority
from client import TIMEOUT_S, unique
from conftest import DAEMON
from test_clients import Sub
from test_ctl import Ctl, wait_for
from test_http import ANY_PORT, metrics, value
from tls_client import Door, TlsClient, context

TLS = pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3],
                              ids=["TLS1.2", "TLS1.3"])
REFUSED_NAME, NOT_AUTHORIZED = 0x86, 0x87


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path)


class At:
    """Where the tools of test_clients connect."""

    def __init__(self, port):
        self.port = port


def ctl_of(one):
    return Ctl(one.folder / "admin.sock")


def pub(port, *words):
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)


def s_client(port, *words):
    """What openssl says of a connection on which nothing is sent."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, words)]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.stdout + done.stderr


def handshakes(one):
    families = metrics(one)
    return {result: value(families, "tandemq_tls_handshakes_total", result=result)
            for result in ("full", "resumed", "failed")}


def shown(port):
    """The fingerprint of the certificate that the daemon shows."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        with made.wrap_socket(plain) as secured:
            der = secured.getpeercert(binary_form=True)
    return hashlib.sha256(der).hexdigest()


def expect_no_entry(door, certificate=None):
    """Over TLS 1.3 a client hears that it was refused when it has sent its CONNECT."""
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        door.connected(certificate)


# ---------------------------------------------------------------- clients


def test_mosquitto_over_tls(daemon, door):
    daemon(door.option())
    topic, trust = unique("tools"), ("--cafile", door.authority.pem)
    sub = Sub(At(door.port), wire.V5, *trust, "-t", topic, "-q", 1, "-C", 1)
    done = pub(door.port, *trust, "-t", topic, "-q", 1, "-m", "hidden")
    assert done.returncode == 0, done.stderr
    assert sub.lines() == ["hidden"]


def test_paho_over_tls_with_large_messages(daemon, door):
    daemon(door.option())
    topic, payload, got = unique("paho"), bytes(range(256)) * 4000, []
    client = paho.Client(client_id=unique("paho"))
    client.tls_set(ca_certs=str(door.authority.pem))
    client.on_connect = lambda *_: client.subscribe(topic, 2)
    client.on_subscribe = lambda *_: client.publish(topic, payload, 2)
    client.on_message = lambda _c, _u, message: got.append(message.payload)
    client.connect("localhost", door.port)
    client.loop_start()
    try:
        wait_for(lambda: got)
    finally:
        client.disconnect()
        client.loop_stop()
    assert got == [payload]


@TLS
def test_many_messages_to_a_client_that_reads_late(daemon, door, tls):
    daemon(door.option())
    topic, payload = unique("late"), bytes(60_000)
    with door.connected(tls=tls) as reader, door.connected(tls=tls) as writer:
        reader.subscribe((topic, 1))
        for n in range(200):
            writer.publish(topic, payload + bytes([n]), 1)
        for n in range(200):
            assert reader.take(topic=topic).payload[-1] == n
        reader.disconnect()


@TLS
def test_the_broker_says_goodbye(daemon, door, tls):
    """An end without close_notify would be an error of the ssl module here."""
    daemon(door.option())
    client = door.client(tls=tls)
    client.socket.suppress_ragged_eofs = False
    client.connect()
    client.send(wire.connect("again"))  # The second one is a mistake.
    client.expect_refusal(0x82)


def test_the_protocol_is_negotiated(daemon, door):
    daemon(door.option())
    assert "ALPN protocol: mqtt" in s_client(door.port, "-alpn", "http/1.1,mqtt")
    assert "no application protocol" in s_client(door.port, "-alpn", "http/1.1")
    assert "No ALPN negotiated" in s_client(door.port)


def test_wrong_servers_are_refused_by_clients(daemon, tmp_path, door):
    other = Authority(tmp_path / "other")
    old = door.authority.issue("old", dates=PAST)
    far = door.authority.issue("far", san="DNS:broker.example.org")
    daemon(door.option())
    done = pub(door.port, "--cafile", other.pem, "-t", "t", "-m", "m")
    assert done.returncode != 0 and "TLS" in done.stderr or "certificate" in done.stderr
    for certificate, words in ((old, "expired"), (far, "mismatch")):
        one = Door(tmp_path / words[:3], cert=certificate.cert, key=certificate.key)
        one.authority = door.authority
        started = daemon(one.option())
        assert ("has expired" in started.text()) is (certificate is old)
        with pytest.raises(ssl.SSLCertVerificationError, match=words):
            one.client()


def test_versions_and_ciphers(daemon, tmp_path, door):
    daemon(door.option())
    assert "New, TLSv1.3" in s_client(door.port)
    old = s_client(door.port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in old and "alert" in old
    door.client(tls=ssl.TLSVersion.TLSv1_2).drop()

    newest = Door(tmp_path / "newest", min_version="1.3")
    daemon(newest.option())
    newest.client(tls=ssl.TLSVersion.TLSv1_3).drop()
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        newest.client(tls=ssl.TLSVersion.TLSv1_2)

    cipher = "ECDHE-ECDSA-AES256-GCM-SHA384"
    picky = Door(tmp_path / "picky", ciphers=f"{cipher}:TLS_CHACHA20_POLY1305_SHA256")
    daemon(picky.option())
    assert picky.client(tls=ssl.TLSVersion.TLSv1_2).socket.cipher()[0] == cipher
    assert picky.client().socket.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256"


# ---------------------------------------------------------------- who does not speak TLS


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 100,
                                  wire.connect("plain")], ids=["HTTP", "garbage", "MQTT"])
def test_garbage_instead_of_a_handshake(daemon, door, said):
    one = daemon(door.option(), ANY_PORT)
    with socket.create_connection(("127.0.0.1", door.port), TIMEOUT_S) as stranger:
        with contextlib.suppress(ConnectionError):
            stranger.sendall(said)
            while stranger.recv(1000):  # An alert, and the end.
                pass
    assert handshakes(one) == {"full": 0, "resumed": 0, "failed": 1}
    assert "no TLS with 127.0.0.1:" in one.text()
    with door.connected() as client:
        client.ping()


@pytest.mark.parametrize("threads", [0, 1])
def test_stalled_handshakes_hold_nobody_up_and_end(daemon, door, threads):
    one = daemon(door.option(), ANY_PORT, "--limits.connect_timeout_ms=6000",
                 f"--threads.net={threads}")
    hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = context(door.authority).wrap_bio(*hello, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    greeting = hello[1].read()
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        stalled = []
        for n in range(600):  # More than begin at once; a part says nothing at all.
            stranger = socket.create_connection(("127.0.0.1", door.port), TIMEOUT_S)
            stalled.append(stack.enter_context(stranger))
            if n % 10:
                stranger.sendall(greeting[:len(greeting) // 2] if n % 2 else greeting)
        for _ in range(20):
            with door.connected() as client:
                client.ping()
        assert time.monotonic() - begun < 5.5, "others were held up"
        for stranger in stalled:
            with contextlib.suppress(ConnectionError):
                while stranger.recv(10_000):
                    pass
        assert time.monotonic() - begun < 12
    wait_for(lambda: handshakes(one)["failed"] == 600)
    assert handshakes(one)["full"] == 20


# ---------------------------------------------------------------- certificates of clients


def test_a_certificate_is_asked_for(daemon, tmp_path, door):
    alice = door.authority.issue("alice")
    stranger = Authority(tmp_path / "other").issue("alice")
    old = door.authority.issue("old", dates=PAST)
    one = daemon(door.asks_clients().option(), "--auth.anonymous=false")
    with door.connected(alice) as client:
        client.ping()
    for certificate, why in ((None, "peer did not return a certificate"),
                             (stranger, "unable to get local issuer certificate"),
                             (old, "certificate has expired")):
        expect_no_entry(door, certificate)
        # It is told once a second at most.
        wait_for(lambda: why in one.text() or expect_no_entry(door, certificate))


def test_the_user_is_the_one_of_the_certificate(daemon, door, tmp_path):
    alice = door.authority.issue("alice")
    rules = tmp_path / "acl"
    rules.write_text("user alice\ntopic readwrite alice/#\n")
    one = daemon(door.asks_clients().option(), "--auth.anonymous=false", f"--auth.acl_file={rules}")
    for user in (None, "alice"):
        with door.connected(alice, user=user) as client:
            assert client.publish("alice/1", b"m", 1).reason == 0x10  # Nobody subscribes.
            assert client.publish("bob/1", b"m", 1).reason == NOT_AUTHORIZED
            rows = ctl_of(one).rows("clients", "list")
            assert [row["user"] for row in rows] == ["alice"]
    for version, reason in ((wire.V5, REFUSED_NAME), (wire.V311, 4)):
        with door.client(alice, version=version) as client:
            client.connect(user="bob", password=b"x", reason=reason)
            client.expect_closed()


def test_mosquitto_with_a_certificate(daemon, door):
    alice = door.authority.issue("alice")
    daemon(door.asks_clients().option(), "--auth.anonymous=false")
    trust = ("--cafile", door.authority.pem, "-t", "t", "-m", "m", "-q", 1)
    assert pub(door.port, *trust, "--cert", alice.cert, "--key", alice.key).returncode == 0
    assert pub(door.port, *trust).returncode != 0


@pytest.mark.parametrize("source", ["san", "fingerprint", "none"])
def test_what_names_the_user(daemon, door, source):
    alice = door.authority.issue("alice", san="email:alice@example.org,DNS:other")
    one = daemon(door.asks_clients(user_from=source).option())
    user = {"san": "alice@example.org", "fingerprint": alice.fingerprint(), "none": ""}[source]
    with door.connected(alice):
        rows = ctl_of(one).rows("clients", "list")
        assert [row["user"] for row in rows] == [user]


def test_a_certificate_that_names_nobody(daemon, door):
    nameless = door.authority.issue("nameless", subject="/O=nobody", san=None)
    daemon(door.asks_clients().option())
    with door.client(nameless) as client:
        client.connect(reason=NOT_AUTHORIZED)
        client.expect_closed()


def test_an_optional_certificate(daemon, door):
    alice = door.authority.issue("alice")
    daemon(door.asks_clients("optional").option(), "--auth.anonymous=false")
    with door.connected(alice) as client:
        client.ping()
    with door.client() as client:
        client.connect(reason=NOT_AUTHORIZED)


@TLS
def test_a_revoked_certificate(daemon, door, tls):
    """Nor does the ticket help that its client was given before."""
    alice, bob = door.authority.issue("alice"), door.authority.issue("bob")
    one = daemon(door.asks_clients(crl=door.authority.crl()).option(), ANY_PORT)
    of_bob = context(door.authority, bob, tls)
    with TlsClient(door.port, of_bob) as client:
        client.connect()
        session = client.session()
    door.authority.revoke(bob)
    door.authority.crl()
    ctl_of(one).text("tls", "reload")
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        TlsClient(door.port, of_bob, session=session).connect()
    one.await_text("certificate revoked")
    with door.connected(alice, tls) as client:
        client.ping()
    assert handshakes(one)["resumed"] == 0


# ---------------------------------------------------------------- new certificates


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("how", ["command", "signal"])
def test_a_new_certificate_drops_nobody(daemon, door, how, threads):
    one = daemon(door.option(), f"--threads.net={threads}")
    before = shown(door.port)
    kept = door.connected()
    fresh = door.authority.issue("fresh")

    def put(cert, key):
        door.server.cert.write_bytes(cert)
        door.server.key.write_bytes(key)

    old = door.server.cert.read_bytes(), door.server.key.read_bytes()
    put(fresh.cert.read_bytes(), old[1])  # Half of it is old: it does not fit.
    if how == "command":
        assert "is not the key of the certificate" in ctl_of(one).refused("tls", "reload")
    else:
        one.process.send_signal(signal.SIGHUP)
    one.await_text("is not the key of the certificate")
    assert shown(door.port) == before

    put(fresh.cert.read_bytes(), fresh.key.read_bytes())
    if how == "command":
        assert "read again" in ctl_of(one).text("tls", "reload")
    else:
        one.process.send_signal(signal.SIGHUP)
        one.await_text("certificates were read again")
    assert shown(door.port) == fresh.fingerprint() != before
    kept.ping()
    kept.disconnect()


def test_when_certificates_expire(daemon, door):
    one = daemon(door.option(), ANY_PORT)
    address = f"mqtts://127.0.0.1:{door.port}"
    row, = ctl_of(one).rows("tls", "list")
    assert (row["listener"], row["valid"]) == (address, True)
    assert abs(row["expires_at"] / 1000 - time.time() - 2 * 86400) < 100
    left = value(metrics(one), "tandemq_tls_certificate_expires_seconds", listener=address)
    assert abs(left - 2 * 86400) < 100
    found = [v for v in ctl_of(one).rows("doctor") if v["check"] == "certificates"]
    assert [(v["state"], "expires in 1 days" in v["finding"]) for v in found] == [("warning", True)]


@pytest.mark.parametrize("change, words", [
    ({"cert": "/nowhere"}, "cert = '/nowhere': cannot be read: No such file"),
    ({"key": "other"}, "is not the key of the certificate"),
    ({"cert": "old", "key": "old"}, "has expired"),
    ({"cyphers": "x"}, "'cyphers' is no parameter"),
], ids=["missing", "key", "expired", "unknown"])
def test_what_is_wrong_with_a_listener(tmp_path, door, change, words):
    other, old = door.authority.issue("other"), door.authority.issue("old", dates=PAST)
    names = {"cert": {"old": old.cert}, "key": {"other": other.key, "old": old.key}}
    for key, name in change.items():
        door.parameters[key] = names.get(key, {}).get(name, name)
    done = subprocess.run([DAEMON, "--check-config", f"--data.dir={tmp_path}", door.option()],
                          capture_output=True, text=True, timeout=TIMEOUT_S)
    lines = [line for line in done.stderr.splitlines() if words in line]
    assert len(lines) == 1 and "listener" in lines[0], done.stderr
    assert (done.returncode == 0) is (words == "has expired")


# ---------------------------------------------------------------- resumption


@TLS
@pytest.mark.parametrize("certified", [False, True], ids=["", "certificate"])
def test_a_session_is_resumed(daemon, door, tls, certified):
    alice = door.authority.issue("alice")
    if certified:
        door.asks_clients()
    one = daemon(door.option(), ANY_PORT)
    of_alice = context(door.authority, alice if certified else None, tls)
    session = None
    for _ in range(3):
        with TlsClient(door.port, of_alice, session=session) as client:
            client.connect()
            assert client.resumed is (session is not None)
            rows = ctl_of(one).rows("clients", "list")
            assert rows[-1]["user"] == ("alice" if certified else "")
            session = client.session()
            client.disconnect()
    assert handshakes(one) == {"full": 1, "resumed": 2, "failed": 0}


@TLS
def test_a_session_is_resumed_at_the_other_node(pair, door, tls):
    one = pair(door.option(), "--admin.http=127.0.0.1:0")
    one.await_sync()
    trust = context(door.authority, version=tls)
    sessions = []
    for _ in range(20):
        with TlsClient(door.port, trust) as client:
            client.connect()
            sessions.append(client.session())
    one.primary.kill()
    one.promote(one.standby)
    for session in sessions:
        with TlsClient(door.port, trust, session=session) as client:
            client.connect()
            assert client.resumed
    assert handshakes(one.primary) == {"full": 0, "resumed": 20, "failed": 0}
