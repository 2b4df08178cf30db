"""TLS with keys that clients share with the broker: who gets in, as whom, and who does not."""

import signal

import pytest

import wire
from certificates import Authority
from client import Client, unique
from ports import free_port
from test_clients import Sub
from test_ctl import Ctl, wait_for
from test_tls import At, handshakes, pub, s_client
from test_http import ANY_PORT
from test_unix import refusal

KEY, OTHER = "10112233445566778899aabbccddeeff", "ff" * 16
VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


class KeyDoor:
    """A listener with shared keys, of a daemon that lets nobody in without a name."""

    def __init__(self, daemon, folder, query="", *options):
        self.port, self.keys = free_port(), folder / "keys"
        self.write(f"sensor:{KEY}")
        self.one = daemon(f"--listener=mqtts://127.0.0.1:{self.port}?psk={self.keys}{query}",
                          "--auth.anonymous=false", ANY_PORT, *options)

    def write(self, *lines):
        self.keys.write_text("\n".join(lines) + "\n")
        self.keys.chmod(0o600)

    def pub(self, key=KEY, identity="sensor", *words):
        return pub(self.port, "--psk", key, "--psk-identity", identity, "-t", "t", "-q", "1",
                   "-m", "x", *words)

    def users(self):
        return [row["user"] for row in Ctl(self.one.folder / "admin.sock").rows("clients", "list")]


@pytest.fixture
def door(daemon, tmp_path):
    return KeyDoor(daemon, tmp_path)


VERSION_WORDS = pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])


@VERSION_WORDS
def test_mosquitto_by_a_shared_key_is_who_the_key_belongs_to(door, version):
    topic = unique("tools")
    known = ("--psk", KEY, "--psk-identity", "sensor", "--tls-version", version)
    sub = Sub(At(door.port), wire.V5, *known, "-t", topic, "-q", 1, "-C", 1)
    assert door.users() == ["sensor"]
    done = pub(door.port, *known, "-t", topic, "-q", 1, "-m", "hidden")
    assert done.returncode == 0, done.stderr
    assert sub.lines() == ["hidden"]
    assert handshakes(door.one)["full"] >= 2 and handshakes(door.one)["resumed"] == 0


@VERSION_WORDS
def test_a_wrong_key_and_an_unknown_identity_get_no_entry(door, version):
    for key, identity in ((OTHER, "sensor"), (KEY, "nobody"), (KEY, "sensors")):
        done = door.pub(key, identity, "--tls-version", version)
        assert done.returncode != 0, (key, identity)
    wait_for(lambda: handshakes(door.one)["failed"] == 3)
    assert handshakes(door.one)["full"] == 0
    assert door.pub().returncode == 0


@VERSIONS
def test_openssl_by_a_shared_key(door, version):
    words = ("-psk", KEY, "-psk_identity", "sensor", version)
    said = s_client(door.port, *words)
    assert "PSK" in said if version == "-tls1_2" else "Reused, TLSv1.3" in said
    assert "no peer certificate available" in said
    # There is no ticket by which one would come back without the key.
    assert "TLS session ticket:" not in said
    assert "alert" in s_client(door.port, "-psk", OTHER, "-psk_identity", "sensor", version)
    assert "alert" in s_client(door.port, version)


def test_another_user_name_than_the_identity_is_refused(door):
    done = door.pub(KEY, "sensor", "-u", "admin", "-P", "x")
    assert done.returncode != 0
    assert "bad user name or password" in done.stderr.lower()
    assert door.pub(KEY, "sensor", "-u", "sensor").returncode == 0


def test_with_user_from_none_the_key_only_opens_the_door(daemon, tmp_path):
    door = KeyDoor(daemon, tmp_path, "&user_from=none")
    assert door.pub().returncode != 0
    assert handshakes(door.one)["full"] == 1


@VERSIONS
def test_a_hint_and_a_certificate_beside_the_keys(daemon, tmp_path, version):
    authority = Authority(tmp_path / "authority")
    server = authority.issue("server")
    door = KeyDoor(daemon, tmp_path,
                   f"&psk_hint=plant%207&cert={server.cert}&key={server.key}")
    said = s_client(door.port, "-psk", KEY, "-psk_identity", "sensor", version,
                    *(("-cipher", "PSK") if version == "-tls1_2" else ()))
    assert "no peer certificate available" in said
    if version == "-tls1_2":
        assert "PSK identity hint: plant 7" in said
    shown = s_client(door.port, version)
    assert "subject=CN = server" in shown
    # Who shows neither is nobody.
    done = pub(door.port, "--cafile", authority.pem, "-t", "t", "-m", "x")
    assert done.returncode != 0 and "not authori" in done.stderr.lower()
    # The identity was offered, but not with its key: nobody is taken for its owner.
    failed = handshakes(door.one)["failed"]
    assert "alert" in s_client(door.port, "-psk", OTHER, "-psk_identity", "sensor", version,
                               *(("-cipher", "PSK") if version == "-tls1_2" else ()))
    assert handshakes(door.one)["failed"] == failed + 1


def test_keys_are_read_again(door):
    assert door.pub(OTHER, "new").returncode != 0
    door.write(f"new:{OTHER}")
    door.one.process.send_signal(signal.SIGHUP)
    door.one.await_text("certificates were read again")
    wait_for(lambda: door.pub(OTHER, "new").returncode == 0)
    assert door.pub().returncode != 0
    door.write("new:zz")
    ctl = Ctl(door.one.folder / "admin.sock")
    assert "line 1: the key of 'new': expected 2 to 128 hexadecimal digits" in \
        ctl.refused("tls", "reload")
    assert door.pub(OTHER, "new").returncode == 0


@pytest.mark.parametrize("text, why", [
    ("sensor", "line 1: expected IDENTITY:KEY"),
    ("a:00\na:11", "line 2: 'a' stands twice"),
    ("", "it holds no line IDENTITY:KEY"),
    (None, "cannot be read"),
])
def test_a_bad_file_of_keys_stops_the_start(tmp_path, text, why):
    keys = tmp_path / "keys"
    if text is not None:
        keys.write_text(text)
    said = refusal(tmp_path, f"--listener=mqtts://127.0.0.1:1?psk={keys}")
    assert why in said and f"psk = '{keys}'" in said


@pytest.mark.parametrize("query, why", [
    ("psk_hint=h&cert=c&key=k", "psk_hint needs psk=FILE"),
    ("psk=p&cert=c", "needs cert=FILE and key=FILE, or psk=FILE"),
    ("psk=p&client_cert=required&ca=a", "each needs a listener of its own"),
    ("psk=p&user_from=cn", "with psk the identity is the user"),
    ("psk=p&ocsp=o", "'ocsp' is about the certificate"),
])
def test_parameters_that_do_not_fit_are_told(tmp_path, query, why):
    assert why in refusal(tmp_path, f"--listener=mqtts://127.0.0.1:1?{query}")


def test_plain_bytes_on_a_listener_with_keys(door):
    with Client(door.port) as client:
        client.send(wire.connect("plain"))
        client.expect_closed()
