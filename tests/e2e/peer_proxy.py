"""What stands between the two nodes of a pair: it passes their bytes on, and harms them when told.

A connection goes both ways, whoever dialled it, so what is done to bytes is said by the node that
they go to: `proxy.to["b"].stall()`. All of it works at once, on the connections that are there.
"""

import socket
import threading
import time

CHUNK = 65536
BUFFER = 65536  # Of the sockets here, so that little is on its way while a link stands still.
RECORDED_MAX = 1 << 20
CONNECT_S = 5


class Direction:
    """The bytes to one node."""

    def __init__(self):
        self.bytes_per_s = 0  # 0: no limit.
        self.delay_s = 0.0  # Of each piece.
        self.passed = 0
        self._stalled = False
        self._flip_in = 0  # The byte of which a bit is to be flipped, from 1.
        self.flipped = None  # The link on which that was done.
        self._changed = threading.Condition()

    def stall(self):
        with self._changed:
            self._stalled = True

    def resume(self):
        with self._changed:
            self._stalled = False
            self._changed.notify_all()

    def flip(self, byte):
        """One bit of the byte that comes after `byte` others."""
        with self._changed:
            self.flipped = None
            self._flip_in = byte + 1

    def wake(self):
        with self._changed:
            self._changed.notify_all()

    def chunk(self):
        return min(CHUNK, max(self.bytes_per_s // 50, 1)) if self.bytes_per_s else CHUNK

    def let_through(self, data, link):
        """Returns when the bytes may go on, as those that go on."""
        if self.bytes_per_s:
            time.sleep(len(data) / self.bytes_per_s)
        if self.delay_s:
            time.sleep(self.delay_s)
        with self._changed:
            self._changed.wait_for(lambda: not self._stalled or link.over)
            data = self._harmed(data, link)
            self.passed += len(data)
        return data

    def _harmed(self, data, link):
        if not self._flip_in:
            return data
        if self._flip_in > len(data):
            self._flip_in -= len(data)
            return data
        harmed = bytearray(data)
        harmed[self._flip_in - 1] ^= 0x10
        self._flip_in = 0
        self.flipped = link
        return bytes(harmed)


class Link:
    """One connection: two sockets and a thread for each direction."""

    def __init__(self, dialler, acceptor, to_dialler, to_acceptor):
        """Each of the first two is (name, socket)."""
        self.ends = dict((dialler, acceptor))
        self.dialler = dialler[0]
        self.recorded = {name: b"" for name in self.ends}  # By receiver, from the beginning.
        self.over = False
        self._directions = (to_dialler, to_acceptor)
        self._running = 2
        self._lock = threading.Lock()
        for source, target, direction in ((dialler, acceptor, to_acceptor),
                                          (acceptor, dialler, to_dialler)):
            threading.Thread(target=self._pump, args=(source[1], target, direction),
                             daemon=True).start()

    def _pump(self, source, target, direction):
        name, sink = target
        try:
            while data := source.recv(direction.chunk()):
                data = direction.let_through(data, self)
                if self.over:
                    break
                self.recorded[name] += data[:RECORDED_MAX - len(self.recorded[name])]
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.cut()
        self._leave()

    def _leave(self):
        with self._lock:
            self._running -= 1
            if self._running > 0:
                return
        self.over = True
        for end in self.ends.values():
            end.close()

    def cut(self):
        self.over = True
        for direction in self._directions:
            direction.wake()
        for end in self.ends.values():
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It is closed already.


class PeerProxy:
    """Stands where each of the two nodes looks for the other."""

    def __init__(self):
        self.to = {"a": Direction(), "b": Direction()}
        self.refusing = False
        self.links = []
        self._listeners = []

    def between(self, ports):
        """The ports of a and b; returns those at which a reaches b, and b reaches a."""
        return [self._listen("a", "b", ports[1]), self._listen("b", "a", ports[0])]

    def _listen(self, dialler, acceptor, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self._listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, dialler, acceptor, port),
                         daemon=True).start()
        return listener.getsockname()[1]

    def _accept(self, listener, dialler, acceptor, port):
        while True:
            try:
                caller = listener.accept()[0]
            except OSError:
                return  # It was closed.
            callee = None if self.refusing else self._reach(port)
            if callee is None:
                caller.close()
                continue
            self.links.append(Link((dialler, caller), (acceptor, callee), self.to[dialler],
                                   self.to[acceptor]))
            if self.refusing:
                self.cut()  # It was told in between.

    @staticmethod
    def _reach(port):
        callee = socket.socket()
        callee.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        callee.settimeout(CONNECT_S)
        try:
            callee.connect(("127.0.0.1", port))
        except OSError:
            callee.close()
            return None
        callee.settimeout(None)
        return callee

    def alive(self):
        return [link for link in self.links if not link.over]

    def cut(self):
        for link in self.alive():
            link.cut()

    def refuse(self):
        """No more connections, and none of those that are there."""
        self.refusing = True
        self.cut()

    def allow(self):
        self.refusing = False

    def close(self):
        self.refuse()
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
