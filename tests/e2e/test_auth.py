"""Who gets in: password file, anonymous clients, SCRAM-SHA-256 in AUTH."""

import base64
import hashlib
import hmac
import signal
import subprocess

import pytest

import wire
from client import Client, unique
from ports import free_port
from rule import ALL, NEW, OLD, rule
from test_ctl import Ctl, wait_for
from wire import V5

SCRAM = "SCRAM-SHA-256"
ITERATIONS = 4096
BAD_PASSWORD = {V5: 0x86}  # The older versions: return code 4.
NOT_AUTHORIZED = {V5: 0x87}  # The older versions: return code 5.
RIGHT = pytest.mark.parametrize("user", ["mosquitto1", "mosquitto2", "scram"])


def digest(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def text64(data):
    return base64.b64encode(data).decode()


def scram_line(user, password, salt=b"0123456789abcdef"):
    """An entry of our own format, computed here from RFC 5802 and not by what is tested."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(digest(salted, b"Client Key")).digest()
    parts = [text64(part) for part in (salt, stored, digest(salted, b"Server Key"))]
    return f"{user}:$scram-sha-256${ITERATIONS}${'$'.join(parts)}\n"


def mosquitto_lines(folder, users):
    """The lines that Debian's mosquitto_passwd writes for (user, password, hash)."""
    path = folder / "mosquitto.passwd"
    path.touch(mode=0o600)
    for user, password, kind in users:
        subprocess.run(["mosquitto_passwd", "-H", kind, "-b", path, user, password], check=True,
                       capture_output=True)
    return path.read_text()


def written(path, text):
    path.write_text(text)
    return path


def reload(one):
    """SIGHUP, and its end."""
    said = one.text().count("users and rights were read again")
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: one.text().count("users and rights were read again") > said)


@pytest.fixture
def guarded(daemon, tmp_path):
    """Users: mosquitto1, mosquitto2, scram, other; the password of each is NAME-password."""
    text = "# the users\n\n" + mosquitto_lines(
        tmp_path, [("mosquitto1", "mosquitto1-password", "sha512"),
                   ("mosquitto2", "mosquitto2-password", "sha512-pbkdf2")])
    for name in ("scram", "other"):
        text += scram_line(name, f"{name}-password", name.encode() * 4)
    return daemon(f"--auth.password_file={written(tmp_path / 'passwords', text)}",
                  "--auth.anonymous=false", "--auth.failures_max=0")


# --- passwords


@rule("a user with the right password gets in, whatever made the hash", ALL)
@RIGHT
def test_right_password(guarded, version, user):
    with guarded.connected(version, user=user, password=f"{user}-password") as client:
        client.ping()


@rule("[MQTT-3.1.4-2] a wrong password is refused", ALL)
@RIGHT
@pytest.mark.parametrize("password", ["", "wrong", "other-password"])
def test_wrong_password(guarded, version, user, password):
    with guarded.client(version) as client:
        client.connect(user=user, password=password, reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()


@rule("an unknown user is refused like a wrong password", ALL)
def test_unknown_user(guarded, version):
    with guarded.client(version) as client:
        client.connect(user="nobody", password="x", reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()


@rule("a user name without a password is refused", ALL)
def test_no_password(guarded, version):
    with guarded.client(version) as client:
        client.connect(user="scram", reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()


@rule("without a user name nobody gets in if auth.anonymous is false", ALL)
def test_anonymous_off(guarded, version):
    with guarded.client(version) as client:
        client.connect(reason=NOT_AUTHORIZED.get(version, 5))
        client.expect_closed()


@rule("packets behind the CONNECT wait for the password to be checked")
def test_early_packets(guarded, version):
    topic = unique("early")
    with guarded.client(version) as client:
        client.send(wire.connect(unique("early"), version, user="mosquitto2",
                                 password="mosquitto2-password") +
                    wire.subscribe([(topic, 1)], 5, version=version) +
                    wire.publish(topic, b"x", 1, 6, version=version))
        client.expect(wire.CONNACK, reason=0)
        client.expect(wire.SUBACK, packet_id=5)
        assert {client.receive().type, client.receive().type} == {wire.PUBACK, wire.PUBLISH}


@rule("[MQTT-3.1.4-6, MQTT311-3.1.4-5] packets behind a CONNECT that is refused do nothing")
def test_early_packets_refused(guarded, version):
    topic = unique("early")
    with (guarded.connected(V5, user="scram", password="scram-password") as watcher,
          guarded.client(version) as client):
        watcher.subscribe(topic)
        client.send(wire.connect(unique("early"), version, user="scram", password="wrong") +
                    wire.publish(topic, b"x", version=version))
        client.expect(wire.CONNACK, reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()
        watcher.expect_silence()


@rule("100 logins at the same time are all decided rightly")
def test_many_logins(guarded, version):
    clients = [guarded.client(version) for _ in range(100)]
    for n, client in enumerate(clients):
        password = "mosquitto2-password" if n % 2 else "wrong"
        client.send(wire.connect(unique("many"), version, user="mosquitto2", password=password))
    for n, client in enumerate(clients):
        client.expect(wire.CONNACK, reason=0 if n % 2 else BAD_PASSWORD.get(version, 4))
        client.drop()


@rule("SIGHUP reads the password file again; who is connected stays")
def test_password_reload(daemon, tmp_path, version):
    path = written(tmp_path / "passwords", scram_line("user", "old"))
    one = daemon(f"--auth.password_file={path}")
    with one.connected(version, user="user", password="old") as before:
        path.write_text(scram_line("user", "new"))
        reload(one)
        one.connected(version, user="user", password="new").disconnect()
        with one.client(version) as refused:
            refused.connect(user="user", password="old", reason=BAD_PASSWORD.get(version, 4))
        before.ping()


@rule("a listener on all addresses lets nobody in without a name, but one on a loopback does", ALL)
def test_anonymous_loopback(daemon, version):
    port = free_port()
    one = daemon(f"--listener=mqtt://0.0.0.0:{port}")
    with Client(port, version) as client:
        client.connect(reason=NOT_AUTHORIZED.get(version, 5))
        client.expect_closed()
    one.connected(version).disconnect()


@rule("auth.anonymous = true opens a listener on all addresses", ALL)
def test_anonymous_everywhere(daemon, version):
    port = free_port()
    daemon(f"--listener=mqtt://0.0.0.0:{port}", "--auth.anonymous=true")
    with Client(port, version) as client:
        client.connect()


def test_a_wrong_password_file_names_its_line(daemon, tmp_path):
    path = written(tmp_path / "passwords", scram_line("user", "x") + "other:secret\n")
    with pytest.raises(AssertionError, match=r"passwords: password file, line 2") as failure:
        daemon(f"--auth.password_file={path}")
    assert "secret" not in str(failure.value).replace(str(path), "")


# --- SCRAM-SHA-256


class Scram:
    """The client's side of RFC 5802."""

    def __init__(self, user, password):
        self.password = password
        self.nonce = text64(hashlib.sha256(unique("nonce").encode()).digest())
        self.bare = f"n={user},r={self.nonce}"
        self.first = "n,," + self.bare

    def final(self, challenge):
        fields = dict(field.split("=", 1) for field in challenge.decode().split(","))
        assert fields["r"].startswith(self.nonce) and len(fields["r"]) >= len(self.nonce) + 18
        assert int(fields["i"]) >= 4096, "RFC 7677 section 4"
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                     base64.b64decode(fields["s"]), int(fields["i"]))
        without_proof = f"c=biws,r={fields['r']}"
        message = f"{self.bare},{challenge.decode()},{without_proof}".encode()
        key = digest(salted, b"Client Key")
        signature = digest(hashlib.sha256(key).digest(), message)
        self.wanted = f"v={text64(digest(digest(salted, b'Server Key'), message))}".encode()
        return f"{without_proof},p={text64(bytes(a ^ b for a, b in zip(key, signature)))}"


def auth(reason, data, method=SCRAM):
    return wire.auth(reason, {"auth_method": method, "auth_data": data})


def begin(client, scram, method=SCRAM, **options):
    client.send(wire.connect(unique("scram"), props={"auth_method": method,
                                                     "auth_data": scram.first}, **options))


def challenge_of(client):
    packet = client.expect(wire.AUTH, reason=0x18)
    assert packet.props["auth_method"] == SCRAM
    return packet.props["auth_data"]


def prove(client, scram):
    client.send(auth(0x18, scram.final(challenge_of(client))))


def logged_in(one, user="scram", **options):
    client, scram = one.client(), Scram(user, f"{user}-password")
    begin(client, scram, **options)
    prove(client, scram)
    connack = client.expect(wire.CONNACK, reason=0)
    assert connack.props["auth_method"] == SCRAM, "[MQTT-4.12.0-5]"
    assert connack.props["auth_data"] == scram.wanted, "the server does not know the password"
    return client


@rule("[MQTT-4.12.0-2, -5] SCRAM-SHA-256 logs in, and the server proves that it knows the key", NEW)
def test_scram(guarded, version):
    with logged_in(guarded) as client:
        client.ping()
        assert '"user":"scram"' in Ctl(guarded.folder / "admin.sock").text("--json", "clients",
                                                                           "list")


@rule("SCRAM: a wrong password and an unknown user look alike", NEW)
@pytest.mark.parametrize("user", ["scram", "nobody", "mosquitto2"])
def test_scram_refused(guarded, version, user):
    salts = set()
    for _ in range(2):
        with guarded.client() as client:
            scram = Scram(user, "wrong")
            begin(client, scram)
            challenge = challenge_of(client)
            salts.add(challenge.split(b",")[1])
            client.send(auth(0x18, scram.final(challenge)))
            client.expect(wire.CONNACK, reason=0x87)
            client.expect_closed()
    assert len(salts) == 1, "a salt that changes tells that there is no such user"


@rule("[MQTT-4.12.0-1] an unknown authentication method is refused", NEW)
@pytest.mark.parametrize("method", ["", "SCRAM-SHA-1", "scram-sha-256", "GS2-KRB5"])
def test_unknown_method(guarded, version, method):
    with guarded.client() as client:
        begin(client, Scram("scram", "scram-password"), method)
        client.expect(wire.CONNACK, reason=0x8C)
        client.expect_closed()


@rule("[MQTT-4.12.0-1] there is no SCRAM without a password file", NEW)
def test_scram_without_file(broker, version):
    with broker.client() as client:
        begin(client, Scram("scram", "scram-password"))
        client.expect(wire.CONNACK, reason=0x8C)
        client.expect_closed()


@rule("what is no message of SCRAM is refused", NEW)
@pytest.mark.parametrize("data", ["", "n,,", "n,,n=,r=x", "n,,n=scram", "p=tls-unique,,n=scram,r=x",
                                  "n,,m=x,n=scram,r=x", "n,a=other,n=scram,r=x", "\0", "x" * 5000],
                         ids=lambda data: data[:20] or "empty")
def test_scram_malformed(guarded, version, data):
    with guarded.client() as client:
        scram = Scram("scram", "scram-password")
        scram.first = data
        begin(client, scram)
        client.expect(wire.CONNACK, reason=0x87)
        client.expect_closed()


@rule("a proof cannot be used for a second time", NEW)
def test_scram_replay(guarded, version):
    scram = Scram("scram", "scram-password")
    with guarded.client() as client:
        begin(client, scram)
        final = scram.final(challenge_of(client))
        client.send(auth(0x18, final))
        client.expect(wire.CONNACK, reason=0)
    with guarded.client() as client:
        begin(client, scram)
        challenge_of(client)
        client.send(auth(0x18, final))
        client.expect(wire.CONNACK, reason=0x87)
        client.expect_closed()


@rule("before its authentication is over a client can do nothing else", NEW)
@pytest.mark.parametrize("packet", [wire.pingreq(), wire.publish("t", b"x"),
                                    wire.subscribe([("t", 0)])],
                         ids=["PINGREQ", "PUBLISH", "SUBSCRIBE"])
def test_authentication_comes_first(guarded, version, packet):
    with guarded.client() as client:
        begin(client, Scram("scram", "scram-password"))
        challenge_of(client)
        client.send(packet)
        client.expect(wire.CONNACK, reason=0x82)
        client.expect_closed()


@rule("[MQTT-4.12.1-1] a client may prove again who it is, and goes on", NEW)
def test_reauthentication(guarded, version):
    topic = unique("reauth")
    with logged_in(guarded) as client:
        client.subscribe(topic)
        for _ in range(3):
            scram = Scram("scram", "scram-password")
            client.send(auth(0x19, scram.first))
            challenge = challenge_of(client)
            client.publish(topic, b"meanwhile")  # 4.12.1: traffic goes on.
            client.take("meanwhile")
            client.send(auth(0x18, scram.final(challenge)))
            done = client.expect(wire.AUTH, reason=0)
            assert done.props == {"auth_method": SCRAM, "auth_data": scram.wanted}
        client.ping()


@rule("[MQTT-4.12.1-2] who cannot prove it again is disconnected", NEW)
@pytest.mark.parametrize("user, password", [("scram", "wrong"), ("nobody", "x"),
                                            ("other", "other-password")])
def test_reauthentication_fails(guarded, version, user, password):
    with logged_in(guarded) as client:
        scram = Scram(user, password)
        client.send(auth(0x19, scram.first))
        prove(client, scram)
        client.expect_refusal(0x87)


@rule("an AUTH out of turn is a protocol error", NEW)
@pytest.mark.parametrize("packet", [auth(0x18, "x"), auth(0x19, "x", "SCRAM-SHA-1"),
                                    wire.auth(0x19, {"auth_data": "x"}), auth(0x00, "x")],
                         ids=["nothing begun", "other method", "no method", "success"])
def test_auth_out_of_turn(guarded, version, packet):
    with logged_in(guarded) as client:
        client.send(packet)
        client.expect_refusal((0x82, 0x81))


@rule("a second AUTH that begins before the first is over is a protocol error", NEW)
def test_auth_twice(guarded, version):
    with logged_in(guarded) as client:
        client.send(auth(0x19, Scram("scram", "x").first))
        challenge_of(client)
        client.send(auth(0x19, Scram("scram", "x").first))
        client.expect_refusal(0x82)


@rule("[MQTT-4.12.0-7] who has named no method must not send AUTH", NEW)
def test_auth_without_method(guarded, version):
    with guarded.connected(user="scram", password="scram-password") as client:
        client.send(auth(0x19, Scram("scram", "scram-password").first))
        client.expect_refusal(0x82)


@rule("an AUTH of an older version, or before the CONNECT, ends the connection")
def test_auth_without_connect(guarded, version):
    with guarded.client(version) as client:
        client.send(auth(0x19, "x"))
        client.expect_closed()


@rule("an AUTH of an older version ends the connection", OLD)
def test_auth_of_old_version(broker, version):
    with broker.connected(version) as client:
        client.send(auth(0x19, "x"))
        client.expect_closed()
