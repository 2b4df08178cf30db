"""A publisher in a thread, that comes back whenever the broker does, and what it was promised."""

import threading
import time
from collections import deque

import wire
from client import Client, unique

RETRY_S = 0.02
FILLER = b"tandemq." * 16384


class Flow:
    """Numbered messages with QoS 1 to one topic, each sent again until it is acknowledged. `one`
    says the port: a daemon or a pair."""

    def __init__(self, one, topic="flow", size=1000, window=16, rate=None, retain=False):
        self.one, self.topic, self.size, self.window = one, topic, size, window
        self.rate, self.retain = rate, retain  # `rate` is messages a second.
        self.name = unique("flow")
        self.sent = self.acknowledged = 0
        self.longest_s = 0.0  # From sending a message to its acknowledgement, if it was sent once.
        self.failure = None
        self._flight = deque()  # (number, when it was sent first, whether again)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self._thread.join(timeout=60 if kind is None else 1)
        if kind is None:
            assert not self._thread.is_alive(), "the flow does not come to its end"
            assert not self.failure, self.failure

    def payload(self, number):
        head = b"%d:" % number
        return head + FILLER[:max(self.size - len(head), 0)]

    def _run(self):
        began = time.monotonic()
        while not (self._over.is_set() and not self._flight):
            try:
                with Client(self.one.port) as client:
                    client.connect(self.name, clean=False, props={"session_expiry": 3600})
                    self._again(client)
                    self._publish(client, began)
            except TimeoutError:
                self.failure = f"{self.name}: message {self.acknowledged + 1} is not answered"
                return
            except OSError:
                time.sleep(RETRY_S)
            except AssertionError as failure:
                if "closed" not in str(failure) and "DISCONNECT" not in str(failure):
                    self.failure = failure
                    return

    def _again(self, client):
        self._flight = deque((number, at, True) for number, at, _ in self._flight)
        for number, _, _ in self._flight:
            self._send(client, number, dup=True)

    def _publish(self, client, began):
        while True:
            while len(self._flight) < self.window and not self._over.is_set():
                if self.rate and self.sent >= (time.monotonic() - began) * self.rate:
                    break
                self.sent += 1
                self._flight.append((self.sent, time.monotonic(), False))
                self._send(client, self.sent, dup=False)
            if self._flight:
                self._take(client)
            elif self._over.is_set():
                return
            else:
                time.sleep(1 / self.rate)

    def _send(self, client, number, dup):
        client.send(wire.publish(self.topic, self.payload(number), 1, number % 65535 + 1,
                                 self.retain, dup))

    def _take(self, client):
        number, at, again = self._flight[0]
        client.expect(wire.PUBACK, packet_id=number % 65535 + 1)
        self._flight.popleft()
        self.acknowledged = number
        if not again:
            self.longest_s = max(self.longest_s, time.monotonic() - at)


class Queue:
    """A session that is away and gets all messages of a flow."""

    def __init__(self, one, topic="flow"):
        self.topic, self.name = topic, unique("queue")
        with Client(one.port) as client:
            self._connect(client)
            client.subscribe((topic, 1))
            client.disconnect()

    def _connect(self, client):
        return client.connect(self.name, clean=False,
                              props={"session_expiry": 3600, "receive_max": 1000})

    def expect_all(self, one, flow):
        """Every message of the flow, whole and in order, as the primary of now has them."""
        with Client(one.port) as client:
            assert self._connect(client).session_present, "the session is lost"
            number = 0
            while number < flow.acknowledged:
                message = client.take(topic=self.topic)
                came = int(message.payload.split(b":", 1)[0])
                assert came <= number + 1, f"{came} came after {number}"
                assert message.payload == flow.payload(came)
                number = max(number, came)
            client.send(wire.disconnect())
            while client.receive() is not None:
                pass  # Copies of the last ones, of a publisher that was not answered.
