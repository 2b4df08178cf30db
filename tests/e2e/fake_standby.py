"""A standby that takes what it gets, keeps nothing, and says of itself what the test wants."""

import socket
import struct
import threading

from peer_speaker import TAG_BYTES, Speaker

HELLO, RECORDS, DURABLE, PING, STATE_DIGEST, ABOUT = 1, 4, 5, 6, 11, 14


def varint(number):
    data = b""
    while number > 0x7F:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


def take_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def hello():
    """Of a node that has nothing."""
    nothing = bytes([0]) + struct.pack(">Q", 0)  # A term.
    end = nothing + bytes([0]) + struct.pack(">Q", 0)
    return (bytes([HELLO, 1]) + struct.pack(">Q", 7) + bytes([0, 0, 0, 0]) + nothing + end +
            bytes([0, 0, 0, 0]))


def about(at_ms, address=0, version=b"0.0.1"):
    return (bytes([ABOUT]) + struct.pack(">Q", at_ms) + bytes([address]) + varint(len(version)) +
            version)


class FakeStandby(Speaker):
    def __init__(self, port, secret, node=b"b", answer=lambda digest: digest):
        """`answer` makes of the primary's digest the one that this standby claims to have."""
        super().__init__(port)
        self.answer = answer
        self.received = self.ping = 0
        assert self.prove(secret, node) != bytes(32)
        self.say(hello())
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __exit__(self, *words):
        self.socket.shutdown(socket.SHUT_RDWR)  # It wakes the thread.
        self.thread.join()
        super().__exit__(*words)

    def tell(self, body):
        with self.lock:
            self.say(body)

    def _serve(self):
        try:
            while head := self.take(4):
                body = self.take(int.from_bytes(head, "big"))
                self.take(TAG_BYTES)
                self._take_frame(body)
        except OSError:
            pass  # The test is over, or the primary has hung up.

    def _take_frame(self, body):
        if body[0] == STATE_DIGEST:
            digest = self.answer(int.from_bytes(body[-8:], "big"))
            self.tell(body[:-8] + struct.pack(">Q", digest))
            return
        if body[0] == RECORDS:
            first, at = take_varint(body, 1)
            _, at = take_varint(body, at)
            count, _ = take_varint(body, at + 1)
            self.received = first + count - 1
        if body[0] == PING:
            _, at = take_varint(body, 1)
            self.ping, _ = take_varint(body, at + 1)
        if body[0] in (RECORDS, PING):
            self.tell(bytes([DURABLE]) + 3 * varint(self.received) + varint(self.ping))
