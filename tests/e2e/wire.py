"""MQTT packets as bytes, for tests that say exactly what goes over the wire.

Builders return bytes and check nothing, so that illegal packets can be built too. `parse` is
strict: a packet of the broker that does not fill its frame exactly is a failure of the test.
"""

import struct
from dataclasses import dataclass, field

V31, V311, V5 = 3, 4, 5

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE,
 UNSUBACK, PINGREQ,
 PINGRESP, DISCONNECT, AUTH) = range(1, 16)

TYPE_NAMES = ("RESERVED CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK "
              "UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP DISCONNECT AUTH").split()

# Table 2-4 of the 5.0 specification: name -> (identifier, kind).
PROPERTIES = {
    "payload_format": (0x01, "u8"),
    "message_expiry": (0x02, "u32"),
    "content_type": (0x03, "string"),
    "response_topic": (0x08, "string"),
    "correlation_data": (0x09, "binary"),
    "subscription_id": (0x0B, "varint"),
    "session_expiry": (0x11, "u32"),
    "assigned_client_id": (0x12, "string"),
    "server_keep_alive": (0x13, "u16"),
    "auth_method": (0x15, "string"),
    "auth_data": (0x16, "binary"),
    "request_problem": (0x17, "u8"),
    "will_delay": (0x18, "u32"),
    "request_response": (0x19, "u8"),
    "response_info": (0x1A, "string"),
    "server_reference": (0x1C, "string"),
    "reason_string": (0x1F, "string"),
    "receive_max": (0x21, "u16"),
    "topic_alias_max": (0x22, "u16"),
    "topic_alias": (0x23, "u16"),
    "max_qos": (0x24, "u8"),
    "retain_available": (0x25, "u8"),
    "user_property": (0x26, "pair"),
    "max_packet_size": (0x27, "u32"),
    "wildcard_available": (0x28, "u8"),
    "subscription_id_available": (0x29, "u8"),
    "shared_available": (0x2A, "u8"),
}
PROPERTY_BY_ID = {number: (name, kind) for name, (number, kind) in PROPERTIES.items()}
REPEATABLE = ("user_property", "subscription_id")
INTEGER_FORMATS = {"u8": ">B", "u16": ">H", "u32": ">I"}


def u16(value):
    return struct.pack(">H", value)


def varint(value):
    """A Variable Byte Integer; a value above the limit gives five bytes, which are illegal."""
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def binary(value):
    data = value.encode() if isinstance(value, str) else bytes(value)
    return u16(len(data)) + data


def property_bytes(name, value):
    number, kind = PROPERTIES[name]
    if kind == "varint":
        data = varint(value)
    elif kind == "pair":
        data = binary(value[0]) + binary(value[1])
    elif kind in INTEGER_FORMATS:
        data = struct.pack(INTEGER_FORMATS[kind], value)
    else:
        data = binary(value)
    return bytes([number]) + data


def properties(values):
    """`values` is a dict (a list for a repeated property), or bytes without their length."""
    if isinstance(values, (bytes, bytearray)):
        return varint(len(values)) + bytes(values)
    out = b""
    for name, value in (values or {}).items():
        for one in value if name in REPEATABLE and isinstance(value, list) else [value]:
            out += property_bytes(name, one)
    return varint(len(out)) + out


def frame(first_byte, body=b""):
    return bytes([first_byte]) + varint(len(body)) + body


@dataclass
class Will:
    topic: str
    payload: bytes = b"will"
    qos: int = 0
    retain: bool = False
    props: dict = None


def connect(client_id="", version=V5, clean=True, keep_alive=0, props=None, will=None, user=None,
            password=None,
            protocol_name=None, flags=None):
    if flags is None:
        flags = 0x02 if clean else 0
        if will:
            flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        flags |= (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    if protocol_name is None:
        protocol_name = "MQIsdp" if version == V31 else "MQTT"
    body = binary(protocol_name) + bytes([version, flags]) + u16(keep_alive)
    body += properties(props) if version == V5 else b""
    body += binary(client_id)
    if will:
        body += properties(will.props) if version == V5 else b""
        body += binary(will.topic) + binary(will.payload)
    for text in (user, password):
        body += binary(text) if text is not None else b""
    return frame(CONNECT << 4, body)


def publish(topic, payload=b"", qos=0, packet_id=1, retain=False, dup=False, props=None,
            version=V5):
    first = PUBLISH << 4 | (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    body = binary(topic) + (u16(packet_id) if qos else b"")
    body += properties(props) if version == V5 else b""
    return frame(first, body + (payload.encode() if isinstance(payload, str) else payload))


def ack(packet_type, packet_id, reason=None, props=None):
    """PUBACK, PUBREC, PUBREL or PUBCOMP; in the short form unless a reason is given."""
    body = u16(packet_id) + (bytes([reason]) if reason is not None else b"")
    body += properties(props) if props is not None else b""
    return frame(packet_type << 4 | (2 if packet_type == PUBREL else 0), body)


def subscribe(filters, packet_id=1, props=None, version=V5):
    """`filters` is a list of (filter, options byte)."""
    body = u16(packet_id) + (properties(props) if version == V5 else b"")
    return frame(SUBSCRIBE << 4 | 2, body +
                 b"".join(binary(name) + bytes([options]) for name, options in filters))


def unsubscribe(filters, packet_id=1, props=None, version=V5):
    body = u16(packet_id) + (properties(props) if version == V5 else b"")
    return frame(UNSUBSCRIBE << 4 | 2, body + b"".join(binary(name) for name in filters))


def pingreq():
    return frame(PINGREQ << 4)


def disconnect(reason=None, props=None):
    body = bytes([reason]) if reason is not None else b""
    return frame(DISCONNECT << 4, body + (properties(props) if props is not None else b""))


def auth(reason=0, props=None):
    return frame(AUTH << 4, bytes([reason]) + properties(props))


@dataclass
class Packet:
    type: int
    flags: int = 0
    packet_id: int = None
    reason: int = 0
    session_present: bool = False
    topic: str = None
    payload: bytes = b""
    codes: list = field(default_factory=list)
    props: dict = field(default_factory=dict)
    raw: bytes = b""

    qos = property(lambda self: self.flags >> 1 & 3)
    dup = property(lambda self: bool(self.flags & 8))
    retain = property(lambda self: bool(self.flags & 1))

    def __str__(self):
        return f"{TYPE_NAMES[self.type]} {self.raw.hex(' ')}"


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert self.at + count <= len(self.data), (
            f"the broker sent a truncated packet: {self.data.hex(' ')}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, fmt):
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.number(">B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            assert shift < 28, "the broker sent a Variable Byte Integer of five bytes"

    def binary(self):
        return self.take(self.number(">H"))

    def rest(self):
        return self.take(len(self.data) - self.at)

    def left(self):
        return len(self.data) - self.at


def read_properties(cursor):
    if not cursor.left():
        return {}
    inner, values = Cursor(cursor.take(cursor.varint())), {}
    while inner.left():
        name, kind = PROPERTY_BY_ID[inner.varint()]
        if kind == "varint":
            value = inner.varint()
        elif kind == "pair":
            value = (inner.binary().decode(), inner.binary().decode())
        elif kind in INTEGER_FORMATS:
            value = inner.number(INTEGER_FORMATS[kind])
        else:
            value = inner.binary()
            value = value.decode() if kind == "string" else value
        if name in REPEATABLE:
            values.setdefault(name, []).append(value)
        else:
            assert name not in values, f"the broker sent {name} twice"
            values[name] = value
    return values


def parse(first_byte, body, version):
    packet = Packet(first_byte >> 4, first_byte & 15, raw=bytes([first_byte]) + varint(len(body)) +
                    body)
    cursor, five = Cursor(body), version == V5
    if packet.type == PUBLISH:
        packet.topic = cursor.binary().decode()
        packet.packet_id = cursor.number(">H") if packet.qos else None
        packet.props = read_properties(cursor) if five else {}
        packet.payload = cursor.rest()
        return packet
    assert packet.flags == (2 if packet.type == PUBREL else 0), f"reserved flags in {packet}"
    if packet.type == CONNACK:
        acknowledge_flags = cursor.number(">B")
        assert acknowledge_flags < 2, f"[MQTT-3.2.2-1] reserved bits in {packet}"
        packet.session_present = acknowledge_flags == 1
        packet.reason = cursor.number(">B")
        packet.props = read_properties(cursor) if five else {}
    elif packet.type in (PUBACK, PUBREC, PUBREL, PUBCOMP):
        packet.packet_id = cursor.number(">H")
        packet.reason = cursor.number(">B") if five and cursor.left() else 0
        packet.props = read_properties(cursor) if five else {}
    elif packet.type in (SUBACK, UNSUBACK):
        packet.packet_id = cursor.number(">H")
        packet.props = read_properties(cursor) if five else {}
        packet.codes = list(cursor.rest())
    elif packet.type in (DISCONNECT, AUTH):
        assert five, f"only 5.0 knows a server's {packet}"
        packet.reason = cursor.number(">B") if cursor.left() else 0
        packet.props = read_properties(cursor)
    else:
        assert packet.type == PINGRESP, f"a server must never send {packet}"
    assert cursor.left() == 0, f"trailing bytes in {packet}"
    return packet
