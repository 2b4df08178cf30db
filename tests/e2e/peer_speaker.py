"""Speaks to the replication port as a dialler that knows the secret; replication/README.md draws
the bytes. What it says after its handshake need not be anything that a node would say."""

import hashlib
import hmac
import os
import socket
import struct

TIMEOUT_S = 10
TAG_BYTES = 16


def short(text):
    return bytes([len(text)]) + text


def greeting(node, cluster=b"tandemq", nonce=None, side=0, versions=(1, 1)):
    fields = struct.pack(">HHB", *versions, side) + short(cluster) + short(node)
    fields += nonce or os.urandom(32)
    return b"TMQR" + struct.pack(">H", len(fields)) + fields


class Speaker:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.key, self.number = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, size):
        data = b""
        while len(data) < size and (more := self.socket.recv(size - len(data))):
            data += more
        return data

    def rest(self):
        """All that comes until the node closes."""
        data = b""
        try:
            while more := self.socket.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def prove(self, secret, node, **more):
        """The whole handshake. Returns the proof of the other side, which is zero if it refuses."""
        ours = greeting(node, **more)
        self.send(ours)
        head = self.take(6)
        theirs = head + self.take(int.from_bytes(head[4:], "big"))

        def sign(what):
            return hmac.digest(secret, what + ours + theirs, hashlib.sha256)

        self.send(sign(b"tandemq proof of the dialler"))
        self.key = sign(b"tandemq frames of the dialler")
        return self.take(32)

    def hear(self):
        """The next frame, without its tag, which is taken for true."""
        body = self.take(int.from_bytes(self.take(4), "big"))
        self.take(TAG_BYTES)
        return body

    def say(self, body, size=None):
        """A frame with a true tag; `size` is a lie about its length."""
        length = struct.pack(">I", len(body) if size is None else size)
        tag = hmac.digest(self.key, struct.pack(">Q", self.number) + length + body, hashlib.sha256)
        self.number += 1
        self.send(length + body + tag[:TAG_BYTES])
