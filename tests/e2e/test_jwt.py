"""Who gets in with a JSON Web Token. openssl makes the keys and signs, not what is tested."""

import base64
import hashlib
import hmac
import json
import queue
import signal
import subprocess
import time

import paho.mqtt.client as paho
import pytest

from client import TIMEOUT_S, unique
from rule import ALL, BOTH, NEW, OLD, rule
from test_auth import BAD_PASSWORD, NOT_AUTHORIZED, reload, scram_line, written
from test_clients import PAHO_VERSIONS
from test_ctl import Ctl, wait_for

SECRET = "0123456789abcdef0123456789abcdef"
ISSUER, AUDIENCE = "https://id.example", "tandemq"
ALGORITHMS = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "EdDSA": ["-algorithm", "ED25519"],
}


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *map(str, words)], input=data, check=True,
                          capture_output=True, timeout=TIMEOUT_S)
    return done.stdout


def url64(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """r and s of ES256 (RFC 7518 section 3.4) from SEQUENCE { INTEGER, INTEGER }."""
    numbers, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        numbers += int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(32, "big")
        at += 2 + size
    return numbers


class Key:
    """A key pair of openssl, or the secret."""

    def __init__(self, folder, alg, kid=None):
        self.alg, self.kid = alg, kid or alg
        self.path = folder / f"{unique('key')}.pem"
        if alg != "HS256":
            openssl("genpkey", *ALGORITHMS[alg], "-out", self.path)

    def pem(self):
        return openssl("pkey", "-in", self.path, "-pubout").decode()

    def jwk(self):
        common = {"kid": self.kid, "alg": self.alg, "use": "sig"}
        if self.alg == "HS256":
            return {"kty": "oct", "k": url64(SECRET.encode()), **common}
        if self.alg == "RS256":
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip()
            return {"kty": "RSA", "n": url64(bytes.fromhex(modulus.split("=")[1])), "e": "AQAB",
                    **common}
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if self.alg == "ES256":
            return {"kty": "EC", "crv": "P-256", "x": url64(der[-64:-32]), "y": url64(der[-32:]),
                    **common}
        return {"kty": "OKP", "crv": "Ed25519", "x": url64(der[-32:]), **common}

    def sign(self, message):
        if self.alg == "HS256":
            return hmac.new(SECRET.encode(), message, hashlib.sha256).digest()
        if self.alg == "EdDSA":
            path = self.path.with_suffix(".message")
            path.write_bytes(message)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", path)
        signature = openssl("dgst", "-sha256", "-sign", self.path, data=message)
        return raw_signature(signature) if self.alg == "ES256" else signature

    def token(self, header=None, **claims):
        header = {"alg": self.alg, "kid": self.kid, **(header or {})}
        claims = {"sub": "ann", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600,
                  **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        message = f"{url64(header)}.{url64(claims)}".encode()
        return f"{message.decode()}.{url64(self.sign(message))}"


def key_set(path, *keys):
    return written(path, json.dumps({"keys": [key.jwk() for key in keys]}))


def options(path, *more):
    return (f"--auth.jwt_keys={path}", f"--auth.jwt_issuer={ISSUER}",
            f"--auth.jwt_audience={AUDIENCE}", "--auth.anonymous=false",
            "--auth.failures_max=0", *more)


def refused(one, version, token, why, user=""):
    """By CONNACK; the log says why, and never the token."""
    said = one.text().count(why)
    with one.client(version) as client:
        client.connect(user=user, password=token, reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()
    wait_for(lambda: one.text().count(why) > said)
    assert not any(part and part in one.text() for part in token.split(".")), "a token in the log"


def user_of(one, client):
    rows = Ctl(one.folder / "admin.sock").rows("clients", "list")
    return next(row["user"] for row in rows if row["client"] == client.client_id)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {alg: Key(folder, alg) for alg in ("HS256", *ALGORITHMS)}


@pytest.fixture
def guarded(daemon, tmp_path, keys):
    return daemon(*options(key_set(tmp_path / "keys.json", *keys.values())))


@rule("a token that is signed with a key of the JWK Set lets its user in", ALL)
@pytest.mark.parametrize("alg", ["HS256", *ALGORITHMS])
def test_right_token(guarded, keys, version, alg):
    for user in ("", "ann"):
        with guarded.connected(version, user=user, password=keys[alg].token()) as client:
            client.ping()
            assert user_of(guarded, client) == "ann"


@rule("a token needs no user name beside it", NEW)
def test_no_user_name(guarded, keys, version):
    with guarded.connected(version, password=keys["EdDSA"].token()) as client:
        assert user_of(guarded, client) == "ann"


@rule("paho-mqtt logs in with a token", BOTH)
def test_paho(guarded, keys, version):
    answers = queue.Queue()
    client = paho.Client(unique("paho"), protocol=PAHO_VERSIONS[version])
    client.username_pw_set("ann", keys["ES256"].token())
    client.on_connect = lambda *arguments: answers.put(arguments[3])
    client.connect("127.0.0.1", guarded.port)
    client.loop_start()
    try:
        assert answers.get(timeout=TIMEOUT_S) == 0
    finally:
        client.disconnect()
        client.loop_stop()


@rule("public keys in PEM and a secret on a line are taken too", NEW)
def test_other_files(daemon, tmp_path, keys, version):
    pems = keys["RS256"].pem() + keys["EdDSA"].pem()
    one = daemon(*options(written(tmp_path / "keys.pem", pems)))
    for alg in ("RS256", "EdDSA"):
        one.connected(version, password=keys[alg].token()).disconnect()
    refused(one, version, keys["ES256"].token(), "alg is not that of its key")
    two = daemon(*options(written(tmp_path / "secret", SECRET + "\n")))
    two.connected(version, password=keys["HS256"].token()).disconnect()


@rule("a token that has expired, is for others or by others is refused", NEW + OLD)
@pytest.mark.parametrize("claims, why", [
    ({"exp": 1_000_000_000}, "the token has expired"),
    ({"exp": None}, "the token has no exp"),
    ({"nbf": 4_000_000_000}, "the token is not valid yet"),
    ({"aud": "another"}, "the token's aud is not"),
    ({"aud": None}, "the token's aud is not"),
    ({"iss": "https://evil.example"}, "the token's iss is not"),
    ({"sub": None}, "auth.jwt_user_claim is missing"),
    ({"sub": 7}, "auth.jwt_user_claim is missing"),
], ids=lambda value: "" if isinstance(value, str) else json.dumps(value))
def test_wrong_claims(guarded, keys, version, claims, why):
    refused(guarded, version, keys["EdDSA"].token(**claims), why)


@rule("a token whose signature is not the key's is refused", NEW + OLD)
@pytest.mark.parametrize("alg", ["HS256", *ALGORITHMS])
def test_bad_signature(guarded, keys, version, alg):
    good, other = keys[alg].token(), keys[alg].token(sub="root")
    forged = other.rsplit(".", 1)[0] + "." + good.rsplit(".", 1)[1]
    refused(guarded, version, forged, "signature is wrong")


@rule("alg none is refused, with a signature and without", NEW + OLD)
def test_alg_none(guarded, keys, version):
    why = "the token's alg is not HS256"
    for alg in ("none", "None", "NONE"):
        token = keys["EdDSA"].token({"alg": alg})
        refused(guarded, version, token, why)
        refused(guarded, version, token.rsplit(".", 1)[0] + ".", why)


@rule("a public key is no secret: HS256 with it is refused", NEW)
def test_confusion(guarded, keys, version):
    header, claims = {"alg": "HS256", "kid": "RS256"}, {"sub": "root", "exp": 4_000_000_000}
    message = f"{url64(header)}.{url64(claims)}"
    signature = hmac.new(keys["RS256"].pem().encode(), message.encode(), hashlib.sha256).digest()
    refused(guarded, version, f"{message}.{url64(signature)}", "alg is not that of its key")


@rule("another user's name beside a token is refused", ALL)
def test_other_name(guarded, keys, version):
    refused(guarded, version, keys["EdDSA"].token(), "not that of the token", user="root")


@rule("where there are keys and no password file a password is refused", ALL)
def test_password_instead(guarded, version):
    with guarded.client(version) as client:
        client.connect(user="ann", password="ann", reason=BAD_PASSWORD.get(version, 4))
        client.expect_closed()


@rule("passwords and tokens go side by side", NEW)
def test_both(daemon, tmp_path, keys, version):
    passwords = written(tmp_path / "passwords", scram_line("bob", "secret"))
    one = daemon(*options(key_set(tmp_path / "keys.json", keys["EdDSA"]),
                          f"--auth.password_file={passwords}"))
    one.connected(version, user="bob", password="secret").disconnect()
    one.connected(version, password=keys["EdDSA"].token()).disconnect()
    with one.client(version) as client:
        client.connect(reason=NOT_AUTHORIZED.get(version, 5))


@rule("after a rotation of the keys SIGHUP takes the new ones and drops the old", NEW)
def test_rotation(daemon, tmp_path, version):
    old, new = (Key(tmp_path, "ES256", kid) for kid in ("2025", "2026"))
    path = key_set(tmp_path / "keys.json", old)
    one = daemon(*options(path))
    refused(one, version, new.token(), "kid is that of no key")
    with one.connected(version, password=old.token()) as before:
        key_set(path, old, new)
        reload(one)
        for key in (old, new):
            one.connected(version, password=key.token()).disconnect()
        key_set(path, new)
        reload(one)
        refused(one, version, old.token(), "kid is that of no key")
        path.write_text('{"keys":[')
        one.process.send_signal(signal.SIGHUP)
        one.await_text("reload: nothing was changed: auth.jwt_keys")
        one.connected(version, password=new.token()).disconnect()
        before.ping()


@rule("a connection is closed when its token expires", BOTH)
def test_expiry(daemon, tmp_path, keys, version):
    path = key_set(tmp_path / "keys.json", keys["EdDSA"])
    one = daemon(*options(path, "--auth.jwt_leeway_s=0"))
    end = int(time.time()) + 3
    with one.connected(version, user="", password=keys["EdDSA"].token(exp=end)) as client:
        client.ping()
        client.expect_refusal(0x87)
        assert time.time() > end - 0.5, "closed too early"
    one.await_text("the token has expired")


@pytest.mark.parametrize("text, why", [("short", "32"), ("-----BEGIN PRIVATE KEY-----", "PUBLIC"),
                                       ('{"keys":[]}', "no key"), ('{"keys":', "not JSON")])
def test_a_wrong_file_of_keys_says_what_is_wrong(daemon, tmp_path, text, why):
    with pytest.raises(AssertionError, match=f"auth.jwt_keys = .*{why}"):
        daemon(*options(written(tmp_path / "keys", text)))
