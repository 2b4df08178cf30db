"""Illegal packets and the answer the specification demands.

3.1 and 3.1.1 always just close (section 4.8 of 3.1.1). A row is (name, bytes, reason), where reason
is what a 5.0 server says in DISCONNECT or CONNACK before it closes: a number, a tuple where the
specification leaves a choice, or CLOSE where nothing need be said.
"""

import wire
from wire import V5, binary, frame, properties, property_bytes, u16

MALFORMED, PROTOCOL, EITHER = 0x81, 0x82, (0x81, 0x82)
CLOSE = None

# [MQTT-1.5.4-1], [MQTT-1.5.4-2]: surrogates, U+0000, and byte sequences that are not UTF-8 at all.
BAD_UTF8 = {
    "NUL": b"a\0b",
    "surrogate": b"a\xed\xa0\x80",
    "overlong": b"a\xc0\xaf",
    "truncated": b"a\xe2\x82",
    "stray": b"a\x80",
    "beyond": b"\xf4\x90\x80\x80",
}


def raw_publish(version, topic=b"t", qos=0, packet_id=1, props=b"\0", flags=0, tail=b"x"):
    body = binary(topic) + (u16(packet_id) if qos else b"") + (props if version == V5 else b"")
    return frame(0x30 | qos << 1 | flags, body + tail)


def raw_subscribe(version, tail, packet_id=1, props=b"\0", first=0x82):
    return frame(first, u16(packet_id) + (props if version == V5 else b"") + tail)


def for_all(version):
    """Rows that exist in both versions, built for `version`."""
    five = version == V5
    none = b"\0" if five else b""
    rows = [
        ("packet type 0", b"\x00\x00", EITHER),
        ("a remaining length of five bytes", b"\x30\xff\xff\xff\xff\x01", MALFORMED),
        ("a CONNACK from a client", b"\x20\x02\x00\x00", EITHER),
        ("a SUBACK from a client", frame(0x90, u16(1) + none + b"\0"), EITHER),
        ("an UNSUBACK from a client", frame(0xB0, u16(1) + none), EITHER),
        ("a PINGRESP from a client", b"\xd0\x00", EITHER),
        ("[MQTT-2.1.3-1, MQTT311-2.2.2-2] PINGREQ with flags", b"\xc1\x00", MALFORMED),
        ("PINGREQ with a body", b"\xc0\x01\x00", MALFORMED),
        ("[MQTT-3.14.1-1, MQTT311-3.14.1-1] DISCONNECT with flags", b"\xe4\x00", MALFORMED),
        ("[MQTT-3.3.1-4, MQTT311-3.3.1-4] PUBLISH with QoS 3",
         raw_publish(version, qos=3), MALFORMED),
        ("[MQTT-3.3.1-2, MQTT311-3.3.1-2] PUBLISH with QoS 0 and DUP",
         raw_publish(version, flags=8), EITHER),
        ("[MQTT-2.2.1-3, MQTT311-2.3.1-1] PUBLISH with packet id 0",
         raw_publish(version, qos=1, packet_id=0),
         EITHER),
        ("[MQTT-3.3.2-2, MQTT311-3.3.2-2] PUBLISH to a + wildcard", raw_publish(version, b"a/+/b"),
         (0x81, 0x82, 0x90)),
        ("[MQTT-3.3.2-2, MQTT311-3.3.2-2] PUBLISH to a # wildcard", raw_publish(version, b"a/#"),
         (0x81, 0x82, 0x90)),
        ("[MQTT-4.7.3-1, MQTT311-4.7.3-1] PUBLISH to an empty topic",
         raw_publish(version, b""), (0x81, 0x82, 0x90)),
        ("PUBLISH without a topic", frame(0x30), MALFORMED),
        ("PUBLISH whose topic is longer than the packet", frame(0x30, b"\x00\x09abc"), MALFORMED),
        ("PUBLISH with QoS 1 that ends before its packet id", frame(0x32, binary("t") + b"\0"),
         MALFORMED),
        ("[MQTT-3.8.1-1, MQTT311-3.8.1-1] SUBSCRIBE with flags 0",
         raw_subscribe(version, binary("t") + b"\0", first=0x80), MALFORMED),
        ("[MQTT-2.2.1-3, MQTT311-2.3.1-1] SUBSCRIBE with packet id 0",
         raw_subscribe(version, binary("t") + b"\0", 0), EITHER),
        ("[MQTT-3.8.3-2, MQTT311-3.8.3-3] SUBSCRIBE without a filter",
         raw_subscribe(version, b""), EITHER),
        ("SUBSCRIBE without options", raw_subscribe(version, binary("t")), MALFORMED),
        ("SUBSCRIBE with QoS 3", raw_subscribe(version, binary("t") + b"\x03"),
         EITHER),
        ("[MQTT-3.8.3-5, MQTT311-3.8.3-4] SUBSCRIBE with reserved option bits",
         raw_subscribe(version, binary("t") + b"\x40"), EITHER),
        ("[MQTT-3.10.1-1, MQTT311-3.10.1-1] UNSUBSCRIBE with flags 0",
         frame(0xA0, u16(1) + none + binary("t")),
         MALFORMED),
        ("[MQTT-3.10.3-2, MQTT311-3.10.3-2] UNSUBSCRIBE without a filter",
         frame(0xA2, u16(1) + none), EITHER),
        ("UNSUBSCRIBE with packet id 0", frame(0xA2, u16(0) + none + binary("t")), EITHER),
        ("UNSUBSCRIBE whose filter is cut off", frame(0xA2, u16(1) + none + b"\0\x09t"), MALFORMED),
    ]
    for kind, first in [("PUBACK", 0x40), ("PUBREC", 0x50), ("PUBREL", 0x62), ("PUBCOMP", 0x70)]:
        rows += [
            (f"{kind} without a packet id", frame(first), MALFORMED),
            (f"{kind} with half a packet id", frame(first, b"\1"), MALFORMED),
            (f"{kind} with packet id 0", frame(first, u16(0)), EITHER),
            (f"[MQTT-2.1.3-1, MQTT311-2.2.2-2] {kind} with wrong flags",
             frame(first ^ 1, u16(1)), MALFORMED),
            (f"{kind} with trailing bytes", frame(first, u16(1) + b"\0\0\0"), MALFORMED),
        ]
    for name, text in BAD_UTF8.items():
        rows += [
            (f"[MQTT-1.5.4-1, MQTT311-1.5.3-1] {name} in a topic",
             raw_publish(version, text), EITHER + (0x90, )),
            (f"[MQTT-1.5.4-1, MQTT311-1.5.3-1] {name} in a filter",
             raw_subscribe(version, binary(text) + b"\0"),
             EITHER + (0x8F, )),
            (f"{name} in a filter to leave", frame(0xA2, u16(1) + none + binary(text)), EITHER +
             (0x8F, )),
        ]
    for text in ("", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##"):
        wrong = EITHER + (0x8F, )
        row = f"[MQTT-4.7.1-1, MQTT311-4.7.1-2] SUBSCRIBE to {text!r}"
        rows.append((row, raw_subscribe(version, binary(text) + b"\0"), wrong + (("code", 0x8F), )))
    return rows


def for_five():
    """Rows only 5.0 knows."""
    rows = [
        ("Retain Handling 3", raw_subscribe(V5, binary("t") + b"\x30"), EITHER),
        ("[MQTT-3.8.3-4] No Local on a shared subscription",
         raw_subscribe(V5, binary("$share/g/t") + b"\x04"), PROTOCOL),
        ("subscription identifier 0",
         raw_subscribe(V5, binary("t") + b"\0", props=b"\2\x0b\0"), EITHER),
        ("two subscription identifiers", raw_subscribe(V5, binary("t") + b"\0",
                                                       props=b"\4\x0b\1\x0b\2"), PROTOCOL),
        ("[MQTT-3.3.4-6] a subscription identifier in a client's PUBLISH",
         raw_publish(V5, props=b"\2\x0b\1"), PROTOCOL),
        ("[MQTT-3.3.2-8] topic alias 0", raw_publish(V5, props=b"\3\x23\0\0"), (0x82, 0x94)),
        ("[MQTT-3.3.2-9] a topic alias above the maximum", raw_publish(V5, props=b"\3\x23\xff\xff"),
         0x94),
        ("an unknown topic alias", raw_publish(V5, b"", props=b"\3\x23\0\1"), (0x82, 0x94)),
        ("payload format 2", raw_publish(V5, props=b"\2\x01\2"), EITHER),
        ("a response topic with a wildcard",
         raw_publish(V5, props=properties({"response_topic": "a/#"})), EITHER + (0x90, )),
        ("a property length beyond the packet", frame(0x30, binary("t") + b"\x09\x01\x01"),
         MALFORMED),
        ("[MQTT-1.5.5-1] a property length not in the fewest bytes",
         frame(0x30, binary("t") + b"\x80\x00"), MALFORMED),
        ("an unknown property", raw_publish(V5, props=b"\2\x7f\1"), MALFORMED),
        ("a property identifier of two bytes", raw_publish(V5, props=b"\3\x81\x01\1"), MALFORMED),
        ("a user property of invalid UTF-8",
         raw_publish(V5, props=properties(b"\x26" + binary(b"\xff") + binary("v"))),
         EITHER),
        ("[MQTT-2.1.3-1] AUTH with flags", b"\xf1\x00", EITHER),
        ("AUTH without an authentication method", wire.auth(0x18), PROTOCOL),
        ("DISCONNECT with an unknown reason and a property of CONNACK",
         wire.disconnect(0, {"receive_max": 5}), EITHER),
        ("DISCONNECT with a property length beyond the packet", frame(0xE0, b"\0\5\x11"),
         MALFORMED),
        ("DISCONNECT with two session expiries",
         wire.disconnect(0, property_bytes("session_expiry", 0) * 2), PROTOCOL),
    ]
    for kind in (wire.PUBACK, wire.PUBREC, wire.PUBREL, wire.PUBCOMP):
        name = wire.TYPE_NAMES[kind]
        rows += [
            (f"{name} with an unknown reason code", wire.ack(kind, 1, 0xFE), EITHER),
            (f"{name} with a property of PUBLISH", wire.ack(kind, 1, 0, {"topic_alias": 1}),
             EITHER),
            (f"{name} with two reason strings",
             wire.ack(kind, 1, 0, property_bytes("reason_string", "a") * 2), PROTOCOL),
        ]
    rows += [row for builder in (once, misplaced, truncated) for row in builder()]
    return rows


SAMPLES = {"u8": 1, "u16": 1, "u32": 1, "varint": 1, "string": "a", "binary": b"a",
           "pair": ("a", "b")}
OF_PUBLISH = ("payload_format", "message_expiry", "content_type", "response_topic",
              "correlation_data", "topic_alias")


def sample(name):
    return property_bytes(name, SAMPLES[wire.PROPERTIES[name][1]])


def once():
    """Every property of PUBLISH but the User Property may appear only once."""
    return [(f"PUBLISH with {name} twice", raw_publish(V5, props=properties(sample(name) * 2)),
             PROTOCOL)
            for name in OF_PUBLISH]


def misplaced():
    """A property in a packet that table 2-4 does not allow it in."""
    rows = []
    for name in wire.PROPERTIES:
        props = properties(sample(name))
        if name not in OF_PUBLISH + ("user_property", "subscription_id"):
            rows.append((f"PUBLISH with {name}", raw_publish(V5, props=props), EITHER))
        if name not in ("user_property", "subscription_id"):
            rows.append((f"SUBSCRIBE with {name}",
                         raw_subscribe(V5, binary("t") + b"\0", props=props), EITHER))
        if name != "user_property":
            rows.append((f"UNSUBSCRIBE with {name}", frame(0xA2, u16(1) + props + binary("t")),
                         EITHER))
    return rows


def truncated():
    """A property that ends before its value does."""
    return [(f"PUBLISH with half a {name}",
             raw_publish(V5, props=properties(sample(name)[:-1]), tail=b""), MALFORMED)
            for name in OF_PUBLISH + ("user_property", )]


def connects(version):
    """CONNECT packets that must not get a session; `reason` is the CONNACK's in 5.0."""
    five = version == V5
    good = wire.connect("client", version)
    wills = wire.Will("w", b"x")
    rows = [
        ("[MQTT-3.1.2-3, MQTT311-3.1.2-3] CONNECT with its reserved flag",
         wire.connect("x", version, flags=0x03),
         EITHER),
        ("[MQTT-3.1.2-11, MQTT311-3.1.2-13] a will QoS without a will",
         wire.connect("x", version, flags=0x0A),
         EITHER),
        ("[MQTT-3.1.2-13, MQTT311-3.1.2-15] will RETAIN without a will",
         wire.connect("x", version, flags=0x22),
         EITHER),
        ("[MQTT-3.1.2-12, MQTT311-3.1.2-14] a will with QoS 3",
         wire.connect("x", version, will=wills, flags=0x1E),
         EITHER),
        ("[MQTT-3.1.2-9, MQTT311-3.1.2-9] a will flag without a will",
         wire.connect("x", version, flags=0x06),
         EITHER),
        ("[MQTT-3.1.2-17, MQTT311-3.1.2-19] a user name flag without a user name",
         wire.connect("x", version, flags=0x82), EITHER),
        ("[MQTT-3.1.2-16, MQTT311-3.1.2-18] a user name without its flag",
         wire.connect("x", version, user="u", flags=0x02), EITHER),
        ("CONNECT with trailing bytes", frame(0x10, good[2:] + b"more"), EITHER),
        ("[MQTT-2.1.3-1, MQTT311-2.2.2-2] CONNECT with header flags",
         bytes([0x11]) + good[1:], EITHER),
        ("CONNECT that ends in the middle", frame(0x10, good[2:-3]), EITHER),
        ("CONNECT without a client id", frame(0x10, good[2:12 + five]), EITHER),
        ("an empty CONNECT", frame(0x10), EITHER),
        ("a will topic with a wildcard", wire.connect("x", version, will=wire.Will("a/#")), EITHER +
         (0x90, )),
        ("an empty will topic", wire.connect("x", version, will=wire.Will("")), EITHER + (0x90, )),
    ]
    if not five:
        rows.append(("[MQTT311-3.1.2-22] a password without a user name",
                     wire.connect("x", version, password="p"), CLOSE))
    for name, text in BAD_UTF8.items():
        rows += [
            (f"[MQTT-3.1.3-4, MQTT311-3.1.3-4] {name} in a client id",
             wire.connect(text, version), EITHER +
             (0x85, )),
            (f"[MQTT-3.1.3-11, MQTT311-3.1.3-10] {name} in a will topic",
             wire.connect("x", version, will=wire.Will(text)), EITHER + (0x90, )),
            (f"[MQTT-3.1.3-12, MQTT311-3.1.3-11] {name} in a user name",
             wire.connect("x", version, user=text),
             EITHER + (0x86, )),
        ]
    return rows + (five_connects() if five else [])


OF_CONNECT = ("session_expiry", "receive_max", "max_packet_size", "topic_alias_max",
              "request_response",
              "request_problem", "auth_method", "auth_data")


def five_connects():
    def with_props(props, **more):
        return wire.connect("x", props=props, **more)

    rows = [
        ("Receive Maximum 0", with_props({"receive_max": 0}), PROTOCOL),
        ("Maximum Packet Size 0", with_props({"max_packet_size": 0}), PROTOCOL),
        ("Request Response Information 2", with_props({"request_response": 2}), PROTOCOL),
        ("Request Problem Information 2", with_props({"request_problem": 2}), PROTOCOL),
        ("authentication data without a method", with_props({"auth_data": b"x"}), PROTOCOL),
        ("an unknown property in CONNECT", with_props(b"\x7f\1"), MALFORMED),
        ("a will's payload format 2",
         wire.connect("x", will=wire.Will("t", props={"payload_format": 2})), EITHER),
        ("two will delays", wire.connect("x", will=wire.Will("t", props=sample("will_delay") * 2)),
         PROTOCOL),
        ("a will with a property of CONNECT",
         wire.connect("x", will=wire.Will("t", props=sample("receive_max"))), EITHER),
    ]
    for name in wire.PROPERTIES:
        if name in OF_CONNECT:
            rows.append((f"CONNECT with {name} twice", with_props(sample(name) * 2), PROTOCOL))
        elif name != "user_property":
            rows.append((f"CONNECT with {name}", with_props(sample(name)), EITHER))
    return rows
