#!/usr/bin/python3
"""Clients that mean harm, one kind a process: `hostile.py NAME PORT SECONDS` goes on for that long and
prints, as JSON, what it came to. `entered` counts the connections that were let in without a right
to; whoever attacks from inside has the user mallory, and rights below `mallory/` alone."""

import collections
import contextlib
import json
import resource
import select
import socket
import ssl
import sys
import time

import wire
from ws_client import BINARY, CONTINUATION, FIN, PING, frame, header, request

USER, PASSWORD = "mallory", "let-me-in"
SOURCES = 100  # Addresses of loopback that attackers come from.
HALF_OPEN = 10_000
LEVELS = 65_535
TIMEOUT_S = 5
COMPRESSED = 0x40  # A bit that belongs to an extension.

_connections = 0


def connected(port, wait=True):
    """A socket to the broker, from an address that is not the one of others."""
    global _connections  # pylint: disable=global-statement
    _connections += 1
    made = socket.socket()
    made.settimeout(TIMEOUT_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.bind((f"127.1.0.{1 + _connections % SOURCES}", 0))
    if not wait:
        made.setblocking(False)
    made.connect_ex(("127.0.0.1", port))
    return made


def got_in(data):
    """Whether it begins with a CONNACK that accepts."""
    return len(data) >= 4 and data[0] == wire.CONNACK << 4 and 0 in data[2:5][1:2]


class Inside:
    """A connection of mallory's, with a buffer of what came."""

    def __init__(self, port, version=wire.V5, **options):
        self.version = version
        self.socket = connected(port)
        self.socket.sendall(wire.connect(f"mallory-{_connections}", version=version, user=USER,
                                         password=PASSWORD, **options))
        self.open = got_in(self.socket.recv(4096))

    def send(self, data):
        """False: the broker has ended it."""
        try:
            self.socket.sendall(data)
            ready, _, _ = select.select([self.socket], [], [], 0)
            self.open = not ready or bool(self.socket.recv(65_536))
        except TimeoutError:
            return True  # It is not read from any more, which is an answer too.
        except OSError:
            self.open = False
        return self.open

    def close(self):
        self.socket.close()


class Herd:
    """Many sockets that are kept open, each with its next step; who is closed makes room for another."""

    def __init__(self, port, size):
        self.port, self.size = port, size
        self.sockets = collections.deque()
        self.found = collections.Counter()

    def fill(self, at_most=200):
        for _ in range(min(at_most, self.size - len(self.sockets))):
            try:
                self.sockets.append(connected(self.port, wait=False))
            except OSError:
                self.found["refused"] += 1
                return

    def tend(self, step, count):
        """Takes the next ones; `step` returns the bytes to send."""
        for _ in range(min(count, len(self.sockets))):
            one = self.sockets.popleft()
            try:
                data = step(one)
                if data:
                    one.send(data)
                with contextlib.suppress(BlockingIOError):
                    answer = one.recv(4096)
                    self.found["entered" if got_in(answer) else "closed"] += 1
                    one.close()
                    continue
            except BlockingIOError:
                pass
            except OSError:
                self.found["closed"] += 1
                one.close()
                continue
            self.sockets.append(one)

    def close(self):
        for one in self.sockets:
            one.close()


def herd(port, seconds, size, step, per_turn=100):
    flock = Herd(port, size)
    ends = time.monotonic() + seconds
    most = 0
    while time.monotonic() < ends:
        flock.fill()
        most = max(most, len(flock.sockets))
        flock.tend(step, per_turn)
        time.sleep(0.001)  # The pace of the attack, no more.
    flock.close()
    return {"most_open": most, **flock.found}


def half_open(port, seconds):
    """Ten thousand connections on which nothing ever comes."""
    return herd(port, seconds, HALF_OPEN, lambda _: b"", per_turn=20)


def slow_connect(port, seconds):
    """A CONNECT that comes byte by byte."""
    packet = wire.connect("slow", user=USER, password=PASSWORD)[:-1]  # Its last byte never comes.
    sent = collections.Counter()

    def step(one):
        at = sent[one.fileno()] = sent[one.fileno()] % len(packet) + 1
        return packet[at - 1:at]

    return herd(port, seconds, 1_000, step)


def client_hello():
    """The first message of a handshake, as OpenSSL sends it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    to, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(to, out).do_handshake()
    return out.read()


def slow_tls(port, seconds):
    """Handshakes that begin and do not go on."""
    hello = client_hello()
    begun = set()

    def step(one):
        if one.fileno() in begun:
            return b""
        begun.add(one.fileno())
        return hello[:-7] if one.fileno() % 2 else hello

    return herd(port, seconds, 1_000, step)


def oversized(port, seconds):
    """Packets that claim to be as large as a packet can be, before and after CONNECT."""
    claim = bytes([wire.PUBLISH << 4]) + b"\xff\xff\xff\x7f"
    found = collections.Counter()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        one = Inside(port)
        while one.open and one.send(claim + bytes(65_536)):
            found["taken"] += 1
        one.close()
        found["closed"] += 1
        for first in (wire.CONNECT << 4, wire.PUBLISH << 4):
            with contextlib.suppress(OSError), connected(port) as outside:
                outside.sendall(bytes([first]) + b"\xff\xff\xff\x7f" + bytes(4096))
                found["entered"] += got_in(outside.recv(4096))
    return found


def connect_storm(port, seconds):
    """Logins with wrong passwords, as fast as they come."""
    number = 0

    def step(_):
        nonlocal number
        number += 1
        return wire.connect(f"storm-{number}", user=USER, password=f"guess-{number}")

    return herd(port, seconds, 500, step, per_turn=200)


def subscription_bomb(port, seconds):
    """All wildcards that there are, filters of 65,535 levels, and as many of them as are taken."""
    ends = time.monotonic() + seconds
    found = collections.Counter()
    deep = "mallory" + "/+" * 30_000
    while time.monotonic() < ends:
        one = Inside(port)
        for filters in (["#"] * 200, ["+/#"] * 200, [deep], ["/" * LEVELS], ["+/" * 100 + "#"] * 50):
            if one.open:
                one.send(wire.subscribe([(name, 0) for name in filters], 1))
        number = 0
        while one.open and time.monotonic() < ends and number < 20_000:
            names = [(f"mallory/{number + at}/+/#", 0) for at in range(500)]
            number += 500
            one.send(wire.subscribe(names, 1 + number % 65_535))
        found["filters"] += number
        found["closed"] += not one.open
        one.close()
    return found


def retained_flood(port, seconds):
    """A retained message for each topic that there could be."""
    ends = time.monotonic() + seconds
    found = collections.Counter()
    while time.monotonic() < ends:
        one = Inside(port)
        while one.open and time.monotonic() < ends:
            batch = b"".join(wire.publish(f"mallory/{found['sent']}/{at}", bytes(1_000), retain=True)
                             for at in range(100))
            one.send(batch)
            found["sent"] += 100
        one.close()
    return found


def alias_abuse(port, seconds):
    """Aliases that are 0, too high, unknown, and always new ones."""
    ends = time.monotonic() + seconds
    found = collections.Counter()
    while time.monotonic() < ends:
        for alias in (0, 11, 65_535):
            one = Inside(port)
            one.send(wire.publish("mallory/a", b"", props={"topic_alias": alias}))
            found["closed"] += one.socket.recv(4096)[:1] in (b"\xe0", b"")
            one.close()
        one = Inside(port)
        one.send(wire.publish("", b"", props={"topic_alias": 3}))
        found["closed"] += one.socket.recv(4096)[:1] in (b"\xe0", b"")
        one.close()
        one = Inside(port)
        for number in range(2_000):
            topic = "mallory/" + "x" * 60_000 + str(number)
            if not one.send(wire.publish(topic, b"", props={"topic_alias": 1 + number % 10})):
                break
        one.close()
        found["rounds"] += 1
    return found


def packet_ids(port, seconds):
    """QoS 2 messages that are never released, with each packet id that there is."""
    ends = time.monotonic() + seconds
    found = collections.Counter()
    while time.monotonic() < ends:
        for version in (wire.V311, wire.V5):
            one = Inside(port, version)
            for first in range(1, 65_536, 500):
                batch = b"".join(wire.publish("mallory/q", b"", 2, number, version=version)
                                 for number in range(first, min(first + 500, 65_536)))
                if not one.send(batch):
                    break
            found["closed" if not one.open else "kept"] += 1
            one.close()
    return found


def never_reading(port, seconds):
    """Subscribers that get much and take nothing."""
    deaf = []
    for _ in range(50):
        one = Inside(port)
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.socket.sendall(wire.subscribe([("mallory/#", 1)], 1))
        deaf.append(one)
    ends = time.monotonic() + seconds
    found = collections.Counter()
    talker = Inside(port)
    while talker.open and time.monotonic() < ends:
        talker.send(b"".join(wire.publish("mallory/loud", bytes(4_000)) for _ in range(10)))
        found["sent"] += 10
    for one in [*deaf, talker]:
        one.close()
    return found


REQUEST = request()[:-2]  # Without the line that ends it.


def web_headers(port, seconds):
    """Requests for a WebSocket that never end: line after line, and lines without an end."""
    begun = set()

    def step(one):
        if one.fileno() not in begun:
            begun.add(one.fileno())
            return REQUEST
        return b"X" * 2_000 if one.fileno() % 2 else b"X-More: of the same\r\n" * 20

    return herd(port, seconds, 500, step)


def web_slow(port, seconds):
    """Requests for a WebSocket that come byte by byte."""
    sent = collections.Counter()

    def step(one):
        at = sent[one.fileno()] = sent[one.fileno()] % len(REQUEST) + 1
        return REQUEST[at - 1:at]

    return herd(port, seconds, 1_000, step)


def web_frames(port, seconds):
    """Frames of one byte and of none, pings that nobody reads the answers of, compressed ones, and ones
    that claim all the memory there is."""
    begun = frame(wire.connect("web", user=USER, password="wrong")[:1], BINARY)
    abuses = (
        begun + frame(b"", CONTINUATION) * 20_000,
        frame(b"p" * 125, FIN | PING) * 5_000,
        frame(b"zip bomb", FIN | COMPRESSED | BINARY),
        header(FIN | BINARY, 2**63 - 1, bytes(4)) + bytes(60_000),
        begun + b"".join(frame(bytes([byte]), CONTINUATION) for byte in b"\xff\xff\xff\x7f" * 2),
    )
    found = collections.Counter()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for abuse in abuses:
            with contextlib.suppress(OSError), connected(port) as one:
                one.settimeout(0.5)
                one.sendall(REQUEST + b"\r\n" + abuse)
                answer = one.recv(4_096).partition(b"\r\n\r\n")[2]
                found["entered"] += got_in(answer[2:])
            found["rounds"] += 1
    return found


ATTACKS = {attack.__name__: attack for attack in (
    half_open, slow_connect, slow_tls, oversized, connect_storm, subscription_bomb, retained_flood,
    alias_abuse, packet_ids, never_reading, web_headers, web_slow, web_frames)}


def main():
    name, port, seconds = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(json.dumps(ATTACKS[name](int(port), float(seconds))))


if __name__ == "__main__":
    main()
