"""A crowd that speaks TLS, and loses its primary: at the other node each client goes on with the
session of TLS that it has, instead of a handshake that costs both sides a signature."""

import concurrent.futures
import resource
import ssl
import time

import pytest

from certificates import Authority
from netns import VIP
from test_tls import TLS, handshakes
from tls_client import TlsClient, context
from witnessed_pair import witnessed  # noqa: F401  pylint: disable=unused-import

CLIENTS = 2_000
AT_ONCE = 16  # Threads of clients.
TLS_PORT = 8883
LASTING = {"session_expiry": 3_600}


@pytest.fixture
def door(tmp_path):
    """An authority, and the listener whose certificate it has signed."""
    authority = Authority(tmp_path / "authority")
    server = authority.issue("server", san=f"IP:{VIP}")
    listener = f"--listener=mqtts://0.0.0.0:{TLS_PORT}?cert={server.cert}&key={server.key}"
    return authority, listener


def counted(pair, node):
    """Without those that failed: whoever asks whether the port is open does not finish his."""
    with pair.network.inside(node.name):
        found = handshakes(node)
    return {kind: found[kind] for kind in ("full", "resumed")}


class Crowd:
    """Clients that keep what they need to resume."""

    def __init__(self, pair, trust):
        self.pair, self.trust = pair, trust
        self.sessions = [None] * CLIENTS
        self.clients = []

    def connect(self, number):
        """Whether the session of TLS and that of MQTT were there."""
        with self.pair.network.inside("client"):
            client = TlsClient(TLS_PORT, self.trust, session=self.sessions[number], host=VIP,
                               address=VIP)
        self.clients.append(client)
        connack = client.connect(f"crowd-{number}", clean=False, props=LASTING)
        self.sessions[number] = client.session()
        return client.resumed, connack.session_present

    def connect_all(self):
        """The same of all of them, and the seconds it took."""
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(self.connect, range(CLIENTS)))
        return found, time.monotonic() - began

    def leave(self):
        while self.clients:
            self.clients.pop().socket.close()


@TLS
def test_clients_resume_at_the_new_primary(witnessed, door, tls):  # noqa: F811
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    authority, listener = door
    pair = witnessed(listener, "--admin.http=127.0.0.1:0", "--limits.accept_rate=0")
    crowd = Crowd(pair, context(authority, version=tls))
    found, full_s = crowd.connect_all()
    assert set(found) == {(False, False)}
    assert counted(pair, pair.primary) == {"full": CLIENTS, "resumed": 0}
    pair.await_sync()
    lost, heir = pair.primary, pair.standby
    pair.lose_host(lost)
    pair.until(lambda: pair.serves(port=TLS_PORT), "TLS at the virtual IP")
    crowd.leave()
    found, resumed_s = crowd.connect_all()
    assert set(found) == {(True, True)}
    assert counted(pair, heir) == {"full": 0, "resumed": CLIENTS}
    crowd.leave()
    print(f"\n{CLIENTS} clients, {ssl.TLSVersion(tls).name}: {full_s:.2f} s to connect them, "
          f"{resumed_s:.2f} s to resume them at the new primary")
