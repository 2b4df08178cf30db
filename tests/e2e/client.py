"""A client that does nothing by itself: each packet sent or received stands in the test."""

import itertools
import socket

import wire

TIMEOUT_S = 10.0

_numbers = itertools.count(1)


def unique(prefix):
    """A client id or topic no other test of this run uses; tests share one broker."""
    return f"{prefix}-{next(_numbers)}"


class Client:
    def __init__(self, port, version=wire.V5, host="127.0.0.1", timeout_s=TIMEOUT_S, source=None):
        """`source` is the address of this machine that the connection comes from."""
        self.version = version
        self.client_id = None
        self.socket = socket.create_connection((host, port), timeout=timeout_s,
                                               source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.early = []  # PUBLISHes that came while `take` waited for a PUBREL.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # --- sending

    def send(self, data):
        self.socket.sendall(data)

    def connect(self, client_id=None, reason=0, **options):
        """Sends CONNECT and returns the CONNACK, which must carry `reason`."""
        self.client_id = unique("client") if client_id is None else client_id
        self.send(wire.connect(self.client_id, version=self.version, **options))
        return self.expect(wire.CONNACK, reason=reason)

    def subscribe(self, *filters, packet_id=1000, props=None):
        """Filters are names or (name, options). Returns the SUBACK; messages may follow."""
        pairs = [(f, 0) if isinstance(f, str) else f for f in filters]
        self.send(wire.subscribe(pairs, packet_id, props, self.version))
        suback = self.expect(wire.SUBACK, packet_id=packet_id)
        assert len(suback.codes) == len(pairs), f"[MQTT-3.8.4-6] one code for each filter: {suback}"
        return suback

    def unsubscribe(self, *filters, packet_id=1001, props=None):
        self.send(wire.unsubscribe(filters, packet_id, props, self.version))
        return self.expect(wire.UNSUBACK, packet_id=packet_id)

    def publish(self, topic, payload=b"", qos=0, packet_id=1, **options):
        """Publishes and does the whole handshake; returns its last packet (None for QoS 0)."""
        self.send(wire.publish(topic, payload, qos, packet_id, version=self.version, **options))
        if qos == 1:
            return self.expect(wire.PUBACK, packet_id=packet_id)
        if qos == 2:
            pubrec = self.expect(wire.PUBREC, packet_id=packet_id)
            if pubrec.reason >= 0x80:
                return pubrec
            self.send(wire.ack(wire.PUBREL, packet_id))
            return self.expect(wire.PUBCOMP, packet_id=packet_id)
        return None

    def disconnect(self, reason=None, props=None):
        self.send(wire.disconnect(reason, props))
        self.expect_closed()

    def drop(self):
        """Ends the connection without DISCONNECT."""
        self.socket.close()

    # --- receiving

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def _frame_end(self):
        """Where the body of the first packet starts and ends, or None when it is incomplete."""
        length = shift = 0
        for at in range(1, min(len(self.buffer), 5)):
            length |= (self.buffer[at] & 0x7F) << shift
            shift += 7
            if self.buffer[at] < 0x80:
                end = at + 1 + length
                return (at + 1, end) if end <= len(self.buffer) else None
        return None

    def receive(self):
        """The next packet, or None when the broker has closed. TimeoutError when nothing comes."""
        return self.early.pop(0) if self.early else self._read_packet()

    def _read_packet(self):
        while (span := self._frame_end()) is None:
            if not self._fill():
                assert not self.buffer, f"closed in the middle of a packet: {self.buffer.hex(' ')}"
                return None
        start, end = span
        packet = wire.parse(self.buffer[0], self.buffer[start:end], self.version)
        self.buffer = self.buffer[end:]
        return packet

    def expect(self, packet_type, **fields):
        packet = self.receive()
        assert packet is not None, f"closed instead of {wire.TYPE_NAMES[packet_type]}"
        assert packet.type == packet_type, f"wanted {wire.TYPE_NAMES[packet_type]}, got {packet}"
        for name, wanted in fields.items():
            wanted = wanted.encode() if name == "payload" and isinstance(wanted, str) else wanted
            assert getattr(packet, name) == wanted, (
                f"{name}: wanted {wanted!r}, got {getattr(packet, name)!r} in {packet}")
        return packet

    def take(self, payload=None, **fields):
        """The next PUBLISH, acknowledged as its QoS asks."""
        if payload is not None:
            fields["payload"] = payload
        message = self.expect(wire.PUBLISH, **fields)
        if message.qos == 1:
            self.send(wire.ack(wire.PUBACK, message.packet_id))
        elif message.qos == 2:
            self.send(wire.ack(wire.PUBREC, message.packet_id))
            self._await_pubrel(message.packet_id)
            self.send(wire.ack(wire.PUBCOMP, message.packet_id))
        return message

    def _await_pubrel(self, packet_id):
        while (packet := self._read_packet()) is not None and packet.type == wire.PUBLISH:
            self.early.append(packet)
        assert packet and (packet.type, packet.packet_id) == (wire.PUBREL, packet_id), (
            f"wanted PUBREL, got {packet}")

    def expect_closed(self):
        packet = self.receive()
        assert packet is None, f"wanted the end of the connection, got {packet}"

    def expect_refusal(self, reason):
        """The end of the connection, in 5.0 after a DISCONNECT with `reason` (one, or a tuple)."""
        if self.version == wire.V5:
            allowed = reason if isinstance(reason, tuple) else (reason,)
            packet = self.expect(wire.DISCONNECT)
            assert packet.reason in allowed, f"wanted {[hex(r) for r in allowed]}, got {packet}"
        self.expect_closed()

    def ping(self):
        self.send(wire.pingreq())
        self.expect(wire.PINGRESP)

    def expect_silence(self):
        """Proves that the broker has nothing else for this client. What caused the message that
        must not come has to be acknowledged before. A PINGRESP could overtake a message on its way
        through the broker, so the proof is a message to itself that must be the next to arrive."""
        topic = unique("fence")
        self.subscribe(topic, packet_id=65534)
        self.send(wire.publish(topic, b"fence", version=self.version))
        self.expect(wire.PUBLISH, topic=topic, payload=b"fence")
        self.unsubscribe(topic, packet_id=65534)
