"""WebSocket by hand: frames as a client makes them, well-formed or not, and what the broker sent."""

import base64
import hashlib
import os
import socket
import struct

import wire
from client import TIMEOUT_S, Client

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def header(first, length, mask=b""):
    bit = 0x80 if mask else 0
    if length <= 125:
        return struct.pack("!BB", first, bit | length) + mask
    if length <= 0xFFFF:
        return struct.pack("!BBH", first, bit | 126, length) + mask
    return struct.pack("!BBQ", first, bit | 127, length) + mask


def frame(payload, first=FIN | BINARY, masked=True):
    mask = os.urandom(4) if masked else b""
    if masked:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return header(first, len(payload), mask) + payload


def request(path="/mqtt", protocol="mqtt", key=b"dGhlIHNhbXBsZSBub25jZQ==", more=()):
    lines = [f"GET {path} HTTP/1.1", "Host: broker", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {key.decode()}", "Sec-WebSocket-Version: 13",
             *([f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []), *more]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(port, data):
    """The status of what the broker says to these bytes; it must close afterwards."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain:
        try:
            plain.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        said = b""
        try:
            while part := plain.recv(65536):
                said += part
        except ConnectionResetError:
            pass  # It did not read all that we had sent.
    assert said.startswith(b"HTTP/1.1 "), said
    return int(said[9:12])


class Framed:
    """A socket whose bytes go through binary frames."""

    def __init__(self, plain):
        self.plain = plain
        self.raw = b""
        self.frames = []  # Those that were no data: (kind, payload).

    def sendall(self, data):
        self.plain.sendall(frame(data))

    def recv(self, _):
        """Of the next binary frame; nothing when the broker closed."""
        while (got := self.next_frame()) is not None:
            kind, payload = got
            if kind == BINARY:
                return payload
            self.frames.append(got)
        return b""

    def next_frame(self):
        while (cut := self._cut()) is None:
            part = self.plain.recv(65536)
            if not part:
                assert not self.raw, f"closed in the middle of a frame: {self.raw[:64].hex(' ')}"
                return None
            self.raw += part
        return cut

    def _cut(self):
        if len(self.raw) < 2:
            return None
        first, length = self.raw[0], self.raw[1]
        assert first & 0xF0 == FIN and length < 0x80, self.raw[:2].hex()
        at = 2 + {126: 2, 127: 8}.get(length, 0)
        if len(self.raw) < at:
            return None
        if length >= 126:
            length = int.from_bytes(self.raw[2:at], "big")
        if len(self.raw) < at + length:
            return None
        payload, self.raw = self.raw[at:at + length], self.raw[at + length:]
        return first & 0x0F, payload

    def settimeout(self, seconds):
        self.plain.settimeout(seconds)

    def close(self):
        self.plain.close()


class WsClient(Client):
    def __init__(self, port, version=wire.V5, path="/mqtt", protocol="mqtt", more=(), tls=None):
        super().__init__(port, version)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        key = base64.b64encode(os.urandom(16))
        self.socket.sendall(request(path, protocol, key, more))
        said = b""
        while b"\r\n\r\n" not in said:
            part = self.socket.recv(65536)
            assert part, said
            said += part
        self.answer, rest = said.split(b"\r\n\r\n", 1)
        assert self.answer.startswith(b"HTTP/1.1 101 "), self.answer
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        assert b"Sec-WebSocket-Accept: " + accept in self.answer
        self.socket = Framed(self.socket)
        self.socket.raw = rest

    def send_raw(self, data):
        self.socket.plain.sendall(data)

    def expect_end(self, code):
        """A close with this code, and then the end of the connection."""
        while (got := self.socket.next_frame()) is not None:
            self.socket.frames.append(got)
        assert self.socket.frames, "closed without a word"
        kind, body = self.socket.frames[-1]
        assert (kind, int.from_bytes(body[:2], "big")) == (CLOSE, code), self.socket.frames
