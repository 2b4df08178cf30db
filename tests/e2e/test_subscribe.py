"""SUBSCRIBE and UNSUBSCRIBE: filters, options, subscription identifiers, shared subscriptions."""

import select

import pytest

import wire
from client import TIMEOUT_S, unique
from rule import NEW, OLD, rule

NO_LOCAL, AS_PUBLISHED, IF_NEW, NEVER = 0x04, 0x08, 0x10, 0x20

# Section 4.7: filter, topics it matches, topics it does not.
MATCHES = [
    ("sport/tennis/player1/#", ["sport/tennis/player1", "sport/tennis/player1/ranking",
                                "sport/tennis/player1/score/w"],
     ["sport/tennis/player2", "sport/tennis"]),
    ("sport/#", ["sport", "sport/", "sport/a/b"], ["sports", "Sport/a", "/sport"]),
    ("sport/tennis/+", ["sport/tennis/player1", "sport/tennis/"],
     ["sport/tennis", "sport/tennis/player1/ranking"]),
    ("+", ["finance"], ["/finance", "a/b"]),
    ("+/+", ["/finance", "a/b", "/"], ["finance", "a/b/c"]),
    ("/+", ["/finance", "/"], ["finance", "/a/b"]),
    ("+/tennis/#", ["a/tennis", "/tennis/x"], ["tennis/x"]),
    ("a//b", ["a//b"], ["a/b", "a/ /b"]),
    ("/", ["/"], ["", "//"]),
    ("é漢/+", ["é漢/😀"], ["é漢", "e漢/x"]),
]


@rule("[MQTT-4.7.1-1, MQTT311-4.7.1-2] wildcards match what the specification's examples say")
@pytest.mark.parametrize("name, yes, no", MATCHES, ids=[row[0] for row in MATCHES])
def test_matching(daemon, version, name, yes, no):
    one = daemon()
    with one.connected(version) as client, one.connected(version) as sender:
        client.subscribe(name)
        for topic in [t for t in no + yes if t]:
            sender.publish(topic, b"x", 1)
        assert [client.take("x").topic for _ in yes] == yes
        client.unsubscribe(name)
        client.expect_silence()


@rule("[MQTT-3.8.4-5, MQTT311-3.8.4-4] several filters in one SUBSCRIBE are answered in their "
      "order")
def test_many_filters(broker, version):
    root = unique("many")
    with broker.connected(version) as client:
        suback = client.subscribe((f"{root}/a", 2), (f"{root}/b", 0), (f"{root}/c", 1),
                                  packet_id=65535)
        assert suback.codes == [2, 0, 1]


@rule("[MQTT-3.8.4-3, MQTT311-3.8.4-3] a second SUBSCRIBE with the same filter replaces the first")
def test_replaced(broker, version):
    topic = unique("replaced")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((topic, 2))
        client.subscribe((topic, 0))
        sender.publish(topic, b"x", 2)
        client.take("x", qos=0)
        client.expect_silence()


@rule("[MQTT-3.3.4-2, MQTT311-3.3.5-1] overlapping filters deliver with the highest of their QoS")
def test_overlap(broker, version):
    root = unique("overlap")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe((f"{root}/#", 0), (f"{root}/+", 2), (f"{root}/a", 1))
        sender.publish(f"{root}/a", b"x", 2)
        client.take("x", qos=2)
        client.expect_silence()


@rule("[MQTT-3.10.4-1, MQTT311-3.10.4-1, -2] UNSUBSCRIBE removes the exact filter, and nothing "
      "more arrives by it")
def test_unsubscribe(broker, version):
    root = unique("leave")
    with broker.connected(version) as client, broker.connected(version) as sender:
        client.subscribe(f"{root}/+", f"{root}/a")
        client.unsubscribe(f"{root}/a")
        sender.publish(f"{root}/a", b"still by wildcard", 1)
        client.take("still by wildcard")
        client.unsubscribe(f"{root}/+")
        sender.publish(f"{root}/a", b"gone", 1)
        client.expect_silence()


@rule("[MQTT311-3.10.4-5] UNSUBACK is sent even when nothing was subscribed", OLD)
def test_unsubscribe_unknown(broker, version):
    with broker.connected(version) as client:
        client.unsubscribe(unique("never"), packet_id=4711)


@rule("[MQTT-3.11.3-1] UNSUBACK has a code for each filter", NEW)
def test_unsuback_codes(broker, version):
    known, unknown = unique("known"), unique("unknown")
    with broker.connected() as client:
        client.subscribe(known)
        assert client.unsubscribe(unknown, known, known).codes == [0x11, 0, 0x11]


@rule("[MQTT-3.8.3-3] No Local keeps a client's own messages away", NEW)
def test_no_local(broker, version):
    topic = unique("nolocal")
    with broker.connected() as one, broker.connected() as two:
        one.subscribe((topic, 1 | NO_LOCAL))
        two.subscribe((topic, 1 | NO_LOCAL))
        one.publish(topic, b"x", 1)
        two.take("x")
        one.expect_silence()


@rule("[MQTT-3.3.1-13] Retain As Published keeps the RETAIN flag, otherwise it is cleared", NEW)
@pytest.mark.parametrize("options, seen", [(0, False), (AS_PUBLISHED, True)], ids=["0", "1"])
def test_retain_as_published(broker, version, options, seen):
    topic = unique("rap")
    with broker.connected() as client, broker.connected() as sender:
        client.subscribe((topic, options))
        sender.publish(topic, b"plain", 1)
        sender.publish(topic, b"retained", 1, retain=True)
        client.take("plain", retain=False)
        client.take("retained", retain=seen)


@rule("[MQTT-3.3.1-10] Retain Handling says when retained messages are sent", NEW)
@pytest.mark.parametrize("handling, first, second", [(0, 1, 1), (IF_NEW, 1, 0), (NEVER, 0, 0)],
                         ids=["0", "1", "2"])
def test_retain_handling(broker, version, handling, first, second):
    topic = unique("handling")
    with broker.connected() as client:
        client.publish(topic, b"x", 1, retain=True)
        for wanted in (first, second):
            client.subscribe((topic, handling))
            for _ in range(wanted):
                client.take("x", retain=True)
            client.expect_silence()


@rule("[MQTT-3.3.4-3] a message carries the identifiers of all subscriptions that match", NEW)
def test_subscription_identifiers(broker, version):
    root = unique("ids")
    with broker.connected() as client, broker.connected() as sender:
        for name, number in [("#", 1), ("+", 268435455), ("a", 128), ("b", 9)]:
            client.subscribe(f"{root}/{name}", props={"subscription_id": number})
        client.subscribe(f"{root}/a/#")
        sender.publish(f"{root}/a", b"x", 1)
        ids = []
        while len(ids) < 3:  # One copy with all, or one copy for each.
            ids += client.take("x").props["subscription_id"]
        assert sorted(ids) == [1, 128, 268435455]


@rule("[MQTT-3.8.4-3] the identifier is replaced with its subscription, and kept in the session",
      NEW)
def test_identifier_replaced(broker, version):
    topic, name, keep = unique("id"), unique("id"), {"session_expiry": 60}
    with (broker.connected(client_id=name, clean=False, props=keep) as client,
          broker.connected() as sender):
        for number in (5, 6):
            client.subscribe((topic, 1), props={"subscription_id": number})
        client.disconnect()
        sender.publish(topic, b"queued", 1)
        with broker.connected(client_id=name, clean=False, props=keep) as again:
            assert again.take("queued").props["subscription_id"] == [6]
            again.subscribe((topic, 1))
            sender.publish(topic, b"bare", 1)
            assert "subscription_id" not in again.take("bare").props


@rule("retained messages carry the identifier of the SUBSCRIBE that asked for them", NEW)
def test_identifier_of_retained(broker, version):
    topic = unique("rid")
    with broker.connected() as client:
        client.publish(topic, b"x", 1, retain=True)
        client.subscribe(topic, props={"subscription_id": 77})
        assert client.take("x").props["subscription_id"] == [77]


# --- shared subscriptions


def receiver_of(clients):
    """Takes one message from whichever client has it."""
    ready = select.select([client.socket for client in clients], [], [], TIMEOUT_S)[0]
    assert len(ready) == 1, f"{len(ready)} clients have something to read"
    chosen = next(client for client in clients if client.socket is ready[0])
    chosen.take()
    return chosen


@rule("each message goes to one member of the group, in turn")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_shared(broker, version, qos):
    topic = unique("shared")
    members = [broker.connected(version) for _ in range(3)]
    with broker.connected(version) as sender, broker.connected(version) as outsider:
        for member in members:
            member.subscribe((f"$share/group/{topic}", 2))
        outsider.subscribe((topic, 0))
        turns = []
        for n in range(9):
            sender.publish(topic, str(n), qos, n + 1)
            turns.append(members.index(receiver_of(members)))
            outsider.take(str(n))
        assert turns == turns[:3] * 3 and sorted(turns[:3]) == [0, 1, 2]
        for member in members:
            member.expect_silence()
            member.drop()


@rule("groups of different names each get every message")
def test_two_groups(broker, version):
    topic = unique("groups")
    with (broker.connected(version) as one, broker.connected(version) as two,
          broker.connected(version) as sender):
        one.subscribe(f"$share/first/{topic}/#")
        two.subscribe(f"$share/second/{topic}/+")
        sender.publish(f"{topic}/x", b"x", 1)
        one.take("x")
        two.take("x")


@rule("a message that a leaving member did not acknowledge goes to another")
def test_shared_redelivery(broker, version):
    topic = unique("handover")
    with broker.connected(version) as sender, broker.connected(version) as stays:
        leaves = broker.connected(version)
        leaves.subscribe((f"$share/g/{topic}", 1))
        sender.publish(topic, b"x", 1)
        leaves.expect(wire.PUBLISH, payload=b"x")
        stays.subscribe((f"$share/g/{topic}", 1))
        leaves.drop()
        stays.take("x")


@rule("a group whose members are all away queues for one of them", NEW)
def test_shared_offline(broker, version):
    topic, name, keep = unique("away"), unique("away"), {"session_expiry": 60}
    with (broker.connected(client_id=name, clean=False, props=keep) as member,
          broker.connected() as sender):
        member.subscribe((f"$share/g/{topic}", 1))
        member.disconnect()
        sender.publish(topic, b"x", 1)
        with broker.connected(client_id=name, clean=False, props=keep) as again:
            again.take("x")


@rule("a shared subscription is sent no retained messages")
def test_shared_retained(broker, version):
    topic = unique("noretained")
    with broker.connected(version) as client:
        client.publish(topic, b"x", 1, retain=True)
        client.subscribe((f"$share/g/{topic}", 1))
        client.expect_silence()


@rule("UNSUBSCRIBE leaves the group")
def test_shared_unsubscribe(broker, version):
    topic = unique("quit")
    with broker.connected(version) as one, broker.connected(version) as two:
        for client in (one, two):
            client.subscribe((f"$share/g/{topic}", 1))
        one.unsubscribe(f"$share/g/{topic}")
        for n in range(3):
            one.publish(topic, str(n), 1)
            two.take(str(n))
        one.expect_silence()
