"""What TLS costs: handshakes, resumptions, messages and idle connections, beside plain TCP. Used by
`run`."""

import pathlib
import ssl
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from certificates import Authority  # noqa: E402
from client import Client  # noqa: E402
from tls_client import TlsClient, context  # noqa: E402

CONNECTIONS = 500  # Of each kind and round.
IDLE = 5_000
IDLE_BUDGET_KB = 12
RATIO_BUDGET = 0.5
KEYS = {"ECDSA P-256": "ec", "RSA 2048": "rsa"}
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
LOADS = ["pairs --qos 0", "pairs --qos 0 --batch 10", "pairs --qos 1"]
METHOD = """\
## TLS

CPU of the broker. A connection is from accept to the end, with CONNECT, CONNACK and DISCONNECT; its
handshake is what it costs beyond one of plain TCP. Clients are Python's and OpenSSL's: they offer a
resumption of TLS 1.3 with a new key exchange only (psk_dhe_ke), which leaves of a full handshake all but
the signature; so what it saves is the cost of the key of the certificate.

"""


def cpu_us(pid):
    """Of all threads, as the scheduler counts it."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000


class Bench:
    """A broker with a listener of TLS for each kind of key, and one without."""

    def __init__(self, run, folder):
        self.run = run
        self.authority = Authority(pathlib.Path(folder) / "authority")
        self.ports = {key: run.free_port() for key in KEYS}
        options = []
        for key, port in self.ports.items():
            server = self.authority.issue(KEYS[key], key=KEYS[key])
            options.append(f"--listener=mqtts://127.0.0.1:{port}?cert={server.cert}&key={server.key}")
        self.broker = run.Broker("tandemq", options=options)

    def connection_us(self, connect, resumes=False):
        """CPU of the broker for one of so many connections."""
        before = cpu_us(self.broker.process.pid)
        for number in range(CONNECTIONS):
            with connect(number) as client:
                client.connect("bench")
                assert getattr(client, "resumed", False) is resumes
                client.disconnect()
        return (cpu_us(self.broker.process.pid) - before) / CONNECTIONS

    def handshakes(self, key, version):
        """(plain, full, resumed), µs a connection."""
        trust = context(self.authority, version=VERSIONS[version])
        port = self.ports[key]
        with TlsClient(port, trust) as client:
            client.connect("bench")
            session = client.session()
        return (self.connection_us(lambda _: Client(self.broker.port)),
                self.connection_us(lambda _: TlsClient(port, trust)),
                self.connection_us(lambda _: TlsClient(port, trust, session=session), True))

    def load(self, arguments, seconds, key=None):
        plain = self.broker.port
        try:
            if key:
                self.broker.port = self.ports[key]
                arguments += f" --tls {self.authority.pem}"
            return self.run.run_load(self.broker, arguments, seconds)
        finally:
            self.broker.port = plain


def handshake_rows(bench, rounds):
    for key in KEYS:
        for version in VERSIONS:
            print(f"TLS: {key}, {version}", file=sys.stderr, flush=True)
            found = [bench.handshakes(key, version) for _ in range(rounds)]
            plain, full, resumed = (statistics.median(one) for one in zip(*found))
            yield [f"TLS {version}, {key}", f"{plain:.0f}", f"{full:.0f}", f"{resumed:.0f}",
                   f"{1e6 / full:,.0f}", f"{1e6 / resumed:,.0f}",
                   f"{(resumed - plain) / (full - plain):.2f}"]


def message_rows(bench, seconds, rounds):
    figure = "broker_cpu_us_per_message"
    key = next(iter(KEYS))
    for load in LOADS:
        print(f"TLS: {load}", file=sys.stderr, flush=True)
        both = [(bench.load(load, seconds)[figure], bench.load(load, seconds, key)[figure])
                for _ in range(rounds)]
        plain, tls = (statistics.median(one) for one in zip(*both))
        yield [load, f"{plain:.2f}", f"{tls:.2f}", f"{tls / plain:.2f}"]


def text(run, seconds, rounds):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(run, folder)
        with bench.broker:
            handshakes = list(handshake_rows(bench, rounds))
            messages = list(message_rows(bench, seconds, rounds))
        bench = Bench(run, pathlib.Path(folder) / "idle")
        with bench.broker:
            idle = bench.load(f"idle --connections {IDLE}", seconds, next(iter(KEYS)))
    kb = idle["rss_bytes_per_connection"] / 1024
    head = ["µs a connection", "plain TCP", "full", "resumed", "full per CPU second",
            "resumed per CPU second", f"handshake, resumed / full (≤ {RATIO_BUDGET})"]
    return (METHOD + run.table(head, handshakes) + "\n"
            + run.table(["100 pairs, broker CPU, µs a message", "plain TCP", "TLS 1.3", "ratio"],
                        messages) + "\n"
            + run.table([f"{idle['connections']:,} idle connections of TLS 1.3", ""],
                        [[f"user memory of one, KB (≤ {IDLE_BUDGET_KB})", f"{kb:.1f}"]]))
