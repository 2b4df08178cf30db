"""Logins that a server over HTTP decides: a real one, right, wrong, slow, broken and gone."""

import contextlib
import http.server
import json
import ssl
import threading
import time

import pytest

from certificates import Authority
from client import unique
from ports import free_port
from rule import BOTH, rule
from test_auth import BAD_PASSWORD, scram_line, written
from test_ctl import Ctl
import wire
from wire import V5

UNAVAILABLE = {V5: 0x88}  # The older versions: return code 3.


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        login = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.logins.append(login)
        answer = self.server.answer(login)
        if answer is None:  # Silent until the end of the test.
            self.server.over.wait()
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def decide(login):
    right = login["password"] == f"{login['username']}-password"
    return 200, json.dumps({"result": "allow" if right else "deny"}).encode()


@contextlib.contextmanager
def backend(answer=decide, port=0, tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.logins, server.answer, server.over = [], answer, threading.Event()
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def url(server, scheme="http"):
    return f"--auth.http_url={scheme}://127.0.0.1:{server.server_address[1]}/login"


def answer_of(one, version, user, password, reason):
    with one.client(version) as client:
        client.connect(user=user, password=password, reason=reason)


@rule("the server decides who gets in, and what it is told is true", BOTH)
def test_right_and_wrong(daemon, version):
    with backend() as server:
        one = daemon(url(server), "--auth.anonymous=false")
        with one.connected(version, user="ann", password="ann-password") as client:
            client.ping()
        told = server.logins[0]
        assert told["username"] == "ann" and told["clientid"] == client.client_id
        assert told["address"].startswith("127.0.0.1:")
        assert told["listener"].startswith("mqtt://127.0.0.1:")
        answer_of(one, version, "ann", "wrong", BAD_PASSWORD.get(version, 4))


@rule("a yes is remembered: the same login is asked about once", (V5, ))
def test_cache(daemon, version):
    with backend() as server:
        one = daemon(url(server))
        client_id = unique("cached")
        for _ in range(5):
            one.connected(client_id=client_id, user="ann", password="ann-password").disconnect()
        assert len(server.logins) == 1
        answer_of(one, version, "ann", "wrong", 0x86)
        assert len(server.logins) == 2
        two = daemon(url(server), "--auth.http_cache_s=0")
        for _ in range(3):
            two.connected(client_id=client_id, user="ann", password="ann-password").disconnect()
        assert len(server.logins) == 5


@rule("the answer may name the user, and roles of the ACL", (V5, ))
def test_user_and_roles(daemon, tmp_path, version):
    rules = written(tmp_path / "rules", "role line\ntopic readwrite line/#\n")
    body = json.dumps({"result": "allow", "user": "device-7", "roles": ["line"]}).encode()
    with backend(lambda login: (200, body)) as server:
        one = daemon(url(server), f"--auth.acl_file={rules}")
        with one.connected(user="x", password="y") as client:
            assert client.publish("line/1", b"x", 1).reason in (0, 0x10)
            assert client.publish("other", b"x", 1).reason == 0x87
            rows = Ctl(one.folder / "admin.sock").rows("clients", "list")
            assert [row["user"] for row in rows] == ["device-7"]


ALLOW = b'{"result":"allow"}'


@rule("whatever is no answer lets nobody in and is no wrong password", BOTH)
@pytest.mark.parametrize("answer, why", [
    (lambda login: (500, ALLOW), "it answers 500"),
    (lambda login: (200, b"garbage\xff"), "its answer cannot be used"),
    (lambda login: (200, b'{"result":"maybe"}'), "neither allow nor deny"),
    (lambda login: (200, b" " * 1_000_000 + ALLOW), "too long"),
    (lambda login: None, "no answer in time"),
], ids=["500", "garbage", "maybe", "huge", "slow"])
def test_no_answer(daemon, version, answer, why):
    with backend(answer) as server:
        one = daemon(url(server), "--auth.http_timeout_ms=300")
        for _ in range(7):
            answer_of(one, version, "ann", "ann-password", UNAVAILABLE.get(version, 3))
        one.await_text(why)


@rule("a slow server holds up nobody but those whom it is asked about", (V5, ))
def test_slow(daemon, tmp_path, version):
    passwords = written(tmp_path / "passwords", scram_line("local", "right"))
    with backend(lambda login: None) as server:
        one = daemon(url(server), f"--auth.password_file={passwords}",
                     "--auth.http_timeout_ms=30000")
        with contextlib.ExitStack() as clients:
            for _ in range(40):
                waiting = clients.enter_context(one.client(version))
                waiting.send(wire.connect(unique("waits"), user="ann", password="ann-password"))
            began = time.monotonic()
            with one.connected(user="local", password="right") as client:
                client.ping()
            one.connected().disconnect()
            assert time.monotonic() - began < 5


@rule("while the server is gone nobody gets in, and when it is back they do", (V5, ))
def test_gone_and_back(daemon, version):
    port = free_port()
    one = daemon(f"--auth.http_url=http://127.0.0.1:{port}/login")
    answer_of(one, version, "ann", "ann-password", 0x88)
    with backend(port=port):
        answer_of(one, version, "ann", "ann-password", 0)


@rule("over TLS the server has to be who it says it is", (V5, ))
def test_tls(daemon, tmp_path, version):
    authority, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    own = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    with backend(tls=context) as server:
        one = daemon(url(server, "https"), f"--auth.http_ca={authority.pem}")
        answer_of(one, version, "ann", "ann-password", 0)
        two = daemon(url(server, "https"), f"--auth.http_ca={other.pem}")
        answer_of(two, version, "ann", "ann-password", 0x88)
        two.await_text("its certificate is refused")
        assert len(server.logins) == 1


def test_a_wrong_url_is_refused_with_its_key(daemon):
    with pytest.raises(AssertionError, match="auth.http_url = 'ftp://x/'"):
        daemon("--auth.http_url=ftp://x/")
